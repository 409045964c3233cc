//! The hub's own addresses as documented routes, for the OpenAPI document.
//!
//! Read by [`super::openapi`]; what answers there is in [`super::status`] and [`super::admin`]. No interface has these.

use crate::operation::{AnswerDoc, Credentials, Parameter, Place, RequestBody, Route, Schema};
use crate::server::status::ADVANCE_MS_MAX;

const JSON: &[&str] = &["application/json"];
const TEXT: &[&str] = &["text/plain"];

const fn answer(status: u16, media: &'static [&'static str], about: &'static str) -> AnswerDoc {
    AnswerDoc { status, media, resource: "", about }
}

const fn get(
    id: &'static str,
    path: &'static str,
    about: &'static str,
    answers: &'static [AnswerDoc],
) -> Route {
    Route {
        id,
        method: "GET",
        path,
        operations: &[],
        about,
        credentials: Credentials::Open,
        parameters: &[],
        body: None,
        answers,
    }
}

const FOREIGN: AnswerDoc = answer(403, TEXT, "Asked from another machine");

/// Open on every hub.
pub const ALWAYS: &[Route] = &[
    get("hub-status", "/_status", "Counts and state, for a harness", &[answer(200, JSON, "The state")]),
    get(
        "hub-health",
        "/health",
        "Whether the hub serves",
        &[answer(200, JSON, "It serves"), answer(503, JSON, "It is stopping")],
    ),
    get("hub-live", "/health/live", "Whether the process lives", &[answer(200, JSON, "It lives")]),
    get(
        "hub-ready",
        "/health/ready",
        "Whether to send requests here",
        &[
            answer(200, JSON, "Send them"),
            answer(503, JSON, "Do not: it is stopping, or a queue is full; `because` says which"),
        ],
    ),
    get(
        "hub-metrics",
        "/metrics",
        "Measures in the Prometheus text format",
        &[answer(200, TEXT, "The measures")],
    ),
    get("hub-openapi", "/openapi.json", "This document", &[answer(200, JSON, "The document")]),
];

/// Open in the sandbox.
pub const SANDBOX: &[Route] = &[Route {
    method: "POST",
    parameters: &[&[Parameter {
        place: Place::Query,
        name: "advance_ms",
        required: true,
        schema: Schema::Whole(0, ADVANCE_MS_MAX as i64),
        example: "1000",
        about: "Milliseconds by which the hub's clock is moved ahead",
    }]],
    ..get(
        "hub-clock",
        "/_admin/clock",
        "Move the hub's clock, so that what takes days can be tested now",
        &[
            answer(200, JSON, "The clock as it is now"),
            answer(400, TEXT, "advance_ms is missing or out of bounds"),
        ],
    )
}];

/// Open to callers on the same machine, when asked for.
pub const ADMIN: &[Route] = &[
    Route {
        method: "POST",
        parameters: &[&[Parameter {
            place: Place::Query,
            name: "name",
            required: false,
            schema: Schema::Pattern("^[A-Za-z0-9_-]{1,64}$"),
            example: "before-upgrade",
            about: "Name of the backup; the time when left out",
        }]],
        ..get(
            "hub-backup",
            "/_admin/backup",
            "Write a backup into the data folder while the hub serves",
            &[
                answer(201, JSON, "The backup is whole"),
                answer(400, TEXT, "The name cannot be a folder's"),
                FOREIGN,
                answer(409, TEXT, "There is one of that name, or another is being made"),
                answer(500, TEXT, "The backup could not be written"),
                answer(503, TEXT, "The hub is stopping"),
            ],
        )
    },
    get(
        "hub-injected",
        "/_admin/inject",
        "The faults that are injected",
        &[answer(200, TEXT, "The rules in force"), FOREIGN],
    ),
    Route {
        method: "PUT",
        body: Some(RequestBody { required: false, media: TEXT, schema: r#"{"type": "string"}"# }),
        ..get(
            "hub-inject",
            "/_admin/inject",
            "Inject other faults; an empty body ends all injection",
            &[
                answer(204, &[], "The rules are in force"),
                answer(400, TEXT, "The rules are wrong; the old ones stand"),
                FOREIGN,
            ],
        )
    },
];
