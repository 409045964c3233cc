//! Tokens from small servers on loopback that answer what the test says and keep what they were asked.

use super::*;
use jsonwebtoken::{DecodingKey, Validation};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA512, RsaKeySize};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use std::io::Write;
use std::net::TcpListener;
use std::sync::{Arc, LazyLock};

static PAIR: LazyLock<KeyPair> =
    LazyLock::new(|| KeyPair::generate_rsa_for(&PKCS_RSA_SHA512, RsaKeySize::_2048).unwrap());
const CLIENT: &str = "client-of-the-test";

/// A server that gives these answers, one for each connection, and what it was asked.
fn server(
    answers: Vec<String>,
    tls: Option<Arc<rustls::ServerConfig>>,
) -> (u16, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (asked, questions) = channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            let question = match &tls {
                None => serve(stream, &answer),
                Some(config) => {
                    let connection = rustls::ServerConnection::new(Arc::clone(config)).unwrap();
                    serve(rustls::StreamOwned::new(connection, stream), &answer)
                }
            };
            let _ = asked.send(question);
        }
    });
    (port, questions)
}

fn serve(mut stream: impl Read + Write, answer: &str) -> String {
    let (mut question, mut part) = (String::new(), [0; 4096]);
    loop {
        let Ok(n) = stream.read(&mut part) else { return question };
        question.push_str(std::str::from_utf8(&part[..n]).unwrap());
        let whole = question.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head.split("Content-Length: ").nth(1).unwrap().lines().next().unwrap();
            body.len() == length.parse::<usize>().unwrap()
        });
        if whole || n == 0 {
            break;
        }
    }
    // The assertion is echoed where the test asks for it.
    let assertion = question.rsplit("client_assertion=").next().unwrap();
    stream.write_all(answer.replace("{assertion}", assertion).as_bytes()).unwrap();
    stream.flush().unwrap();
    question
}

fn answer(status: &str, body: &str) -> String {
    // The length is that of the body with an assertion's, which is not known before.
    format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{body}")
}

fn token(name: &str, expires_in: &str) -> String {
    answer("200 OK", &format!("{{\"access_token\":\"{name}\",\"expires_in\":{expires_in}}}"))
}

/// A scenario whose credential TOKEN comes from there.
fn scenario(scheme: &str, port: u16, key_pem: &str, ca_pem: &str) -> Scenario {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let ca = if ca_pem.is_empty() { "" } else { ", ca = \"ca.pem\"" };
    let text = format!(
        "title = \"t\"\nmix = {{ pds-retrieve = 1 }}\n[target]\nurl = \"http://127.0.0.1:1\"\n[[phase]]\nname = \"p\"\n\
         duration = \"1s\"\nrate = \"1/s\"\n[credentials]\nTOKEN = {{ signed-jwt = {{ url = \
         \"{scheme}://localhost:{port}/oauth2/token\", key = {{ file = \"key.pem\" }}, kid = \"test-1\", client-id = \
         {{ file = \"id\" }}, audience = \"https://aud.example.org\"{ca} }} }}\n"
    );
    std::fs::write(place("s.toml"), text).unwrap();
    std::fs::write(place("key.pem"), key_pem).unwrap();
    std::fs::write(place("id"), CLIENT).unwrap();
    std::fs::write(place("ca.pem"), ca_pem).unwrap();
    scenarios::load(&place("s.toml")).unwrap_or_else(|f| panic!("{f}"))
}

fn present(scenario: &Scenario, value: &str) -> bool {
    scenario.credentials.secrets().mask(value) == "[secret]"
}

#[test]
fn the_assertion_says_what_is_published_and_a_pair_is_never_used_twice() {
    let (port, questions) = server(vec![token("token-one", "599"), token("token-two", "\"599\"")], None);
    let scenario = scenario("http", port, &PAIR.serialize_pem(), "");
    let mut ids = Vec::new();
    for name in ["token-one", "token-two"] {
        let tokens = AccessTokens::start(&scenario).unwrap();
        assert!(present(&scenario, name));
        assert_eq!(tokens.finish(), None);
        let question = questions.recv().unwrap();
        assert!(question.starts_with("POST /oauth2/token HTTP/1.1\r\n"), "{question}");
        assert!(question.contains(&format!("\r\nHost: localhost:{port}\r\n")), "{question}");
        let form = question.split_once("\r\n\r\n").unwrap().1;
        let rest = "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3A\
                    client-assertion-type%3Ajwt-bearer&client_assertion=";
        let jwt = form.strip_prefix(rest).unwrap();
        let mut validation = Validation::new(Algorithm::RS512);
        validation.set_audience(&["https://aud.example.org"]);
        let key = DecodingKey::from_rsa_pem(PAIR.public_key_pem().as_bytes()).unwrap();
        let read = jsonwebtoken::decode::<Value>(jwt, &key, &validation).unwrap();
        assert_eq!((read.header.kid.as_deref(), read.header.typ.as_deref()), (Some("test-1"), Some("JWT")));
        assert_eq!((&read.claims["iss"], &read.claims["sub"]), (&json!(CLIENT), &json!(CLIENT)));
        let life = read.claims["exp"].as_i64().unwrap() - clock::wall_now().as_second();
        assert!((1..=300).contains(&life), "{life}");
        ids.push(read.claims["jti"].as_str().unwrap().to_owned());
    }
    assert_ne!(ids[0], ids[1]);
    assert_eq!((ids[0].len(), &ids[0][14..15]), (36, "4"));
}

#[test]
fn the_next_token_comes_before_the_present_one_ends() {
    let (port, _questions) = server(vec![token("token-one", "1"), token("token-two", "599")], None);
    let scenario = scenario("http", port, &PAIR.serialize_pem(), "");
    let tokens = AccessTokens::start(&scenario).unwrap();
    assert!(present(&scenario, "token-one") && !present(&scenario, "token-two"));
    let came = (0..100).any(|_| {
        clock::sleep(Duration::from_millis(20));
        present(&scenario, "token-two")
    });
    assert!(came, "no second token within two seconds");
    assert_eq!(tokens.finish(), None);
}

#[test]
fn a_token_that_ends_without_a_successor_is_told() {
    let (port, _questions) = server(vec![token("token-one", "1")], None);
    let scenario = scenario("http", port, &PAIR.serialize_pem(), "");
    let tokens = AccessTokens::start(&scenario).unwrap();
    clock::sleep(Duration::from_millis(1_500));
    let sentence = tokens.finish().unwrap();
    assert!(sentence.contains("a token that had ended") && sentence.contains("TOKEN"), "{sentence}");
    assert!(!sentence.contains("token-one"), "{sentence}");
}

#[test]
fn a_server_that_gives_no_token_is_named_without_a_secret() {
    let echo =
        format!("{{\"error\":\"invalid_client\",\"error_description\":\"{CLIENT} sent {{assertion}}\"}}");
    for (answer, part) in [
        (answer("401 Unauthorized", &echo), "it answered 401 (invalid_client: [secret] sent [secret])"),
        (answer("302 Found", "elsewhere"), "it answered 302"),
        (answer("200 OK", "{}"), "its answer has no access_token"),
        (token("to\\nken", "1"), "control character"),
        ("nonsense".to_owned(), "not an HTTP/1.1 answer"),
        (String::new(), "closed"),
    ] {
        let (port, _questions) = server(vec![answer], None);
        let scenario = scenario("http", port, &PAIR.serialize_pem(), "");
        let sentence = AccessTokens::start(&scenario).unwrap_err();
        let start = format!("credential TOKEN: no access token from http://localhost:{port}/oauth2/token: ");
        assert!(sentence.starts_with(&start) && sentence.contains(part), "{part}: {sentence}");
    }
    let (port, _) = server(Vec::new(), None);
    let nobody = scenario("http", port, &PAIR.serialize_pem(), "");
    assert!(AccessTokens::start(&nobody).unwrap_err().contains("it cannot be"), "nobody answers");
    let torn = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let sentence = AccessTokens::start(&scenario("http", port, torn, "")).unwrap_err();
    assert!(sentence.contains("no RSA private key") && !sentence.contains("AAAA"), "{sentence}");
}

#[test]
fn https_is_asked_only_of_a_server_that_the_authority_vouches_for() {
    let own = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().self_signed(&own).unwrap();
    let key = PrivateKeyDer::from_pem_slice(own.serialize_pem().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let (port, _questions) = server(vec![token("token-one", "599")], Some(Arc::clone(&config)));
    let trusting = scenario("https", port, &PAIR.serialize_pem(), &certificate.pem());
    AccessTokens::start(&trusting).unwrap();
    assert!(present(&trusting, "token-one"));

    let other = KeyPair::generate().unwrap();
    let stranger = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&other).unwrap();
    let (port, _questions) = server(vec![token("token-one", "599")], Some(config));
    let wary = scenario("https", port, &PAIR.serialize_pem(), &stranger.pem());
    let sentence = AccessTokens::start(&wary).unwrap_err();
    assert!(sentence.contains("it cannot be asked"), "{sentence}");
}
