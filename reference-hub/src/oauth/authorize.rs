//! `POST /oauth2/authorize`: a simulated smartcard login. Who the user is stands in the form; the answer sends the
//! browser back to the client with a code.

use super::form::Form;
use super::record::{self, Client, Login, Once, User};
use super::{CODE_MS, Refused, refused, secret, store_failed};
use crate::auth::Session;
use crate::domain::{Context, Decision};
use crate::message::{Answer, Request};
use hub_store::{Table, Txn};
use std::fmt::Write;

/// Longest `state` that is mirrored, in bytes. 2 KiB: a URL with more is not taken everywhere.
const STATE_BYTES_MAX: usize = 2 * 1024;

/// Decides the request.
///
/// # Errors
/// The published refusals that cannot be sent to the client's address.
pub fn decide(ctx: &Context<'_>, request: &Request) -> Result<Decision, Refused> {
    let form = Form::of(request)?;
    let client_id = form.need("client_id", 401)?;
    let found = record::read::<Client>(ctx, &record::client_key(client_id)).map_err(store_failed)?;
    let Some((client, _)) = found else {
        return Err(refused(401, "invalid_request", "client_id is invalid"));
    };
    let redirect_uri = form.need("redirect_uri", 400)?;
    if !client.redirect_uris.iter().any(|uri| uri == redirect_uri) {
        return Err(refused(400, "invalid_request", "redirect_uri is invalid"));
    }
    let state = form.get("state");
    let sent_back = |error: &str, description: &str| {
        let back = back(redirect_uri, &[("error", error), ("error_description", description)], state);
        Ok(Decision::read(back, ""))
    };
    match form.get("response_type") {
        None => return sent_back("invalid_request", "response_type is missing"),
        Some("code") => {}
        Some(_) => return sent_back("unsupported_response_type", "response_type is invalid"),
    }
    match state {
        None => return sent_back("invalid_request", "state is missing"),
        Some(state) if state.len() > STATE_BYTES_MAX => {
            return Err(refused(400, "invalid_request", "state is too long"));
        }
        Some(_) => {}
    }
    let Some(user) = user(ctx, form.get("username"))? else {
        return sent_back("access_denied", "username is invalid");
    };
    if ctx.peer.is_some_and(|peer| !peer.ods.eq_ignore_ascii_case(&user.ods)) {
        return sent_back("access_denied", "the client certificate is of another organisation");
    }
    let code = secret(ctx);
    let key = record::once_key(Once::Code, &code);
    let until_ms = ctx.now_ms + CODE_MS;
    let subject = user.user_id.clone();
    let (client_id, redirect) = (client.client_id, redirect_uri.to_owned());
    let login = Login { user, client_id, redirect_uri: redirect, until_ms, refreshed: 0 };
    let puts = vec![record::ends(until_ms, Table::Clients, &key), record::put(key.clone(), &login)];
    let txn = Txn { checks: vec![record::absent(key)], puts, ..Txn::default() };
    Ok(Decision::write(back(redirect_uri, &[("code", &code)], state), txn, subject))
}

/// Whose smartcard it is; in the open sandbox everybody has one.
fn user(ctx: &Context<'_>, name: Option<&str>) -> Result<Option<User>, Refused> {
    let Some(name) = name.filter(|n| n.len() == 12 && n.bytes().all(|b| b.is_ascii_digit())) else {
        return Ok(None);
    };
    let found = record::read::<User>(ctx, &record::user_key(name)).map_err(store_failed)?;
    let Session { ods, role, .. } = Session::sandbox();
    let of_sandbox = ctx.sandbox.then(|| User { user_id: name.to_owned(), ods, role });
    Ok(found.map(|(user, _)| user).or(of_sandbox))
}

/// The way back to the client, with these values and the state.
fn back(redirect_uri: &str, values: &[(&str, &str)], state: Option<&str>) -> Answer {
    let mut location = redirect_uri.to_owned();
    let mut sign = if redirect_uri.contains('?') { '&' } else { '?' };
    for (name, value) in values.iter().copied().chain(state.map(|state| ("state", state))) {
        location.push(sign);
        location.push_str(name);
        location.push('=');
        escape(value, &mut location);
        sign = '&';
    }
    Answer::empty(302).with("location", location).with("cache-control", "no-store")
}

/// Percent-encodes all but the unreserved characters (RFC 3986, section 2.3).
fn escape(value: &str, out: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}"); // writing to a String cannot fail
        }
    }
}
