//! `/oauth2/authorize`: a simulated smartcard login. GET shows a page that asks who the user is, POST takes the form and
//! sends the browser back to the client with a code.

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

/// What a client asks for when it sends a user to log in.
struct Wanted<'a> {
    client: Client,
    redirect_uri: &'a str,
    state: &'a str,
}

/// Decides the request of a browser that comes to log in (GET): a page that asks who the user is.
///
/// # Errors
/// The published refusals that cannot be sent to the client's address.
pub fn page(ctx: &Context<'_>, request: &Request) -> Result<Decision, Refused> {
    let form = Form::of_query(request)?;
    let answer = match wanted(ctx, &form)? {
        Ok(Wanted { client, redirect_uri, state }) => {
            let fields = [
                ("response_type", "code"),
                ("client_id", client.client_id.as_str()),
                ("redirect_uri", redirect_uri),
                ("state", state),
            ];
            Answer::new(200, "text/html; charset=utf-8", html(&fields))
                .with("cache-control", "no-store")
                .with("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
        }
        Err(sent_back) => sent_back,
    };
    Ok(Decision::read(answer, ""))
}

/// Decides the request that says who the user is (POST).
///
/// # Errors
/// The published refusals that cannot be sent to the client's address.
pub fn decide(ctx: &Context<'_>, request: &Request) -> Result<Decision, Refused> {
    let form = Form::of(request)?;
    let Wanted { client, redirect_uri, state } = match wanted(ctx, &form)? {
        Ok(wanted) => wanted,
        Err(sent_back) => return Ok(Decision::read(sent_back, "")),
    };
    let denied = |description: &str| {
        let values = [("error", "access_denied"), ("error_description", description)];
        Ok(Decision::read(back(redirect_uri, &values, Some(state)), ""))
    };
    let Some(user) = user(ctx, form.get("username"))? else {
        return denied("username is invalid");
    };
    if ctx.peer.is_some_and(|peer| !peer.ods.eq_ignore_ascii_case(&user.ods)) {
        return denied("the client certificate is of another organisation");
    }
    let code = secret(ctx);
    let key = record::once_key(Once::Code, &code);
    let until_ms = ctx.now_ms + CODE_MS;
    let subject = user.user_id.clone();
    let (client_id, redirect) = (client.client_id, redirect_uri.to_owned());
    let login = Login { user, client_id, redirect_uri: redirect, until_ms, refreshed: 0 };
    let puts = vec![record::ends(until_ms, Table::Clients, &key), record::put(key.clone(), &login)];
    let txn = Txn { checks: vec![record::absent(key)], puts, ..Txn::default() };
    Ok(Decision::write(back(redirect_uri, &[("code", &code)], Some(state)), txn, subject))
}

/// What the client asks for, or the answer that sends the user back to it with what is wrong.
///
/// # Errors
/// The published refusals of a client or an address that is not known: nobody is sent there.
fn wanted<'a>(ctx: &Context<'_>, form: &'a Form) -> Result<Result<Wanted<'a>, Answer>, Refused> {
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
    if state.is_some_and(|state| state.len() > STATE_BYTES_MAX) {
        return Err(refused(400, "invalid_request", "state is too long"));
    }
    let sent_back = |error: &str, description: &str| {
        let values = [("error", error), ("error_description", description)];
        Ok(Err(back(redirect_uri, &values, state)))
    };
    match (form.get("response_type"), state) {
        (None, _) => sent_back("invalid_request", "response_type is missing"),
        (Some("code"), None) => sent_back("invalid_request", "state is missing"),
        (Some("code"), Some(state)) => Ok(Ok(Wanted { client, redirect_uri, state })),
        (Some(_), _) => sent_back("unsupported_response_type", "response_type is invalid"),
    }
}

/// A page with these fields hidden in its form, and one for the user.
fn html(fields: &[(&str, &str)]) -> String {
    let mut out = String::from(
        "<!doctype html><html lang=\"en\"><title>Log in</title><h1>Simulated smartcard</h1>\
         <form method=\"post\" action=\"/oauth2/authorize\">",
    );
    for (name, value) in fields {
        out += &format!("<input type=\"hidden\" name=\"{name}\" value=\"");
        for c in value.chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                c => out.push(c),
            }
        }
        out += "\">";
    }
    out += "<label>User id, 12 digits <input name=\"username\" pattern=\"[0-9]{12}\" required></label> \
            <button>Log in</button></form></html>";
    out
}

/// Whose smartcard it is; in the open sandbox everybody has one.
fn user(ctx: &Context<'_>, name: Option<&str>) -> Result<Option<User>, Refused> {
    let Some(name) = name.filter(|n| n.len() == 12 && n.bytes().all(|b| b.is_ascii_digit())) else {
        return Ok(None);
    };
    let found = record::read::<User>(ctx, &record::user_key(name)).map_err(store_failed)?;
    let Session { ods, role, .. } = Session::sandbox();
    let of_sandbox =
        ctx.sandbox.then(|| User { user_id: name.to_owned(), ods, role, role_profile_id: String::new() });
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
