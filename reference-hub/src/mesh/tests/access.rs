//! Who may do what: tokens, foreign mailboxes, unknown paths and methods, handshake and ping.

use super::*;

const HOUR_MS: u64 = 60 * 60 * 1000;

fn handshake(hub: &Hub, method: &str) -> Ask {
    hub.ask(method, "X26ABC1", "")
        .header("mex-clientversion", "Test==1")
        .header("mex-osname", "Linux")
        .header("mex-osversion", "#44~18.04.2-Ubuntu")
}

fn with_token(hub: &Hub, token: &str) -> Answer {
    hub.answer(&handshake(hub, "POST").header("authorization", token))
}

#[test]
fn ping_needs_no_token() {
    let answer = Hub::new().answer(&Ask::new("GET", "_ping"));
    assert_eq!((answer.status, json(&answer)["status"].as_str()), (200, Some("running")));
}

#[test]
fn handshake_answers_both_versions_by_post_and_get_and_is_remembered() {
    let hub = Hub::new();
    for method in ["POST", "GET"] {
        let v1 = hub.answer(&handshake(&hub, method));
        assert_eq!((v1.status, text(&v1).as_str()), (200, r#"{"mailboxId":"X26ABC1"}"#));
        assert_eq!(header(&v1, "content-type"), "application/json");
        let v2 = hub.answer(&handshake(&hub, method).header("accept", V2));
        assert_eq!((v2.status, text(&v2).as_str()), (200, ""));
    }
    use hub_store::View;
    let seen = hub.store.get(Table::Mailboxes, b"X26ABC1|seen").unwrap().unwrap();
    assert!(String::from_utf8_lossy(&seen.value).contains("Test==1"));
}

#[test]
fn handshake_without_required_headers_is_400_and_names_them_all() {
    let hub = Hub::new();
    let missing = |ask: Ask| {
        let answer = hub.answer(&ask.header("accept", V2));
        assert_eq!(answer.status, 400);
        let body = json(&answer);
        let names =
            body["detail"].as_array().unwrap().iter().map(|d| d["loc"][1].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    for name in ["mex-clientversion", "mex-osname", "mex-osversion"] {
        assert_eq!(missing(handshake(&hub, "POST").without(name)), [name]);
    }
    assert_eq!(missing(hub.ask("POST", "X26ABC1", "")), ["mex-clientversion", "mex-osname", "mex-osversion"]);
}

#[test]
fn a_token_works_once() {
    let hub = Hub::new();
    let ask = handshake(&hub, "POST");
    assert_eq!(hub.answer(&ask).status, 200);
    let again = hub.answer(&ask);
    assert_eq!(again.status, 403);
    assert!(text(&again).contains("Duplicated"));
    assert_eq!(hub.answer(&handshake(&hub, "POST")).status, 200, "the next nonce count is another token");
}

#[test]
fn deciding_again_after_a_conflict_is_not_a_replay() {
    let hub = Hub::new();
    let ask = handshake(&hub, "POST");
    let ids = Ids::new(99);
    let ctx = Context::new(&hub.store, NOW_MS, &ids, true);
    let first = decide_with(&hub.guard, "mesh-handshake", &ctx, &ask.0);
    ids.restart();
    let second = decide_with(&hub.guard, "mesh-handshake", &ctx, &ask.0);
    assert_eq!((first.answer.status, second.answer.status), (200, 200));
    assert_eq!(hub.answer(&ask).status, 403);
}

#[test]
fn a_failed_request_uses_its_token_too_but_a_forged_one_burns_nothing() {
    let hub = Hub::new();
    let ask = handshake(&hub, "POST").without("mex-osname");
    assert_eq!(hub.answer(&ask).status, 400);
    assert_eq!(hub.answer(&ask).status, 403);
    let good = token::make("TestKey", "X26ABC1", "password", "n2", 1, NOW_TOKEN);
    let forged = token::make("guess", "X26ABC1", "password", "n2", 1, NOW_TOKEN);
    assert_eq!(with_token(&hub, &forged).status, 403);
    assert_eq!(with_token(&hub, &good).status, 200);
}

#[test]
fn wrong_tokens_are_403_in_both_shapes() {
    let hub = Hub::new();
    let make = |key, mailbox, password| token::make(key, mailbox, password, "n", 1, NOW_TOKEN);
    let good = make("TestKey", "X26ABC1", "password");
    for wrong in [
        make("WrongKey", "X26ABC1", "password"),
        make("TestKey", "X26ABC1", "wrong"),
        make("TestKey", "X26ABC2", "password"),
        make("TestKey", "x26abc1", "password"),
        good.replace("NHSMESH ", "Bearer "),
        good.replace(":n:1:", ":n:2:"),
        "NHSMESH nonsense".to_owned(),
        String::new(),
    ] {
        let v1 = with_token(&hub, &wrong);
        assert_eq!(v1.status, 403, "{wrong}");
        assert!(json(&v1)["errorDescription"].is_string());
        let v2 = hub.answer(&handshake(&hub, "POST").header("authorization", &wrong).header("accept", V2));
        assert_eq!(v2.status, 403);
        assert!(json(&v2)["detail"][0]["msg"].is_string() && json(&v2)["internal_id"].is_string());
    }
    assert_eq!(hub.answer(&handshake(&hub, "POST").without("authorization")).status, 403);
    assert_eq!(with_token(&hub, &good).status, 200);
    let (parts, hash) = good.rsplit_once(':').unwrap();
    let capitals = with_token(&hub, &format!("{parts}:{}", hash.to_uppercase()));
    assert!(text(&capitals).contains("Duplicated"), "a hash in capitals is the same token, used already");
}

#[test]
fn a_token_is_valid_two_hours_to_both_sides_of_the_hubs_clock() {
    let hub = Hub::new();
    for (shift_ms, status) in [
        (2 * HOUR_MS as i64, 200),
        (-2 * HOUR_MS as i64, 200),
        (2 * HOUR_MS as i64 + 60_000, 403),
        (-2 * HOUR_MS as i64 - 60_000, 403),
    ] {
        hub.now_ms.set(NOW_MS);
        let ask = handshake(&hub, "POST");
        hub.now_ms.set(NOW_MS.checked_add_signed(shift_ms).unwrap());
        assert_eq!(hub.answer(&ask).status, status, "shifted by {shift_ms} ms");
    }
    let impossible = token::make("TestKey", "X26ABC1", "password", "n", 1, "202613011200");
    assert_eq!(with_token(&hub, &impossible).status, 403);
}

#[test]
fn a_full_guard_refuses_with_503_and_when_to_come_back() {
    let hub = Hub { guard: ReplayGuard::new(1), ..Hub::new() };
    assert_eq!(hub.answer(&handshake(&hub, "POST")).status, 200);
    let answer = hub.answer(&handshake(&hub, "POST"));
    assert_eq!((answer.status, header(&answer, "retry-after")), (503, "1"));
}

#[test]
fn nobody_reaches_another_mailbox_or_another_kind_of_row() {
    let hub = Hub::new();
    let token = token::make("TestKey", "X26ABC1", "password", "n", 1, NOW_TOKEN);
    for path in
        ["X26ABC2/inbox", "X26ABC2/count", "NOBODY/inbox", "X26ABC1|seen/inbox", "..%2F/inbox", "~r/inbox"]
    {
        let answer = hub.answer(&Ask::new("GET", path).header("authorization", &token));
        assert_eq!(answer.status, 403, "{path}");
    }
    let own = token::make("TestKey", "X26ABC1|SEEN", "password", "n", 1, NOW_TOKEN);
    assert_eq!(hub.answer(&Ask::new("GET", "X26ABC1|seen/inbox").header("authorization", &own)).status, 403);
    let lower = Ask::new("GET", "x26abc1/inbox").header("authorization", &token);
    assert_eq!(hub.answer(&lower).status, 200, "paths are read in capitals");
}

#[test]
fn outside_the_sandbox_the_populations_key_counts() {
    let hub = Hub::new();
    let ids = Ids::new(1);
    let ctx = Context::new(&hub.store, NOW_MS, &ids, false);
    let ask = |key| {
        let token = token::make(key, "X26ABC1", "password", "n", 1, NOW_TOKEN);
        Ask::new("GET", "X26ABC1/inbox").header("authorization", &token)
    };
    let status = |key| decide_with(&hub.guard, "mesh-inbox", &ctx, &ask(key).0).answer.status;
    assert_eq!((status("TestKey"), status(population::MESH_SHARED_KEY)), (403, 200));
}

#[test]
fn unknown_paths_are_404_and_wrong_methods_405_with_what_is_allowed() {
    let hub = Hub::new();
    for path in ["", "X26ABC1/nothing", "X26ABC1/inbox/a/1/2", "X26ABC1/inbox/a/status/read"] {
        assert_eq!(hub.answer(&Ask::new("GET", path)).status, 404, "{path}");
    }
    for (method, path, allow) in [
        ("DELETE", "X26ABC1", "POST, GET"),
        ("POST", "X26ABC1/inbox", "GET"),
        ("GET", "X26ABC1/outbox", "POST"),
        ("PUT", "X26ABC1/inbox/a", "GET, HEAD"),
        ("GET", "X26ABC1/inbox/a/status/acknowledged", "PUT"),
        ("POST", "X26ABC1/outbox/tracking/a", "GET"),
        ("POST", "_ping", "GET"),
    ] {
        let answer = hub.answer(&Ask::new(method, path));
        assert_eq!((answer.status, header(&answer, "allow")), (405, allow), "{method} {path}");
    }
}

#[test]
fn accept_headers_that_name_no_live_version_are_400() {
    let hub = Hub::new();
    for (accept, status) in [
        ("*/*", 200),
        ("text/html, application/vnd.mesh.v2+json;q=0.9", 200),
        ("application/vnd.mesh.v1+json", 200),
        ("application/vnd.mesh.v3+json", 400),
        ("application/vnd.mesh.v2", 400),
        ("vnd.mesh", 400),
    ] {
        let answer = hub.answer(&hub.ask("GET", "X26ABC1", "inbox").header("accept", accept));
        assert_eq!(answer.status, status, "{accept}");
    }
}
