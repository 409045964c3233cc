//! Access tokens for the user's own system, got with a signed JWT (RFC 7523, as the NHS API platform publishes it for
//! application-restricted access). The command line starts it before a run and ends it after: every token is there before the
//! first request, and a thread fetches the next one before it ends. It never says a token, a key, a client id or an assertion.

mod ask;

use crate::clock;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use scenarios::{Scenario, Secret, Secrets, SignedJwt};
use serde_json::{Value, json};
use std::io::Read;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long an assertion holds. Published: five minutes at most; one is enough for clocks that differ and a slow network.
const ASSERTION_S: i64 = 60;
/// How long a token holds whose server does not say: less than any published one (599 s).
const LIFE_DEFAULT: Duration = Duration::from_secs(300);
/// The share of a token's life after which the next one is fetched: leaves 150 s of the published 599 s for a server that
/// does not answer.
const FRESH_SHARE: f64 = 0.75;
/// Longest life that is believed, a day: a server that says more is asked again all the same.
const LIFE_MAX: Duration = Duration::from_secs(86_400);
/// Pause after a refresh that failed.
const RETRY: Duration = Duration::from_secs(5);
/// Characters of a server's explanation that are shown.
const SHOWN_MAX: usize = 200;

/// The tokens of a run, kept fresh until they are finished or dropped.
#[derive(Debug, Default)]
pub struct AccessTokens {
    /// Dropping these ends the threads.
    ends: Vec<Sender<()>>,
    threads: Vec<JoinHandle<Option<String>>>,
}

impl AccessTokens {
    /// Fetches every token that the scenario needs; does nothing when it needs none.
    ///
    /// # Errors
    /// One sentence that names the credential, the server and why there is no token. No secret is in it.
    pub fn start(scenario: &Scenario) -> Result<AccessTokens, String> {
        let mut tokens = AccessTokens::default();
        for jwt in scenario.credentials.signed_jwts() {
            let (jwt, secrets) = (jwt.clone(), scenario.credentials.secrets().clone());
            let life = fetch(&jwt, &secrets)?;
            let (end, ended) = channel();
            let thread = std::thread::Builder::new()
                .name("access-token".into())
                .spawn(move || keep_fresh(&jwt, &secrets, life, &ended))
                .map_err(|e| format!("no thread is to be had that keeps access tokens fresh: {e}"))?;
            tokens.ends.push(end);
            tokens.threads.push(thread);
        }
        Ok(tokens)
    }

    /// Ends the refreshing; gives a sentence when requests went out with a token that had ended.
    #[must_use]
    pub fn finish(mut self) -> Option<String> {
        self.end()
    }

    fn end(&mut self) -> Option<String> {
        self.ends.clear();
        let lapsed: Vec<String> = self.threads.drain(..).filter_map(|t| t.join().ok().flatten()).collect();
        (!lapsed.is_empty()).then(|| lapsed.join("; "))
    }
}

impl Drop for AccessTokens {
    fn drop(&mut self) {
        self.end();
    }
}

/// Fetches the next token before each ends, until told to end. Gives the sentence of the first token that ended before its
/// successor came.
fn keep_fresh(
    jwt: &SignedJwt,
    secrets: &Secrets,
    mut life: Duration,
    ended: &Receiver<()>,
) -> Option<String> {
    let mut lapsed = None;
    loop {
        let mut wait = life.mul_f64(FRESH_SHARE);
        let mut left = life - wait;
        life = loop {
            match ended.recv_timeout(wait) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return lapsed,
            }
            match fetch(jwt, secrets) {
                Ok(life) => break life,
                Err(why) if left.is_zero() => {
                    lapsed.get_or_insert(format!("{why}; requests went out with a token that had ended"));
                    wait = RETRY;
                }
                Err(_) => {
                    wait = RETRY.min(left);
                    left -= wait;
                }
            }
        };
    }
}

/// Fetches a token into its cell; gives how long it holds.
fn fetch(jwt: &SignedJwt, secrets: &Secrets) -> Result<Duration, String> {
    let no_token = |why: String| format!("credential {}: no access token from {}: {why}", jwt.name, jwt.url);
    let assertion = assertion(jwt).map_err(no_token)?;
    let form = format!(
        "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3A\
         jwt-bearer&client_assertion={}",
        assertion.expose()
    );
    let (status, body) = ask::post(jwt, &form).map_err(no_token)?;
    let body = body.expose();
    let secrets = secrets.and(assertion.expose());
    let answer: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    let text = |name: &str| answer.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
    if status != 200 {
        let said =
            [text("error"), text("error_description")].into_iter().flatten().collect::<Vec<_>>().join(": ");
        let said: String = secrets.shown(&said, SHOWN_MAX).chars().filter(|c| !c.is_control()).collect();
        let said = if said.is_empty() { said } else { format!(" ({said})") };
        return Err(no_token(format!("it answered {status}{said}")));
    }
    let Some(token) = text("access_token") else {
        return Err(no_token("its answer has no access_token".into()));
    };
    if token.chars().any(char::is_control) {
        return Err(no_token("its access_token has a control character".into()));
    }
    // A number by RFC 6749, a text with a number as the NHS API platform publishes it.
    let life_s = match answer.get("expires_in") {
        Some(Value::String(text)) => text.parse().ok(),
        Some(number) => number.as_u64(),
        None => None,
    };
    jwt.cell.set(Secret::new(token.to_owned()));
    Ok(life_s.filter(|s| *s > 0).map_or(LIFE_DEFAULT, Duration::from_secs).min(LIFE_MAX))
}

/// A signed JWT that says who we are: `iss` and `sub` the client, `aud` the server, an id used once, and an end.
fn assertion(jwt: &SignedJwt) -> Result<Secret, String> {
    let key = EncodingKey::from_rsa_pem(jwt.key.expose().as_bytes())
        .map_err(|_| "the key is no RSA private key in PEM".to_owned())?;
    let mut header = Header::new(Algorithm::RS512);
    header.kid = Some(jwt.kid.clone());
    let client = jwt.client_id.expose();
    let now_s = clock::wall_now().as_second();
    let claims = json!({
        "iss": client,
        "sub": client,
        "aud": jwt.audience,
        "jti": fresh_id()?,
        "iat": now_s,
        "exp": now_s + ASSERTION_S,
    });
    jsonwebtoken::encode(&header, &claims, &key)
        .map(Secret::new)
        .map_err(|_| "the key cannot sign with RS512".to_owned())
}

/// A version-4 UUID from the system's own chance: two runs of one scenario must not use the same.
fn fresh_id() -> Result<String, String> {
    let mut bytes = [0_u8; 16];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(|e| format!("/dev/urandom cannot be read: {e}"))?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut id = String::with_capacity(36);
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        id += &format!("{byte:02x}");
    }
    Ok(id)
}

#[cfg(test)]
mod tests;
