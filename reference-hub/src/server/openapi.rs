//! The OpenAPI 3.0 document of what the hub serves, made from the routes that the interfaces document.
//!
//! Called once at start; served at `/openapi.json`. Pure.

use crate::domain::Interface;
use crate::limits::{HEADER_BYTES_MAX, HEADERS_MAX};
use crate::operation::{
    AnswerDoc, Credentials, Parameter, Place, RequestBody, Route, Schema, operation, routes,
};
use serde_json::{Map, Value, json};

/// Statuses that the listener itself may answer any request with, and when.
const OF_LISTENER: &[(u16, &str)] = &[
    (400, "The request target, header or body is malformed"),
    (408, "The body took too long"),
    (413, "The body is too large"),
    (429, "Too many requests of this client; Retry-After says when to come back"),
    (500, "A fault of the hub"),
    (503, "The hub is busy or stopping; Retry-After says when to come back"),
];

/// The document.
pub fn document(interfaces: &[&'static Interface]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in routes(interfaces) {
        let at = paths.entry(route.path).or_insert_with(|| json!({}));
        at[route.method.to_ascii_lowercase()] = described(route);
    }
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

fn described(route: &Route) -> Value {
    let parameters: Vec<Value> =
        route.parameters.iter().flat_map(|list| list.iter()).map(parameter).collect();
    let mut answers: Map<String, Value> = Map::new();
    for doc in route.answers {
        // One status may be documented several times, for several causes.
        let about = match answers.get(&doc.status.to_string()) {
            Some(known) => format!("{}; {}", known["description"].as_str().unwrap_or(""), doc.about),
            None => doc.about.to_owned(),
        };
        let mut content = answers.get(&doc.status.to_string()).map_or(json!({}), |a| a["content"].clone());
        for media in doc.media {
            content[*media] = json!({"schema": schema_of(doc)});
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
    for answer in answers.values_mut() {
        if answer["content"].as_object().is_some_and(Map::is_empty) {
            answer.as_object_mut().map(|a| a.remove("content"));
        }
    }
    let mut out = json!({
        "operationId": route.id,
        "summary": route.about,
        "tags": [route.path.split('/').nth(1).unwrap_or("")],
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

    #[test]
    fn the_document_has_every_route_once() {
        let document = document(INTERFACES);
        let paths = document["paths"].as_object().unwrap();
        let described: usize = paths.values().map(|methods| methods.as_object().unwrap().len()).sum();
        assert_eq!(described, routes(INTERFACES).count());
        for methods in paths.values() {
            for operation in methods.as_object().unwrap().values() {
                assert!(operation["responses"].get("500").is_some());
            }
        }
    }
}
