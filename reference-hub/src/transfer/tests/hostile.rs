//! What strangers may send without harm: XML bombs, broken MIME, bodies of another kind.

use super::*;

#[test]
fn an_entity_expansion_bomb_in_header_or_payload_is_refused() {
    let hub = Hub::new();
    let bomb = "<!DOCTYPE b [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">\
                <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]>";
    let letter = || Letter::new(PATHOLOGY, 0, 1, 7);
    let in_header = letter().with("<S:Envelope ", &format!("{bomb}<S:Envelope "));
    assert_refused(&hub.send(&in_header), 400, "OtherXml");
    let in_payload = letter().with("<POLB_IN020005UK03 ", &format!("{bomb}<POLB_IN020005UK03 "));
    assert_refused(&hub.send(&in_payload), 400, "OtherXml");
}

#[test]
fn an_external_entity_is_never_fetched() {
    let hub = Hub::new();
    let letter = || Letter::new(PATHOLOGY, 0, 1, 7);
    let external = "<!DOCTYPE b [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
    let in_header = letter().with("<S:Envelope ", &format!("{external}<S:Envelope ")).with(&guid(1), "&x;");
    let answer = hub.send(&in_header);
    assert_refused(&answer, 400, "OtherXml");
    assert!(!text(&answer).contains("root:"));
    assert_refused(&hub.send(&letter().with(&guid(1), "&x;")), 400, "OtherXml");
}

#[test]
fn deep_nesting_and_long_envelopes_are_refused() {
    let hub = Hub::new();
    let letter = || Letter::new(PATHOLOGY, 0, 1, 7);
    let deep = "<a>".repeat(100_000);
    let in_payload = letter().with("<POLB_IN020005UK03 xmlns=\"urn:hl7-org:v3\"/>", &deep);
    assert_refused(&hub.send(&in_payload), 400, "OtherXml");
    let long = letter().with("<S:Body>", &format!("<S:Body><!--{}-->", "x".repeat(65_536)));
    assert_refused(&hub.send(&long), 400, "OtherXml");
}

#[test]
fn broken_multipart_and_missing_parts_are_refused() {
    let hub = Hub::new();
    let letter = || Letter::new(PATHOLOGY, 0, 1, 7);
    for broken in [
        letter().with("----=_MIME-Boundary--\n", ""),
        letter().with("<ebXMLHeader@spine.nhs.uk>", "<other@spine.nhs.uk>"),
        letter().with("<payload@spine.nhs.uk>", "<other@spine.nhs.uk>"),
        letter().with("cid:payload@spine.nhs.uk", "mid:payload@spine.nhs.uk"),
        Letter { body: String::new(), ..letter() },
        Letter { content_type: "multipart/related".to_owned(), ..letter() },
    ] {
        assert_refused(&hub.send(&broken), 400, "MimeProblem");
    }
    for content_type in ["text/xml", "multipart/form-data; boundary=x", ""] {
        let other = Letter { content_type: content_type.to_owned(), ..letter() };
        assert_refused(&hub.send(&other), 415, "MimeProblem");
    }
}

#[test]
fn what_a_refusal_repeats_is_escaped_and_short() {
    let hub = Hub::new();
    let evil = format!("&lt;script&gt;{}", "x".repeat(10_000));
    let answer = hub.send(&Letter::new(PATHOLOGY, 0, 1, 7).with(&guid(7), &evil));
    assert_refused(&answer, 400, "ValueNotRecognized");
    let said = text(&answer);
    assert!(!said.contains("<script>") && said.len() < 3_000, "{said}");
    assert!(super::super::xml::root(said.as_bytes()).is_ok());
}

#[test]
fn a_large_body_is_read_from_its_blob_and_kept_there() {
    let hub = Hub::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blob-1");
    let letter = Letter::new(PATHOLOGY, 0, 1, 7)
        .with("<POLB_IN020005UK03 ", &format!("<!--{}--><POLB_IN020005UK03 ", "x".repeat(600_000)));
    std::fs::write(&path, &letter.body).unwrap();
    let len = letter.body.len() as u64;
    let mut request = letter.request();
    request.body = Body::Blob { id: "blob-1".to_owned(), len, path, held: bytes::Bytes::new() };
    assert_eq!(hub.ask(&request, None).status, 202);
    let fetched = hub.queue("GET", &letter.to, &guid(7), 1);
    assert!(matches!(&fetched.body, Body::Blob { id, len: l, .. } if id == "blob-1" && *l == len));
    let Body::Blob { id, len, .. } = request.body else { panic!("blob") };
    request.body = Body::Blob { id, len, path: folder.path().join("gone"), held: bytes::Bytes::new() };
    assert_eq!(hub.ask(&request, None).status, 500);
}
