//! User-restricted access: the simulated login, its code, the tokens and their refreshing.

use super::*;
use crate::oauth::seed::{TEST_CLIENT_ID, TEST_CLIENT_SECRET, TEST_REDIRECT_URI};
use population::{Population, Sizes};

/// A form's fields with some replaced (or, by an empty value, left out).
fn with<'a>(usual: &[(&'a str, &'a str)], change: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let changed = |name: &str| change.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
    let all = usual.iter().map(|(n, v)| (*n, changed(n).unwrap_or(v)));
    all.filter(|(_, v)| !v.is_empty()).collect()
}

const LOGIN: &[(&str, &str)] = &[
    ("response_type", "code"),
    ("client_id", TEST_CLIENT_ID),
    ("redirect_uri", TEST_REDIRECT_URI),
    ("state", "a b&c"),
    ("username", USER),
];

fn login(hub: &Hub, change: &[(&str, &str)]) -> Answer {
    hub.post("oauth2/authorize", &with(LOGIN, change))
}

fn code(hub: &Hub) -> String {
    let answer = login(hub, &[]);
    assert_eq!(answer.status, 302);
    let location = header(&answer, "location").unwrap();
    let rest = location.strip_prefix("https://spinebench.invalid/callback?code=").unwrap();
    rest.strip_suffix("&state=a%20b%26c").unwrap().to_owned()
}

fn exchange(hub: &Hub, code: &str, change: &[(&str, &str)]) -> Answer {
    let usual = [
        ("grant_type", "authorization_code"),
        ("client_id", TEST_CLIENT_ID),
        ("client_secret", TEST_CLIENT_SECRET),
        ("redirect_uri", TEST_REDIRECT_URI),
        ("code", code),
    ];
    hub.post("oauth2/token", &with(&usual, change))
}

fn refresh(hub: &Hub, token: &str, change: &[(&str, &str)]) -> Answer {
    let usual = [
        ("grant_type", "refresh_token"),
        ("client_id", TEST_CLIENT_ID),
        ("client_secret", TEST_CLIENT_SECRET),
        ("refresh_token", token),
    ];
    hub.post("oauth2/token", &with(&usual, change))
}

fn text(answer: &Answer, name: &str) -> String {
    json_of(answer)[name].as_str().unwrap_or_else(|| panic!("no {name}: {answer:?}")).to_owned()
}

#[test]
fn a_login_gives_a_code_and_the_code_a_session_of_the_user() {
    let hub = Hub::new();
    let answer = exchange(&hub, &code(&hub), &[]);
    assert_eq!(answer.status, 200);
    for (name, value) in [
        ("expires_in", "599"),
        ("token_type", "Bearer"),
        ("refresh_token_expires_in", "43199"),
        ("refresh_count", "0"),
    ] {
        assert_eq!(text(&answer, name), value, "{name}");
    }
    let session = hub.session(&text(&answer, "access_token")).unwrap();
    let whose = (session.user_id.as_str(), session.ods.as_str(), session.role.as_str(), session.application);
    assert_eq!(whose, (USER, "A20047", "R8000", false));
}

#[test]
fn a_login_that_cannot_be_sent_back_is_refused_here() {
    let hub = Hub::new();
    for (name, value, status, description) in [
        ("client_id", "", 401, "client_id is missing"),
        ("client_id", "unknown", 401, "client_id is invalid"),
        ("redirect_uri", "", 400, "redirect_uri is missing"),
        ("redirect_uri", "https://elsewhere.test/", 400, "redirect_uri is invalid"),
    ] {
        let answer = login(&hub, &[(name, value)]);
        assert_eq!(fault(&answer), is(status, "invalid_request", description), "{name}={value}");
    }
    assert_eq!(login(&hub, &[("state", &"s".repeat(3_000))]).status, 400);
}

#[test]
fn a_browser_gets_a_page_whose_form_logs_in() {
    let hub = Hub::new();
    let page = |change: &[(&str, &str)]| {
        let fields = with(&LOGIN[..4], change);
        let query = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        hub.ask(&Request { method: Method::GET, query, ..form("oauth2/authorize", &[]) })
    };
    let answer = page(&[("state", "\"><script>'&")]);
    assert_eq!((answer.status, header(&answer, "content-type")), (200, Some("text/html; charset=utf-8")));
    let Body::Inline(body) = &answer.body else { panic!("inline") };
    let body = String::from_utf8_lossy(body);
    assert!(body.contains(r#"name="state" value="&quot;&gt;&lt;script&gt;&#39;&amp;""#), "{body}");
    for (name, value, status) in [
        ("client_id", "", 401),
        ("client_id", "unknown", 401),
        ("redirect_uri", "", 400),
        ("redirect_uri", "https://elsewhere.test/", 400),
        ("response_type", "", 302),
        ("response_type", "token", 302),
        ("state", "", 302),
    ] {
        let answer = page(&[(name, value)]);
        assert_eq!(answer.status, status, "{name}={value}");
        if status != 302 {
            assert_eq!(fault(&answer).1, "invalid_request");
        }
    }
    let twice = vec![("state".to_owned(), "a".to_owned()); 2];
    let request = Request { method: Method::GET, query: twice, ..form("oauth2/authorize", &[]) };
    assert_eq!(hub.ask(&request).status, 400);
}

#[test]
fn other_faults_of_a_login_are_sent_back_to_the_client() {
    let hub = Hub::new();
    for (name, value, error) in [
        ("response_type", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("state", "", "invalid_request"),
        ("username", "", "access_denied"),
        ("username", "555000000009", "access_denied"),
        ("username", "dr who", "access_denied"),
    ] {
        let answer = login(&hub, &[(name, value)]);
        let location = header(&answer, "location").unwrap().to_owned();
        let start = format!("{TEST_REDIRECT_URI}?error={error}&error_description=");
        assert_eq!((answer.status, location.starts_with(&start)), (302, true), "{name}={value}: {location}");
        assert_eq!(location.contains("&state=a%20b%26c"), name != "state", "{location}");
    }
}

#[test]
fn every_published_fault_of_an_exchange_is_named() {
    let hub = Hub::new();
    let code = code(&hub);
    let both = "client_id or client_secret is invalid";
    for (name, value, status, error, description) in [
        ("client_id", "", 401, "invalid_request", "client_id is missing"),
        ("client_id", "unknown", 401, "invalid_client", both),
        ("client_secret", "", 401, "invalid_request", "client_secret is missing"),
        ("client_secret", "wrong", 401, "invalid_client", both),
        ("redirect_uri", "", 400, "invalid_request", "redirect_uri is missing"),
        ("redirect_uri", "https://elsewhere.test/", 400, "invalid_request", "redirect_uri is invalid"),
        ("code", "", 400, "invalid_request", "authorization_code is missing"),
        ("code", "wrong", 400, "invalid_grant", "authorization_code is invalid"),
    ] {
        let answer = exchange(&hub, &code, &[(name, value)]);
        assert_eq!(fault(&answer), is(status, error, description), "{name}={value}");
    }
    assert_eq!(exchange(&hub, &code, &[]).status, 200, "no fault has used it up");
}

#[test]
fn a_code_is_used_once_also_when_two_requests_race_and_ends_after_ten_minutes() {
    let hub = Hub::new();
    let first = code(&hub);
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", TEST_CLIENT_ID),
        ("client_secret", TEST_CLIENT_SECRET),
        ("redirect_uri", TEST_REDIRECT_URI),
        ("code", first.as_str()),
    ];
    let request = form("oauth2/token", &fields);
    let (one, two) = (hub.decide(&request), hub.decide(&request));
    assert!(hub.commit(&one) && !hub.commit(&two), "exactly one wins");
    let invalid = is(400, "invalid_grant", "authorization_code is invalid");
    assert_eq!(fault(&exchange(&hub, &first, &[])), invalid);
    let late = code(&hub);
    hub.now_ms.set(NOW_MS + CODE_MS);
    assert_eq!(fault(&exchange(&hub, &late, &[])), invalid);
}

#[test]
fn a_refresh_token_is_replaced_at_each_use_and_ends_twelve_hours_after_the_login() {
    let hub = Hub::new();
    let first = text(&exchange(&hub, &code(&hub), &[]), "refresh_token");
    hub.now_ms.set(NOW_MS + 3_600_000);
    let answer = refresh(&hub, &first, &[]);
    assert_eq!((answer.status, text(&answer, "refresh_count").as_str()), (200, "1"));
    assert_eq!(text(&answer, "refresh_token_expires_in"), "39599");
    assert_eq!(hub.session(&text(&answer, "access_token")).unwrap().user_id, USER);
    let invalid = is(401, "invalid_grant", "refresh_token is invalid");
    assert_eq!(fault(&refresh(&hub, &first, &[])), invalid, "it was used");
    assert_eq!(fault(&refresh(&hub, "wrong", &[])), invalid);
    let missing = is(400, "invalid_request", "refresh_token is missing");
    assert_eq!(fault(&refresh(&hub, &first, &[("refresh_token", "")])), missing);
    assert_eq!(refresh(&hub, &first, &[("client_secret", "wrong")]).status, 401);
    hub.now_ms.set(NOW_MS + LOGIN_MS);
    let ended = is(401, "invalid_grant", "refresh token refresh period has expired");
    assert_eq!(fault(&refresh(&hub, &text(&answer, "refresh_token"), &[])), ended);
}

#[test]
fn a_login_under_another_organisations_certificate_is_denied() {
    let mut hub = Hub::new();
    let code = code(&hub);
    hub.peer = Some(Peer { ods: "B20047".to_owned(), name: "1".to_owned() });
    let location = header(&login(&hub, &[]), "location").unwrap().to_owned();
    assert!(location.contains("?error=access_denied&"), "{location}");
    let (status, error, _) = fault(&exchange(&hub, &code, &[]));
    assert_eq!((status, error.as_str()), (401, "invalid_client"));
}

#[test]
fn every_synthetic_user_can_log_in_and_in_the_sandbox_everybody() {
    let population = Population::new(42, Sizes { patients: 10, ..Sizes::default() }).unwrap();
    let rows: Vec<_> = seed::clients_and_users(&population).collect();
    assert_eq!(rows.len() as u64, u64::from(population.sessions()) + population.backlog().logins + 1);
    assert!(rows.windows(2).all(|w| w[0].1 < w[1].1));
    let user = record::user_key(&population.session(3).user_id);
    assert!(rows.iter().any(|r| r.1 == user));
    let hub = Hub { sandbox: true, ..Hub::new() };
    let answer = login(&hub, &[("username", "999999999998")]);
    assert!(header(&answer, "location").unwrap().contains("?code="));
}
