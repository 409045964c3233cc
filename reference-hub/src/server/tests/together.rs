//! One request sent many times at once, as clients do that retry before they were answered: whatever an interface
//! remembers of its answers, all copies get one and the same.
//!
//! A real hub with its real interfaces; each copy goes over a connection of its own.

use super::kit::{Client, Reply, Running, config, start_with};
use crate::HubConfig;
use crate::eps::{Order, write_order};
use crate::interfaces::INTERFACES;
use crate::limits::Limits;
use population::{OrgKind, Population, Sizes, prescription_short_id};
use serde_json::{Value, json};
use std::sync::Barrier;

/// Copies of one request. Eight: more than a client with a retry or two sends, so that several meet in one commit.
const COPIES: usize = 8;

/// Requests of each kind. Fifty: what was seen to go wrong did so in one of ten.
const ROUNDS: u32 = 50;

fn people() -> Population {
    Population::new(42, Sizes { patients: 50, organisations: 20, endpoints: 20 }).unwrap()
}

/// A request as text.
struct Sent {
    line: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Sent {
    fn new(method: &str, path: &str, media: &str, request_id: &str, body: impl ToString) -> Sent {
        let headers = vec![
            ("content-type", media.to_owned()),
            ("x-request-id", request_id.to_owned()),
            ("authorization", "Bearer anyone".to_owned()),
        ];
        Sent { line: format!("{method} {path}"), headers, body: body.to_string() }
    }

    fn with(mut self, name: &'static str, value: impl ToString) -> Sent {
        self.headers.retain(|(n, _)| *n != name);
        self.headers.push((name, value.to_string()));
        self
    }
}

/// A hub and as many connections as there are copies.
struct Together {
    hub: Running,
    clients: Vec<Client>,
    folder: tempfile::TempDir,
}

impl Together {
    fn new() -> Together {
        let folder = tempfile::tempdir().unwrap();
        let config = HubConfig {
            sandbox: true,
            population: Some(people()),
            io_threads: Some(4), // more threads than cores change places at every point
            ..config(folder.path(), "memory")
        };
        let hub = start_with(config, Limits::default(), INTERFACES);
        let clients = (0..COPIES).map(|_| hub.client()).collect();
        Together { hub, clients, folder }
    }

    /// Sends all copies at once and gives the one answer that all got, which must have `status`.
    fn send(&mut self, status: u16, sent: &Sent) -> Reply {
        let barrier = Barrier::new(COPIES);
        let ask = |client: &mut Client| {
            let headers: Vec<(&str, &str)> = sent.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
            barrier.wait();
            client.ask_with(&sent.line, &headers, sent.body.as_bytes())
        };
        let mut replies: Vec<Reply> = std::thread::scope(|scope| {
            let running: Vec<_> = self.clients.iter_mut().map(|c| scope.spawn(|| ask(c))).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let first = replies.remove(0);
        assert_eq!(first.status, status, "{}: {}", sent.line, first.text());
        for (i, reply) in replies.iter().enumerate() {
            let same = (reply.status, &reply.body) == (first.status, &first.body);
            let (one, other) = (first.text(), reply.text());
            assert!(
                same,
                "{}: copy {} differs:\n{} {one}\n{} {other}",
                sent.line,
                i + 1,
                status,
                reply.status
            );
        }
        first
    }

    fn end(self) {
        drop(self.clients);
        self.hub.stop();
        drop(self.folder);
    }
}

/// An id of a round; the kind keeps rounds of different tests apart.
fn uuid(kind: u32, round: u32) -> String {
    format!("{kind:08x}-0000-4000-8000-{round:012x}")
}

#[test]
fn copies_of_an_update_get_one_answer_and_one_new_version() {
    let mut all = Together::new();
    for round in 0..ROUNDS {
        let gender = if round % 2 == 0 { "male" } else { "female" };
        let body = json!({"patches": [{"op": "replace", "path": "/gender", "value": gender}]});
        let path = "/personal-demographics/FHIR/R4/Patient/9000000009";
        let sent = Sent::new("PATCH", path, "application/json-patch+json", &uuid(1, round), body)
            .with("if-match", format!("W/\"{}\"", round + 2));
        let reply = all.send(200, &sent);
        assert_eq!(reply.header("etag"), Some(format!("W/\"{}\"", round + 3).as_str()));
    }
    all.end();
}

#[test]
fn copies_of_a_creation_get_one_answer_and_one_number() {
    let mut all = Together::new();
    let mut numbers = std::collections::BTreeSet::new();
    for round in 0..ROUNDS {
        let letter = |n: u32| char::from(b'a' + u8::try_from(n % 26).unwrap());
        let family = format!("Quill{}{}", letter(round / 26), letter(round));
        let system = "https://fhir.nhs.uk/CodeSystem/UKCore-RegisteringAuthorityType";
        let body = json!({
            "resourceType": "Patient", "gender": "male", "birthDate": "1971-04-09",
            "name": [{"use": "usual", "family": family, "given": ["Osric"]}],
            "address": [{"use": "home", "line": ["3 Example Row"], "postalCode": "YO9 1MM"}],
            "extension": [{
                "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-RegisteringAuthority",
                "extension": [
                    {"url": "registeringAuthorityType", "valueCodeableConcept": {"coding": [{"system": system, "code": "x"}]}},
                    {"url": "organisationIdentifier", "valueString": "RGT"},
                ],
            }],
        });
        let path = "/personal-demographics/FHIR/R4/Patient";
        let reply = all.send(201, &Sent::new("POST", path, "application/json", &uuid(2, round), body));
        let record: Value = serde_json::from_slice(&reply.body).unwrap();
        numbers.insert(record["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(numbers.len(), ROUNDS as usize);
    all.end();
}

#[test]
fn copies_of_an_order_and_of_a_release_get_one_answer() {
    const FHIR: &str = "application/fhir+json";
    let mut all = Together::new();
    let people = people();
    let practice = people.organisation_of(OrgKind::GpPractice, 0);
    for round in 0..ROUNDS {
        let id = prescription_short_id(&format!("{round:06x}"), &practice.ods, "0abcd");
        let order = write_order(&Order {
            message_id: &uuid(3, round),
            short_id: &id,
            long_id: &uuid(4, round),
            item_ids: &[uuid(5, round), uuid(6, round)],
            patient: &people.patient(u64::from(round % 50)),
            practice: &practice,
            pharmacy: Some("FH5B2"),
        });
        let order = String::from_utf8(order).unwrap();
        let path = "/fhir-prescribing/FHIR/R4/$process-message";
        all.send(200, &Sent::new("POST", path, FHIR, &uuid(7, round), order));
        let owner = json!({"resourceType": "Organization", "identifier": [
            {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "FH5B2"}]});
        let release = json!({"resourceType": "Parameters", "parameter": [
            {"name": "owner", "resource": owner}, {"name": "status", "valueCode": "accepted"}]});
        let path = "/fhir-dispensing/FHIR/R4/Task/$release";
        let reply = all.send(200, &Sent::new("POST", path, FHIR, &uuid(8, round), release));
        assert!(reply.text().contains(&id), "{}", reply.text());
    }
    all.end();
}

#[test]
fn copies_of_a_permission_get_one_answer() {
    let mut all = Together::new();
    for round in 0..ROUNDS {
        let number = people().nhs_number(u64::from(round)).to_string();
        let system = "https://fhir.nhs.uk/CodeSystem/SCR-ACSPermission";
        let body = json!({"resourceType": "Parameters", "parameter": [{"name": "setPermissions", "part": [
            {"name": "nhsNumber", "valueString": number},
            {"name": "permissionCode", "valueCoding": {"system": system, "code": "Ask"}},
        ]}]});
        let path = "/summary-care-record/FHIR/R4/$setPermission";
        all.send(201, &Sent::new("POST", path, "application/fhir+json", &uuid(9, round), body));
    }
    all.end();
}

#[test]
fn copies_of_a_record_request_get_one_acknowledgement_and_one_delivery() {
    let mut all = Together::new();
    for round in 0..ROUNDS {
        all.send(202, &record_request(&uuid(10, round), &uuid(11, round), ""));
    }
    let line = format!("GET /reliablemessaging/queue/{}?max_results=100", people().endpoint(1).party_key);
    let reply = all.clients[0].ask(&line, &[("authorization", "Bearer anyone")]);
    let list: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(list["messages"].as_array().map(Vec::len), Some(ROUNDS as usize), "{}", reply.text());
    all.end();
}

/// End point 0 asks end point 1 for a record, with this text in the payload.
fn record_request(message: &str, conversation: &str, text: &str) -> Sent {
    let people = people();
    let (from, to) = (people.endpoint(0), people.endpoint(1));
    let (service, action) = ("urn:nhs:names:services:gp2gp", "RCMR_IN010000UK05");
    let (sender, recipient, cpa) = (&from.party_key, &to.party_key, to.cpa_id());
    let [message, conversation] = [message, conversation].map(str::to_uppercase);
    let body = format!(
        "--b\nContent-Id: <header@spine.nhs.uk>\nContent-Type: text/xml; charset=UTF-8\n\n\
         <S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:e=\"http://www.oasis-open.org/committees/ebxml-msg/schema/msg-header-2_0.xsd\" \
         xmlns:x=\"http://www.w3.org/1999/xlink\"><S:Header><e:MessageHeader e:version=\"2.0\">\
         <e:From><e:PartyId>{sender}</e:PartyId></e:From><e:To><e:PartyId>{recipient}</e:PartyId></e:To>\
         <e:CPAId>{cpa}</e:CPAId><e:ConversationId>{conversation}</e:ConversationId>\
         <e:Service>{service}</e:Service><e:Action>{action}</e:Action>\
         <e:MessageData><e:MessageId>{message}</e:MessageId><e:Timestamp>2025-06-01T12:00:00Z</e:Timestamp>\
         </e:MessageData><e:DuplicateElimination/></e:MessageHeader><e:AckRequested/></S:Header>\
         <S:Body><e:Manifest><e:Reference x:href=\"cid:payload@spine.nhs.uk\"/></e:Manifest></S:Body></S:Envelope>\n\
         --b\nContent-Id: <payload@spine.nhs.uk>\nContent-Type: application/xml\n\n\
         <{action} xmlns=\"urn:hl7-org:v3\">{text}</{action}>\n--b--\n"
    );
    let media = "multipart/related; boundary=\"b\"; type=\"text/xml\"; start=\"<header@spine.nhs.uk>\"";
    Sent::new("POST", "/reliablemessaging/forwardreliable", media, &message, body)
        .with("authorization", format!("Bearer {}", people.endpoint_token(0)))
        .with("soapaction", format!("\"{service}/{action}\""))
}

#[test]
fn copies_of_a_large_message_leave_one_file_and_none_once_it_was_taken() {
    let mut all = Together::new();
    let blobs = all.folder.path().join("blobs");
    let files = || std::fs::read_dir(&blobs).unwrap().count();
    let before = files();
    let message = uuid(13, 0).to_uppercase();
    all.send(202, &record_request(&message, &uuid(14, 0), &"x".repeat(600_000)));
    assert_eq!(files(), before + 1);
    let path = format!("/reliablemessaging/queue/{}/{message}", people().endpoint(1).party_key);
    let bearer = [("authorization", "Bearer anyone")];
    assert!(all.clients[0].ask(&format!("GET {path}"), &bearer).body.len() > 600_000);
    assert_eq!(all.clients[0].ask(&format!("DELETE {path}"), &bearer).status, 204);
    // Housekeeping comes when the clock was moved.
    assert_eq!(all.clients[0].ask("POST /_admin/clock?advance_ms=1", &[]).status, 200);
    let gone = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        files() == before
    });
    assert!(gone, "the file stays");
    all.end();
}
