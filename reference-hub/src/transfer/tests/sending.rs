//! Sending: what a message must say (SOAPAction, eb:From, eb:To, eb:CPAId, eb:ConversationId, eb:Service, eb:Action,
//! eb:MessageId, eb:Timestamp, eb:TimeToLive, eb:DuplicateElimination, eb:AckRequested, eb:Manifest), and what its
//! acknowledgement says.

use super::*;

#[test]
fn a_message_is_stored_and_acknowledged_with_its_id() {
    let hub = Hub::new();
    let letter = Letter::new(REQUEST, 0, 1, 7);
    let answer = hub.send(&letter);
    assert_eq!(answer.status, 202);
    let said = text(&answer);
    for part in [
        "<eb:Acknowledgment SOAP:mustUnderstand=\"1\"",
        &format!("<eb:RefToMessageId>{}</eb:RefToMessageId>", guid(7)),
        &format!("<eb:ConversationId>{}</eb:ConversationId>", guid(1)),
        &letter.from.party_key,
        "<eb:Action>Acknowledgment</eb:Action>",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(super::super::xml::root(said.as_bytes()).is_ok_and(|root| root == "Envelope"));
}

#[test]
fn soap_action_tells_the_operation_before_the_body_is_read() {
    for (interaction, operation) in [
        (REQUEST, "gp2gp-request"),
        (EXTRACT, "gp2gp-extract"),
        (("urn:nhs:names:services:gp2gp", "RCMR_IN030000UK07"), "gp2gp-extract"),
        (FRAGMENT, "gp2gp-fragment"),
        (ACKNOWLEDGE, "gp2gp-acknowledge"),
        (PATHOLOGY, "pathology-transfer"),
        (("urn:nhs:names:services:pat", "POLB_IN020005UK01"), "pathology-transfer"),
        (("urn:nhs:names:services:pat", "POLB_IN020006UK01"), "pathology-transfer"),
        (("urn:nhs:names:services:gpes", "COMT_IN000004GB01"), "forward-reliable"),
    ] {
        let letter = Letter::new(interaction, 0, 1, 7);
        assert_eq!((INTERFACE.route)(&letter.request()).unwrap(), operation);
        let quoted = Letter { soap_action: format!("\"{}\"", letter.soap_action), ..letter };
        assert_eq!((INTERFACE.route)(&quoted.request()).unwrap(), operation);
    }
    let operation = crate::operation::operation("gp2gp-fragment").unwrap();
    assert_eq!((operation.body_bytes_max, operation.streams), (5_000_000, true));
}

#[test]
fn a_message_that_comes_twice_gets_the_same_acknowledgement_and_is_delivered_once() {
    let hub = Hub::new();
    let letter = Letter::new(REQUEST, 0, 1, 7);
    let first = hub.send(&letter);
    let rows = hub.rows(Table::Transfers);
    let again = hub.decide_at(NOW_MS + 5_000, &letter.request(), None);
    assert!(again.txn.is_none());
    assert_eq!(again.answer, first, "byte for byte");
    assert_eq!(hub.rows(Table::Transfers), rows);
    let list = text(&hub.queue("GET", &letter.to, "", 1));
    assert_eq!(list.matches("message_id").count(), 1, "{list}");
}

#[test]
fn of_two_copies_at_a_time_one_is_stored_and_both_are_acknowledged_alike() {
    let hub = Hub::new();
    let letter = Letter::new(PATHOLOGY, 0, 1, 7);
    let one = hub.decide_at(NOW_MS, &letter.request(), None);
    let other = hub.decide_at(NOW_MS, &letter.request(), None);
    assert!(matches!(hub.commit(one.txn.unwrap()), Outcome::Committed { .. }));
    assert!(matches!(hub.commit(other.txn.unwrap()), Outcome::Conflict { .. }));
    assert_eq!(hub.send(&letter), one.answer, "decided again after the conflict");
}

#[test]
fn another_message_under_a_used_id_is_refused() {
    let hub = Hub::new();
    assert_eq!(hub.send(&Letter::new(PATHOLOGY, 0, 1, 7)).status, 202);
    assert_refused(&hub.send(&Letter::new(PATHOLOGY, 2, 1, 7)), 400, "Inconsistent");
    let other = Letter::new(PATHOLOGY, 0, 1, 7).with(&guid(1), &guid(2));
    assert_refused(&hub.send(&other), 400, "Inconsistent");
}

#[test]
fn what_is_wrong_with_a_header_is_said_by_its_published_code() {
    let hub = Hub::new();
    let letter = || Letter::new(PATHOLOGY, 0, 1, 7);
    let (from, to) = (letter().from.party_key, letter().to.party_key);
    let cpa = letter().to.cpa_id();
    for (text, by, code) in [
        (from.as_str(), "X26-000001", "ValueNotRecognized"),
        (&to, "X26-000001", "ValueNotRecognized"),
        (&to, "not a party key", "ValueNotRecognized"),
        (&cpa, "S000000A000000", "ValueNotRecognized"),
        (&guid(7), "0000000a-0000-4000-8000-00000000abcd", "ValueNotRecognized"),
        (&guid(7), "", "ValueNotRecognized"),
        (&guid(1), "a b", "ValueNotRecognized"),
        ("2025-06-01T12:00:00Z", "yesterday", "ValueNotRecognized"),
        ("e:version=\"2.0\"", "e:version=\"1.0\"", "NotSupported"),
        ("<e:Service>urn:nhs:names:services:pat", "<e:Service>urn:nhs:names:services:gp2gp", "Inconsistent"),
        ("<e:Action>POLB_IN020005UK03", "<e:Action>POLB_IN020006UK01", "Inconsistent"),
        ("<e:DuplicateElimination/>", "", "Inconsistent"),
        ("<e:AckRequested/>", "", "Inconsistent"),
        (
            "</e:MessageData>",
            "<e:TimeToLive>2025-06-01T11:59:59Z</e:TimeToLive></e:MessageData>",
            "TimeToLiveExpired",
        ),
        ("</e:MessageData>", "<e:TimeToLive>soon</e:TimeToLive></e:MessageData>", "ValueNotRecognized"),
        ("<e:Reference x:href=\"cid:payload@spine.nhs.uk\"/>", "", "OtherXml"),
        ("<POLB_IN020005UK03 ", "<POLB_IN020006UK01 ", "Inconsistent"),
    ] {
        assert_refused(&hub.send(&letter().with(text, by)), 400, code);
    }
    assert_eq!(hub.send(&letter()).status, 202);
}

#[test]
fn all_faults_of_a_header_are_told_at_once() {
    let letter = Letter::new(PATHOLOGY, 0, 1, 7)
        .with("<e:DuplicateElimination/>", "")
        .with("e:version=\"2.0\"", "")
        .with(&guid(7), "x");
    let answer = Hub::new().send(&letter);
    assert_eq!(codes(&answer), ["NotSupported", "ValueNotRecognized", "Inconsistent"]);
}

#[test]
fn an_unknown_soap_action_is_refused() {
    let hub = Hub::new();
    for action in ["", "urn:nhs:names:services:mm/PORX_IN020101UK31"] {
        let letter = Letter { soap_action: action.to_owned(), ..Letter::new(PATHOLOGY, 0, 1, 7) };
        assert_refused(&hub.send(&letter), 400, "ValueNotRecognized");
    }
}

#[test]
fn only_the_senders_own_organisation_may_send() {
    let hub = Hub::new();
    let letter = Letter::new(PATHOLOGY, 0, 1, 7);
    let p = population();
    let nobody = Letter { token: None, ..letter.clone() };
    assert_refused(&hub.send(&nobody), 401, "SecurityFailure");
    let other = Letter { token: Some(p.endpoint_token(1)), ..letter.clone() };
    assert_refused(&hub.send(&other), 403, "SecurityFailure");
    let peer = |ods: &str| Some(Peer { ods: ods.to_owned(), name: "mhs".to_owned() });
    // The certificate decides, whatever token comes with it.
    let foreign = Letter { peer: peer(&p.endpoint(1).ods), ..letter.clone() };
    assert_refused(&hub.send(&foreign), 403, "SecurityFailure");
    let own = Letter { peer: peer(&p.endpoint(0).ods), token: None, ..letter };
    assert_eq!(hub.send(&own).status, 202);
}

#[test]
fn an_extract_or_fragment_needs_the_conversation_of_a_request_between_the_same_two() {
    let hub = Hub::new();
    for interaction in [EXTRACT, FRAGMENT] {
        assert_refused(&hub.send(&Letter::new(interaction, 1, 0, 8)), 400, "Inconsistent");
    }
    assert_eq!(hub.send(&Letter::new(REQUEST, 0, 1, 7)).status, 202);
    assert_refused(&hub.send(&Letter::new(REQUEST, 0, 1, 9)), 400, "Inconsistent");
    // The one who was asked answers; a third party and the one who asked do not.
    assert_refused(&hub.send(&Letter::new(EXTRACT, 0, 1, 8)), 400, "Inconsistent");
    assert_refused(&hub.send(&Letter::new(EXTRACT, 2, 0, 8)), 400, "Inconsistent");
    assert_eq!(hub.send(&Letter::new(EXTRACT, 1, 0, 8)).status, 202);
    let uk07 = ("urn:nhs:names:services:gp2gp", "RCMR_IN030000UK07");
    assert_eq!(hub.send(&Letter::new(uk07, 1, 0, 14)).status, 202);
    // Fragments and their continue messages go both ways.
    assert_eq!(hub.send(&Letter::new(FRAGMENT, 0, 1, 10)).status, 202);
    assert_eq!(hub.send(&Letter::new(FRAGMENT, 1, 0, 11)).status, 202);
    assert_refused(&hub.send(&Letter::new(FRAGMENT, 2, 1, 12)), 400, "Inconsistent");
    assert_eq!(hub.send(&Letter::new(ACKNOWLEDGE, 0, 1, 13)).status, 202);
}

#[test]
fn a_seeded_conversation_takes_an_extract() {
    let (hub, p) = (Hub::new(), population());
    let transfer = p.record_transfer(0);
    let letter = Letter::new(EXTRACT, transfer.responder, transfer.requester, 7);
    assert_eq!(hub.send(&letter.with(&guid(1), &transfer.conversation_id)).status, 202);
}

#[test]
fn other_methods_and_addresses_are_refused() {
    let hub = Hub::new();
    let mut request = Letter::new(PATHOLOGY, 0, 1, 7).request();
    request.method = hyper::Method::PUT;
    let answer = hub.ask(&request, None);
    assert_eq!(answer.status, 405);
    assert!(answer.headers.contains(&("allow", "POST".into())));
    request.segments[1] = "backwardreliable".to_owned();
    assert_eq!(hub.ask(&request, None).status, 404);
    let answer = hub.queue("PUT", &population().endpoint(0), "", 0);
    assert!(text(&answer).contains("NOT_IMPLEMENTED") && answer.status == 405);
    assert_eq!(hub.queue("PUT", &population().endpoint(0), &guid(1), 0).status, 405);
}
