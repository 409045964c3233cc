//! The JWT with which an application shows who it is (RFC 7523), checked in the published order of faults.
//!
//! Called by the token address. Pure: the time comes in. The signature is checked by `jsonwebtoken` on aws-lc.

use super::record::{self, Client};
use super::{Refused, refused, store_failed};
use crate::domain::Context;
use crate::message::Request;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::{Map, Value};

/// Furthest that an assertion's end may lie ahead, in seconds. Published: five minutes, with ten seconds for clocks that
/// differ.
const AHEAD_S_MAX: u64 = 310;

/// Longest assertion looked at, in bytes. 16 KiB: ten times one with a large key.
const ASSERTION_BYTES_MAX: usize = 16 * 1024;

/// An assertion that holds, except that it may have been used before.
#[derive(Debug)]
pub struct Assertion {
    /// Who signed it.
    pub client: Client,
    /// Its id, used once.
    pub jti: String,
    /// When it ends, in milliseconds since the Unix epoch.
    pub exp_ms: u64,
}

fn invalid(status: u16, description: &str) -> Refused {
    refused(status, "invalid_request", description)
}

/// Checks everything but the single use.
///
/// # Errors
/// The published refusals.
pub fn check(ctx: &Context<'_>, request: &Request, jwt: &str) -> Result<Assertion, Refused> {
    let malformed = || invalid(400, "Malformed JWT in client_assertion");
    let (message, signature) = jwt.rsplit_once('.').ok_or_else(malformed)?;
    let (header, claims) = message.split_once('.').ok_or_else(malformed)?;
    if jwt.len() > ASSERTION_BYTES_MAX || claims.contains('.') {
        return Err(malformed());
    }
    let header = object(header).ok_or_else(malformed)?;
    let claims = object(claims).ok_or_else(malformed)?;
    let kid = check_header(&header)?;
    let exp_ms = check_times(&claims, ctx.now_ms)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|v| !v.is_empty());
    let issuer = text("iss")
        .filter(|iss| text("sub") == Some(iss))
        .ok_or_else(|| invalid(400, "Missing or non-matching 'iss'/'sub' claims in client_assertion JWT"))?;
    let jti = match claims.get("jti") {
        None | Some(Value::Null) => return Err(invalid(400, "Missing 'jti' claim in client_assertion JWT")),
        Some(Value::String(jti)) if !jti.is_empty() => jti.clone(),
        Some(_) => {
            let description =
                "Invalid 'jti' claim in client_assertion JWT - must be a unique string value such as a GUID";
            return Err(invalid(400, description));
        }
    };
    if !audience_is_this_hub(&claims, request) {
        return Err(invalid(401, "Missing or invalid 'aud' claim in client_assertion JWT"));
    }
    let found = record::read::<Client>(ctx, &record::client_key(issuer)).map_err(store_failed)?;
    let Some((client, _)) = found else {
        return Err(invalid(401, "Invalid 'iss'/'sub' claims in client_assertion JWT"));
    };
    if client.keys.is_empty() || client.ods.is_empty() {
        let description = "You need to register a public key to use this authentication method - please contact \
                           support to configure";
        return Err(refused(403, "public_key error", description));
    }
    let key = client.keys.iter().find(|key| key.common.key_id.as_deref() == Some(kid));
    let key = key.and_then(|key| DecodingKey::from_jwk(key).ok()).ok_or_else(|| {
        invalid(401, "Invalid 'kid' header in client_assertion JWT - no matching public key")
    })?;
    if !crypto::verify(signature, message.as_bytes(), &key, Algorithm::RS512).unwrap_or(false) {
        return Err(refused(401, "public_key error", "JWT signature verification failed"));
    }
    Ok(Assertion { client, jti, exp_ms })
}

/// A part of the JWT as JSON.
fn object(part: &str) -> Option<Map<String, Value>> {
    match serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// The id of the key, of a header that asks for RS512 and nothing else.
fn check_header(header: &Map<String, Value>) -> Result<&str, Refused> {
    match header.get("alg").and_then(Value::as_str) {
        None | Some("") => return Err(invalid(400, "Missing 'alg' header in client_assertion JWT")),
        Some("RS512") => {}
        Some(_) => {
            let description =
                "Invalid 'alg' header in client_assertion JWT - unsupported JWT algorithm - must be 'RS512'";
            return Err(invalid(400, description));
        }
    }
    if header.contains_key("crit") {
        return Err(invalid(400, "Malformed JWT in client_assertion")); // RFC 7515: we know no extension
    }
    let kid = header.get("kid").and_then(Value::as_str).filter(|kid| !kid.is_empty());
    let kid = kid.ok_or_else(|| invalid(400, "Missing 'kid' header in client_assertion JWT"))?;
    if !header.get("typ").and_then(Value::as_str).is_some_and(|typ| typ.eq_ignore_ascii_case("jwt")) {
        return Err(invalid(400, "Invalid 'typ' header in client_assertion JWT - must be 'JWT'"));
    }
    Ok(kid)
}

/// When the assertion ends, in milliseconds since the Unix epoch.
fn check_times(claims: &Map<String, Value>, now_ms: u64) -> Result<u64, Refused> {
    let exp_s = match claims.get("exp") {
        None | Some(Value::Null) => return Err(invalid(400, "Missing 'exp' claim in client_assertion JWT")),
        Some(exp) => exp.as_u64().ok_or_else(|| {
            invalid(400, "Invalid 'exp' claim in client_assertion JWT - must be an integer")
        })?,
    };
    let exp_ms = exp_s.saturating_mul(1000);
    if exp_ms <= now_ms {
        return Err(invalid(400, "Invalid 'exp' claim in client_assertion JWT - JWT has expired"));
    }
    if exp_s > now_ms / 1000 + AHEAD_S_MAX {
        let description = "Invalid 'exp' claim in client_assertion JWT - more than 5 minutes in future";
        return Err(invalid(400, description));
    }
    let early = claims.get("nbf").and_then(Value::as_f64).is_some_and(|nbf| nbf * 1000.0 > now_ms as f64);
    if early {
        return Err(invalid(400, "Invalid 'nbf' claim in client_assertion JWT - JWT is not yet valid"));
    }
    Ok(exp_ms)
}

/// True when the assertion was made for the address that the request came to.
fn audience_is_this_hub(claims: &Map<String, Value>, request: &Request) -> bool {
    let Some(host) = request.header("host").filter(|host| !host.is_empty()) else { return false };
    let ours = |aud: &str| {
        let place = aud.strip_prefix("https://").or_else(|| aud.strip_prefix("http://"));
        let host_of = place.and_then(|place| place.strip_suffix("/oauth2/token"));
        host_of.is_some_and(|aud| aud.eq_ignore_ascii_case(host))
    };
    match claims.get("aud") {
        Some(Value::String(aud)) => ours(aud),
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).any(ours),
        _ => false,
    }
}
