//! How acknowledged writes are looked up again: every proof that comes with the product can be rendered from what its write
//! keeps, tells once from twice and never, and a faulty one is refused where it is faulty.

use population::Population;
use scenarios::{AnswerView, Given, HandOver, Proven, RenderContext, Scenario};

const HEAD: &str = "title = \"t\"\n[target]\nhub = \"embedded\"\n[[phase]]\nname = \"p\"\nduration = \"1s\"\nrate = \"1/s\"\n";

/// A scenario of one interaction, built in or given as a file beside it.
fn load(name: &str, file: Option<&str>) -> Result<Scenario, String> {
    let folder = tempfile::tempdir().unwrap();
    if let Some(text) = file {
        std::fs::create_dir(folder.path().join("interactions")).unwrap();
        std::fs::write(folder.path().join(format!("interactions/{name}.toml")), text).unwrap();
    }
    let path = folder.path().join("s.toml");
    std::fs::write(&path, format!("{HEAD}[mix]\n{name} = 1\n")).unwrap();
    scenarios::load(&path).map_err(|faults| faults.to_string())
}

fn context<'a>(population: &'a Population, seq: u64, taken: Option<&'a HandOver>) -> RenderContext<'a> {
    let now = "2026-11-23T08:09:10Z".parse().unwrap();
    RenderContext { population, seed: 42, seq, ordinal: seq, taken, given: Given::default(), now, host: "h" }
}

#[test]
fn a_message_is_tracked_in_its_senders_name_under_the_local_id_it_was_sent_with() {
    let scenario = load("mesh-send", None).unwrap();
    let (send, population) = (&scenario.interactions[0], Population::new(42, scenario.population).unwrap());
    let write = context(&population, 7, None);
    let (mut sent, mut asked) = (Vec::new(), Vec::new());
    send.render(&write, &mut sent);
    let sent = String::from_utf8(sent).unwrap();
    let header = |name: &str| sent.lines().find_map(|l| l.strip_prefix(name)).unwrap().to_owned();
    let answer = AnswerView { status: 202, headers: &[], body: br#"{"message_id":"M1"}"# };
    let kept = send.keep(&answer, &write).unwrap().unwrap();
    let proof = send.proof().unwrap();
    let lookup = context(&population, 7 | 1 << 63, Some(&kept));
    proof.render(&lookup, &mut asked);
    let asked = String::from_utf8(asked).unwrap();
    let path =
        format!("GET /messageexchange/{}/outbox/tracking/{} ", header("Mex-From: "), header("Mex-LocalID: "));
    assert!(asked.starts_with(&path), "{asked}");
    assert!(!asked.contains(&header("Authorization: ")), "a token is good for one request");
    let judge = |status, body: &str| {
        proof.judge(&AnswerView { status, headers: &[], body: body.as_bytes() }, &lookup)
    };
    assert_eq!(judge(200, r#"{"messageId":"M1"}"#), Proven::Once);
    assert_eq!(judge(300, "several"), Proven::Several);
    assert!(matches!(judge(404, "{}"), Proven::Missing(_)));
    assert!(matches!(judge(200, r#"{"messageId":"M2"}"#), Proven::Missing(_)));
}

#[test]
fn an_update_is_there_when_the_record_has_its_version_or_a_later_one() {
    let scenario = load("pds-update", None).unwrap();
    let (update, population) = (&scenario.interactions[0], Population::new(42, scenario.population).unwrap());
    let taken = HandOver::from_iter([("nhs_number", "9000000009"), ("etag", "W/\"9\""), ("address_id", "a")]);
    let answer =
        AnswerView { status: 200, headers: &[("etag", b"W/\"10\"")], body: br#"{"id":"9000000009"}"# };
    let kept = update.keep(&answer, &context(&population, 1, Some(&taken))).unwrap().unwrap();
    let lookup = context(&population, 1 << 63, Some(&kept));
    let at = |etag: &[u8]| {
        let headers = [("ETag", etag)];
        let view = AnswerView { status: 200, headers: &headers, body: br#"{"id":"9000000009"}"# };
        update.proof().unwrap().judge(&view, &lookup)
    };
    assert_eq!((at(b"W/\"10\""), at(b"W/\"11\"")), (Proven::Once, Proven::Once));
    for lost in [&b"W/\"9\""[..], b"none"] {
        assert!(matches!(at(lost), Proven::Missing(_)), "{lost:?}");
    }
}

#[test]
fn every_faulty_proof_is_refused_with_what_is_wrong() {
    let base = "method = \"POST\"\npath = \"/x\"\n[expect]\nstatus = 200\n";
    for (proof, word) in [
        ("[proof]\nkeep = { id = \"/id\" }\nexpect = { status = 200 }\n", "proof.path: is missing"),
        ("[proof]\npath = \"/x\"\nexpect = { status = 200 }\n", "proof.keep: is missing"),
        ("[proof]\npath = \"/x\"\nkeep = { id = \"/id\" }\n", "proof.expect: is missing"),
        (
            "[proof]\npath = \"/{{capture.no}}\"\nkeep = { id = \"/id\" }\nexpect = { status = 200 }\n",
            "not kept",
        ),
        (
            "[proof]\npath = \"/x\"\nkeep = { id = \"/id\" }\ninputs = { mailbox = \"capture.mailbox\" }\nexpect = { status = 200 }\n",
            "needed that is not kept",
        ),
        (
            "[proof]\npath = \"/x\"\nkep = 1\nkeep = { id = \"/id\" }\nexpect = { status = 200 }\n",
            "unknown key",
        ),
    ] {
        let faults = load("mine", Some(&format!("{base}{proof}"))).expect_err(proof);
        assert!(faults.contains(word), "{proof}: {faults}");
    }
    let faults = load("mine", Some(&format!("proof = 3\n{base}"))).unwrap_err();
    assert!(faults.contains("not a proof"), "{faults}");
}

#[test]
fn what_writes_and_has_no_proof_says_why() {
    let base = "method = \"POST\"\npath = \"/x\"\n";
    let expect = "[expect]\nstatus = 200\n";
    let of = |line: &str| load("mine", Some(&format!("{base}{line}{expect}"))).unwrap();
    assert_eq!(of("").interactions[0].unproven(), Some("its file has no [proof]"));
    assert_eq!(of("proof = \"gone\"\n").interactions[0].unproven(), Some("gone"));
    assert!(!of("proof = false\n").interactions[0].writes());
    assert!(!load("pds-retrieve", None).unwrap().interactions[0].writes());
}
