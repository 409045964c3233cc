//! What an operation is: the stable name it counts, logs and audits under, its limits, and the published route it is
//! reached by. Each interface lists its own in its `operations.rs`; the OpenAPI document is made from the same rows, so
//! that what the hub says of itself and what it does cannot drift apart unseen.

use crate::domain::Interface;
use crate::interfaces::INTERFACES;
use std::sync::LazyLock;

/// An operation's row.
#[derive(Debug)]
pub struct Operation {
    /// The stable name, e.g. `pds-retrieve`.
    pub name: &'static str,
    /// True when a successful call changes state.
    pub writes: bool,
    /// Largest request body accepted, in bytes; larger ones get 413 before they are read.
    pub body_bytes_max: u64,
    /// True when a body over `limits::INLINE_BYTES_MAX` goes to a blob file instead of memory.
    pub streams: bool,
}

/// 1,024 bytes.
pub const KIB: u64 = 1024;
/// 1,024 KiB.
pub const MIB: u64 = 1024 * KIB;

impl Operation {
    /// An operation that reads, with a body of 64 KiB at most.
    pub const fn read(name: &'static str) -> Operation {
        Operation { name, writes: false, body_bytes_max: 64 * KIB, streams: false }
    }

    /// An operation that writes.
    pub const fn write(name: &'static str, body_bytes_max: u64) -> Operation {
        Operation { name, writes: true, body_bytes_max, streams: false }
    }

    /// An operation that writes, whose large bodies go to a blob file.
    pub const fn stream(name: &'static str, body_bytes_max: u64) -> Operation {
        Operation { name, writes: true, body_bytes_max, streams: true }
    }
}

/// A published method and path: an OpenAPI operation. One route may lead to several [`Operation`]s, told apart by the
/// body (EPS messages), and several routes to one (MESH tracking).
#[derive(Debug)]
pub struct Route {
    /// OpenAPI `operationId`; unique in the hub.
    pub id: &'static str,
    /// Upper-case method.
    pub method: &'static str,
    /// Path template with `{name}` for each path parameter, e.g. `/personal-demographics/FHIR/R4/Patient/{nhs_number}`.
    pub path: &'static str,
    /// The operations it may be counted as; never empty.
    pub operations: &'static [&'static str],
    /// One sentence for a person.
    pub about: &'static str,
    /// What a caller must show.
    pub credentials: Credentials,
    /// Parameters in path, query and headers, in lists so that shared ones are written once. Those of the credentials
    /// are not repeated here.
    pub parameters: &'static [&'static [Parameter]],
    /// The request body, if one is taken.
    pub body: Option<RequestBody>,
    /// Every status the interface answers with. Those of the listener (408, 413, 429, 431, 500, 503) are added to all.
    pub answers: &'static [AnswerDoc],
}

/// What a caller must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// Nothing.
    Open,
    /// `Authorization: Bearer TOKEN`.
    Bearer,
    /// An `apikey` header.
    ApiKey,
    /// `Authorization: NHSMESH …`.
    Mesh,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the path template.
    Path,
    /// In the query.
    Query,
    /// A header.
    Header,
}

/// A parameter.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Where it stands.
    pub place: Place,
    /// Its published name.
    pub name: &'static str,
    /// True when a request without it is refused.
    pub required: bool,
    /// What values are allowed.
    pub schema: Schema,
    /// A value that works.
    pub example: &'static str,
    /// One sentence for a person.
    pub about: &'static str,
}

/// Allowed values of a parameter.
#[derive(Debug, Clone, Copy)]
pub enum Schema {
    /// Any text.
    Text,
    /// A text that matches this regular expression (ECMA 262, as OpenAPI wants it).
    Pattern(&'static str),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// A whole number between these.
    Whole(i64, i64),
    /// `true` or `false`.
    Flag,
    /// A UUID.
    Uuid,
    /// The same, once or several times.
    Many(&'static Schema),
}

/// A request body.
#[derive(Debug, Clone, Copy)]
pub struct RequestBody {
    /// True when a request without it is refused.
    pub required: bool,
    /// Media types taken.
    pub media: &'static [&'static str],
    /// JSON Schema of it as JSON text; `{}` allows anything. Checked to be JSON by a test.
    pub schema: &'static str,
}

/// An answer with one status.
#[derive(Debug, Clone, Copy)]
pub struct AnswerDoc {
    /// HTTP status.
    pub status: u16,
    /// Media types it may have; empty when it has no body.
    pub media: &'static [&'static str],
    /// FHIR `resourceType` of a JSON body; empty when it is none or may differ.
    pub resource: &'static str,
    /// One sentence for a person: when this is answered, with the published error codes.
    pub about: &'static str,
}

/// Every operation of every published interface, in the order of [`INTERFACES`].
pub static OPERATIONS: LazyLock<Vec<&'static Operation>> =
    LazyLock::new(|| INTERFACES.iter().flat_map(|i| i.operations).collect());

/// The row of that name.
pub fn operation(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|o| o.name == name).copied()
}

/// Every route of these interfaces.
pub fn routes(interfaces: &[&'static Interface]) -> impl Iterator<Item = &'static Route> {
    interfaces.iter().flat_map(|i| i.routes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Body, Request};
    use crate::server::target;
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = OPERATIONS.iter().map(|o| o.name).collect();
        assert_eq!(names.len(), OPERATIONS.len());
    }

    #[test]
    fn every_operation_is_reached_by_a_documented_route_and_every_route_leads_to_its_operations() {
        let mut reached = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for interface in INTERFACES {
            for route in interface.routes {
                assert!(ids.insert(route.id), "{} stands twice", route.id);
                assert!(!route.operations.is_empty(), "{}", route.id);
                let path = route.path.replace(['{', '}'], "");
                let request = Request {
                    method: route.method.parse().unwrap(),
                    segments: target::segments(&path).unwrap(),
                    query: Vec::new(),
                    headers: hyper::HeaderMap::new(),
                    body: Body::EMPTY,
                };
                let named =
                    (interface.route)(&request).unwrap_or_else(|_| panic!("{} is not routed", route.id));
                assert!(route.operations.contains(&named), "{} leads to {named}", route.id);
                for name in route.operations {
                    assert!(interface.operations.iter().any(|o| o.name == *name), "{}: no {name}", route.id);
                    reached.insert(*name);
                }
            }
        }
        let unreached: Vec<&str> =
            OPERATIONS.iter().map(|o| o.name).filter(|n| !reached.contains(n)).collect();
        assert!(unreached.is_empty(), "operations without a documented route: {unreached:?}");
    }

    #[test]
    fn every_path_parameter_of_a_template_is_documented() {
        for route in routes(INTERFACES) {
            let named: BTreeSet<&str> =
                route.path.split('{').skip(1).filter_map(|p| p.split('}').next()).collect();
            let all = route.parameters.iter().flat_map(|list| list.iter());
            let documented: BTreeSet<&str> = all.filter(|p| p.place == Place::Path).map(|p| p.name).collect();
            assert_eq!(named, documented, "{}", route.id);
            if let Some(body) = route.body {
                serde_json::from_str::<serde_json::Value>(body.schema).expect(route.id);
            }
        }
    }
}
