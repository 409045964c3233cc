//! The operations of this interface and the published routes to them. Read by the listener and by the OpenAPI document.

use crate::operation::{
    AnswerDoc, Credentials, KIB, Operation, Parameter, Place, RequestBody, Route, Schema,
};

/// All operations of this interface. A form with a signed JWT is some 2 KiB.
pub const OPERATIONS: &[Operation] = &[
    Operation::read("cis-login-page"),
    Operation::write("cis-login", 16 * KIB),
    Operation::write("cis-token", 64 * KIB),
];

const FORM: &[&str] = &["application/x-www-form-urlencoded"];
const JSON: &[&str] = &["application/json"];

const fn query(name: &'static str, schema: Schema, example: &'static str, about: &'static str) -> Parameter {
    Parameter { place: Place::Query, name, required: true, schema, example, about }
}

const ASKED: &[Parameter] = &[
    query("response_type", Schema::OneOf(&["code"]), "code", "What the client wants"),
    query("client_id", Schema::Text, "spinebench-test-client", "A registered client"),
    query(
        "redirect_uri",
        Schema::Text,
        "https://spinebench.invalid/callback",
        "One of the client's addresses",
    ),
    query("state", Schema::Text, "a1", "What the client wants back"),
];

/// All routes of this interface.
pub const ROUTES: &[Route] = &[
    Route {
        id: "oauth2-authorize-page",
        method: "GET",
        path: "/oauth2/authorize",
        operations: &["cis-login-page"],
        about: "The page on which a user logs in with a simulated smartcard",
        credentials: Credentials::Open,
        parameters: &[ASKED],
        body: None,
        answers: &[
            AnswerDoc { status: 200, media: &["text/html"], resource: "", about: "The page" },
            AnswerDoc {
                status: 302,
                media: &[],
                resource: "",
                about: "Back to the client's redirect_uri with error (invalid_request, unsupported_response_type), \
                        error_description and state",
            },
            AnswerDoc {
                status: 400,
                media: JSON,
                resource: "",
                about: "invalid_request: a field is repeated, state is too long, or redirect_uri is missing or not the \
                        client's",
            },
            AnswerDoc {
                status: 401,
                media: JSON,
                resource: "",
                about: "invalid_request: client_id is missing or unknown",
            },
            AnswerDoc { status: 405, media: JSON, resource: "", about: "invalid_request: use GET or POST" },
            AnswerDoc { status: 500, media: JSON, resource: "", about: "server_error: a fault of the hub" },
        ],
    },
    Route {
        id: "oauth2-authorize",
        method: "POST",
        path: "/oauth2/authorize",
        operations: &["cis-login"],
        about: "Log in: a simulated smartcard, which gives the client a code for an access token",
        credentials: Credentials::Open,
        parameters: &[],
        body: Some(RequestBody { required: true, media: FORM, schema: LOGIN }),
        answers: &[
            AnswerDoc {
                status: 302,
                media: &[],
                resource: "",
                about: "Back to the client's redirect_uri with code and state, or with error (invalid_request, \
                        unsupported_response_type, access_denied), error_description and state",
            },
            AnswerDoc {
                status: 400,
                media: JSON,
                resource: "",
                about: "invalid_request: a field is repeated, state is too long, or redirect_uri is missing or not the \
                        client's",
            },
            AnswerDoc {
                status: 401,
                media: JSON,
                resource: "",
                about: "invalid_request: client_id is missing or unknown",
            },
            AnswerDoc { status: 405, media: JSON, resource: "", about: "invalid_request: use POST" },
            AnswerDoc {
                status: 415,
                media: JSON,
                resource: "",
                about: "invalid_request: the body is no form",
            },
            AnswerDoc { status: 500, media: JSON, resource: "", about: "server_error: a fault of the hub" },
        ],
    },
    Route {
        id: "oauth2-token",
        method: "POST",
        path: "/oauth2/token",
        operations: &["cis-token"],
        about: "An access token for an application's signed JWT, a login's code, or a refresh token",
        credentials: Credentials::Open,
        parameters: &[],
        body: Some(RequestBody { required: true, media: FORM, schema: GRANT }),
        answers: &[
            AnswerDoc { status: 200, media: JSON, resource: "", about: "The access token, for ten minutes" },
            AnswerDoc {
                status: 400,
                media: JSON,
                resource: "",
                about: "invalid_request, unsupported_grant_type or invalid_grant; error_description says what",
            },
            AnswerDoc {
                status: 401,
                media: JSON,
                resource: "",
                about: "invalid_request, invalid_client, invalid_grant or public_key error: the client, its secret, \
                        its key or its signature is not known",
            },
            AnswerDoc {
                status: 403,
                media: JSON,
                resource: "",
                about: "public_key error: the client has registered no public key",
            },
            AnswerDoc { status: 405, media: JSON, resource: "", about: "invalid_request: use POST" },
            AnswerDoc {
                status: 415,
                media: JSON,
                resource: "",
                about: "invalid_request: the body is no form",
            },
            AnswerDoc { status: 500, media: JSON, resource: "", about: "server_error: a fault of the hub" },
        ],
    },
];

const LOGIN: &str = r#"{
    "type": "object",
    "required": ["response_type", "client_id", "redirect_uri", "state", "username"],
    "properties": {
        "response_type": {"type": "string", "enum": ["code"]},
        "client_id": {"type": "string", "example": "spinebench-test-client"},
        "redirect_uri": {"type": "string", "example": "https://spinebench.invalid/callback"},
        "state": {"type": "string", "minLength": 1, "example": "a1"},
        "username": {"type": "string", "pattern": "^[0-9]{12}$", "example": "555000000001"}
    }
}"#;

const GRANT: &str = r#"{
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["client_credentials", "authorization_code", "refresh_token"]},
        "client_assertion_type": {"type": "string", "enum": ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]},
        "client_assertion": {"type": "string"},
        "client_id": {"type": "string"},
        "client_secret": {"type": "string"},
        "redirect_uri": {"type": "string"},
        "code": {"type": "string"},
        "refresh_token": {"type": "string"}
    }
}"#;
