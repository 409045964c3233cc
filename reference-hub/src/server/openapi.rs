//! The OpenAPI 3.0.3 document of what the hub serves, made from the routes that the interfaces document and from the hub's
//! own addresses ([`super::own_routes`]).
//!
//! Called once at start; served at `/openapi.json`. Pure.

use crate::domain::Interface;
use crate::limits::{HEADER_BYTES_MAX, HEADERS_MAX};
use crate::operation::{
    AnswerDoc, Credentials, Parameter, Place, RequestBody, Route, Schema, operation, routes,
};
use crate::server::own_routes;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Statuses that the listener itself may answer any request with, and when.
const OF_LISTENER: &[(u16, &str)] = &[
    (400, "The request target, header or body is malformed"),
    (408, "The body took too long"),
    (413, "The body is too large"),
    (429, "Too many requests of this client; Retry-After says when to come back"),
    (500, "A fault of the hub"),
    (503, "The hub is busy or stopping; Retry-After says when to come back"),
];

/// What the first segment of a path stands for.
const TAGS: &[(&str, &str)] = &[
    ("personal-demographics", "Personal Demographics Service, FHIR R4"),
    ("fhir-prescribing", "Electronic Prescription Service, FHIR R4: prescribing"),
    ("fhir-dispensing", "Electronic Prescription Service, FHIR R4: dispensing"),
    ("prescription-tracker", "Electronic Prescription Service: tracker"),
    ("summary-care-record", "Summary Care Record, FHIR R4"),
    ("spine-directory", "Spine Directory Service, FHIR R4"),
    ("messageexchange", "MESH, versions 1 and 2"),
    ("admin", "MESH: what its sandbox adds"),
    ("oauth2", "Tokens of applications and of users"),
    ("reliablemessaging", "Forward-reliable messages, GP2GP among them"),
    ("referrals", "e-Referral Service"),
    ("ssp", "Spine Secure Proxy"),
    ("STU3", "National Events Management Service"),
    ("dbs", "Demographics Batch Service"),
];

/// The tag of the hub's own addresses.
const OWN: &str = "hub";

/// Header parameters that OpenAPI has other places for, and tells readers to ignore.
const NOT_PARAMETERS: &[&str] = &["accept", "content-type", "authorization"];

/// Which of the hub's own addresses are open besides those that always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Own {
    /// The sandbox's clock, and what `admin` opens.
    pub sandbox: bool,
    /// Backup and injection.
    pub admin: bool,
}

/// The document.
pub fn document(interfaces: &[&'static Interface], own: Own) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    let own_lists = [
        (true, own_routes::ALWAYS),
        (own.sandbox, own_routes::SANDBOX),
        (own.sandbox || own.admin, own_routes::ADMIN),
    ];
    let own = own_lists.into_iter().filter(|(open, _)| *open).flat_map(|(_, list)| list);
    let all = routes(interfaces).map(|r| (r, tag(r))).chain(own.map(|r| (r, OWN)));
    let mut tags = BTreeMap::new();
    for (route, tag) in all {
        let at = paths.entry(route.path).or_insert_with(|| json!({}));
        at[route.method.to_ascii_lowercase()] = described(route, tag);
        let about = TAGS.iter().find(|(name, _)| *name == tag).map_or("", |(_, about)| about);
        tags.insert(tag, if tag == OWN { "The hub itself, for operators and supervisors" } else { about });
    }
    let tags: Vec<Value> = tags
        .into_iter()
        .map(|(name, about)| match about {
            "" => json!({"name": name}),
            about => json!({"name": name, "description": about}),
        })
        .collect();
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Spinebench reference hub",
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!(
                "Synthetic data only. Requests of more than {HEADERS_MAX} headers or {HEADER_BYTES_MAX} bytes of header \
                 are refused with 431 before they are routed."
            ),
        },
        "servers": [{"url": "/"}],
        "tags": tags,
        "paths": paths,
        "components": {"securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer"},
            "apikey": {"type": "apiKey", "in": "header", "name": "apikey"},
            "mesh": {
                "type": "apiKey", "in": "header", "name": "Authorization",
                "description": "NHSMESH mailbox:nonce:nonce_count:yyyyMMddHHmm:HMAC-SHA256, each used once",
            },
        }},
    })
}

fn tag(route: &Route) -> &'static str {
    route.path.split('/').nth(1).unwrap_or("")
}

fn described(route: &Route, tag: &str) -> Value {
    let ignored = |p: &&Parameter| {
        p.place == Place::Header && NOT_PARAMETERS.iter().any(|name| p.name.eq_ignore_ascii_case(name))
    };
    let parameters = route.parameters.iter().flat_map(|list| list.iter()).filter(|p| !ignored(p));
    let parameters: Vec<Value> = parameters.map(parameter).collect();
    let mut answers: Map<String, Value> = Map::new();
    for doc in route.answers {
        // One status may be documented several times, for several causes.
        let about = match answers.get(&doc.status.to_string()) {
            Some(known) => format!("{}; {}", known["description"].as_str().unwrap_or(""), doc.about),
            None => doc.about.to_owned(),
        };
        let mut content = answers.get(&doc.status.to_string()).map_or(json!({}), |a| a["content"].clone());
        for media in doc.media {
            let schema = match content.get(media) {
                Some(known) => merged(&known["schema"], schema_of(doc)),
                None => schema_of(doc),
            };
            content[*media] = json!({"schema": schema});
        }
        answers.insert(doc.status.to_string(), json!({"description": about, "content": content}));
    }
    for (status, about) in OF_LISTENER {
        let known =
            answers.entry(status.to_string()).or_insert_with(|| json!({"description": about, "content": {}}));
        // Refusals made before an interface is asked are FHIR outcomes or plain text.
        for media in ["application/fhir+json", "text/plain"] {
            if known["content"].get(media).is_none() {
                known["content"][media] = json!({"schema": {}});
            }
        }
    }
    for (status, answer) in &mut answers {
        if matches!(status.as_str(), "429" | "503") {
            let about = "Seconds after which to try again";
            answer["headers"] = json!({"Retry-After": {"description": about, "schema": {"type": "integer"}}});
        }
        if answer["content"].as_object().is_some_and(Map::is_empty) {
            answer.as_object_mut().map(|a| a.remove("content"));
        }
    }
    let mut out = json!({
        "operationId": route.id,
        "summary": route.about,
        "tags": [tag],
        "parameters": parameters,
        "responses": answers,
        "security": security(route.credentials),
        "x-operations": route.operations,
    });
    if let Some(body) = &route.body {
        out["requestBody"] = request_body(body);
        let most = route.operations.iter().filter_map(|n| operation(n)).map(|o| o.body_bytes_max).max();
        out["requestBody"]["description"] = format!("At most {} bytes", most.unwrap_or(0)).into();
    }
    out
}

/// What an answer of either schema has.
fn merged(one: &Value, other: Value) -> Value {
    let any = json!({});
    if *one == any || other == any {
        return any;
    }
    let mut of: Vec<Value> = one["anyOf"].as_array().cloned().unwrap_or_else(|| vec![one.clone()]);
    if !of.contains(&other) {
        of.push(other);
    }
    if of.len() == 1 { of.swap_remove(0) } else { json!({"anyOf": of}) }
}

fn schema_of(doc: &AnswerDoc) -> Value {
    if doc.resource.is_empty() {
        return json!({});
    }
    json!({
        "type": "object",
        "required": ["resourceType"],
        "properties": {"resourceType": {"type": "string", "enum": [doc.resource]}},
    })
}

fn request_body(body: &RequestBody) -> Value {
    let schema: Value = serde_json::from_str(body.schema).unwrap_or_default(); // a test reads them all
    let content: Map<String, Value> =
        body.media.iter().map(|m| ((*m).to_owned(), json!({"schema": schema.clone()}))).collect();
    json!({"required": body.required, "content": content})
}

fn security(credentials: Credentials) -> Value {
    match credentials {
        Credentials::Open => json!([]),
        Credentials::Bearer => json!([{"bearer": []}]),
        Credentials::ApiKey => json!([{"apikey": []}]),
        Credentials::Mesh => json!([{"mesh": []}]),
    }
}

fn parameter(parameter: &Parameter) -> Value {
    let place = match parameter.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    };
    let mut out = json!({
        "name": parameter.name,
        "in": place,
        "required": parameter.required || parameter.place == Place::Path,
        "description": parameter.about,
        "schema": schema(&parameter.schema),
    });
    if !parameter.example.is_empty() {
        out["example"] = match parameter.schema {
            Schema::Whole(..) => parameter.example.parse::<i64>().map_or(Value::Null, Value::from),
            Schema::Flag => (parameter.example == "true").into(),
            Schema::Many(_) => json!([parameter.example]),
            Schema::Text | Schema::Pattern(_) | Schema::OneOf(_) | Schema::Uuid => parameter.example.into(),
        };
    }
    out
}

fn schema(of: &Schema) -> Value {
    match of {
        Schema::Text => json!({"type": "string"}),
        Schema::Pattern(pattern) => json!({"type": "string", "pattern": pattern}),
        Schema::OneOf(values) => json!({"type": "string", "enum": values}),
        Schema::Whole(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Schema::Flag => json!({"type": "boolean"}),
        Schema::Uuid => json!({"type": "string", "format": "uuid"}),
        Schema::Many(one) => json!({"type": "array", "items": schema(one)}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interfaces::INTERFACES;
    use std::collections::BTreeSet;

    #[test]
    fn the_document_has_every_route_once() {
        for (own, more) in [
            (Own::default(), own_routes::ALWAYS.len()),
            (Own { admin: true, sandbox: false }, own_routes::ALWAYS.len() + own_routes::ADMIN.len()),
        ] {
            let document = document(INTERFACES, own);
            let paths = document["paths"].as_object().unwrap();
            let described: usize = paths.values().map(|methods| methods.as_object().unwrap().len()).sum();
            assert_eq!(described, routes(INTERFACES).count() + more);
            for methods in paths.values() {
                for operation in methods.as_object().unwrap().values() {
                    assert!(operation["responses"].get("500").is_some());
                }
            }
        }
    }

    #[test]
    fn no_two_templates_mean_the_same_path_and_every_tag_is_told() {
        let document = document(INTERFACES, Own { sandbox: true, admin: true });
        let mut seen = BTreeSet::new();
        for path in document["paths"].as_object().unwrap().keys() {
            let bare: Vec<&str> = path.split('/').map(|s| if s.contains('{') { "{}" } else { s }).collect();
            assert!(seen.insert(bare.join("/")), "{path} means what another template means");
        }
        let told: Vec<&str> =
            document["tags"].as_array().unwrap().iter().filter_map(|t| t["name"].as_str()).collect();
        for path in document["paths"].as_object().unwrap().values() {
            for operation in path.as_object().unwrap().values() {
                assert!(told.contains(&operation["tags"][0].as_str().unwrap()), "{operation}");
            }
        }
    }

    #[test]
    fn one_status_for_several_causes_has_all_their_schemas() {
        let patient = json!({"enum": ["Patient"]});
        let bundle = json!({"enum": ["Bundle"]});
        assert_eq!(merged(&patient, patient.clone()), patient);
        let both = merged(&patient, bundle.clone());
        assert_eq!(both, json!({"anyOf": [patient, bundle]}));
        assert_eq!(merged(&both, bundle.clone()), both);
        assert_eq!(merged(&both, json!({})), json!({}));
    }
}
