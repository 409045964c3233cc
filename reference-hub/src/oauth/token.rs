//! `POST /oauth2/token`: an access token for a signed JWT, for a login's code, or for a refresh token. Each of the three
//! is used once, also when two requests race with it.

use super::form::Form;
use super::record::{self, Client, Login, Once, User};
use super::{LOGIN_MS, Refused, TOKEN_MS, answer, assertion, refused, secret, store_failed};
use crate::auth::Session;
use crate::domain::{Context, Decision};
use crate::message::Request;
use hub_store::{Put, Table, Txn};
use serde_json::{Value, json};

/// The one way in which an application may show who it is (RFC 7523).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Decides the request.
///
/// # Errors
/// The published refusals.
pub fn decide(ctx: &Context<'_>, request: &Request) -> Result<Decision, Refused> {
    let form = Form::of(request)?;
    match form.need("grant_type", 400)? {
        "client_credentials" => application(ctx, request, &form),
        "authorization_code" => exchange(ctx, &form),
        "refresh_token" => refresh(ctx, &form),
        _ => Err(refused(400, "unsupported_grant_type", "grant_type is invalid")),
    }
}

/// A token for an application on its own.
fn application(ctx: &Context<'_>, request: &Request, form: &Form) -> Result<Decision, Refused> {
    if form.get("client_assertion_type") != Some(JWT_BEARER) {
        let description = format!("Missing or invalid client_assertion_type - must be '{JWT_BEARER}'");
        return Err(refused(400, "invalid_request", &description));
    }
    let Some(jwt) = form.get("client_assertion") else {
        return Err(refused(400, "invalid_request", "Missing client_assertion"));
    };
    let assertion = assertion::check(ctx, request, jwt)?;
    let client = assertion.client;
    of_the_callers_organisation(ctx, &client.ods)?;
    let used = record::assertion_key(&client.client_id, &assertion.jti);
    if ctx.view.get(Table::Clients, &used).map_err(store_failed)?.is_some() {
        return Err(refused(400, "invalid_request", "Non-unique 'jti' claim in client_assertion JWT"));
    }
    let (token, mut puts) = session(ctx, ctx.now_ms + TOKEN_MS, |expires_ms| Session {
        user_id: client.client_id.clone(),
        ods: client.ods.clone(),
        role: String::new(),
        role_profile_id: String::new(),
        expires_ms,
        application: true,
        anywhere: false,
    });
    puts.push(record::put(used.clone(), &assertion.exp_ms));
    puts.push(record::ends(assertion.exp_ms, Table::Clients, &used));
    let body = json!({
        "access_token": token,
        "expires_in": lasts(TOKEN_MS),
        "token_type": "Bearer",
        "issued_at": ctx.now_ms.to_string(),
    });
    let txn = Txn { checks: vec![record::absent(used)], puts, ..Txn::default() };
    Ok(Decision::write(answer(200, &body), txn, client.client_id))
}

/// A token for the code of a login.
fn exchange(ctx: &Context<'_>, form: &Form) -> Result<Decision, Refused> {
    let client = authenticated(ctx, form)?;
    let redirect_uri = form.need("redirect_uri", 400)?;
    if !client.redirect_uris.iter().any(|uri| uri == redirect_uri) {
        return Err(refused(400, "invalid_request", "redirect_uri is invalid"));
    }
    let Some(code) = form.get("code") else {
        return Err(super::form::missing("authorization_code", 400));
    };
    let key = record::once_key(Once::Code, code);
    let invalid = || refused(400, "invalid_grant", "authorization_code is invalid");
    let found = record::read::<Login>(ctx, &key).map_err(store_failed)?;
    let (login, version) = found.ok_or_else(invalid)?;
    if login.client_id != client.client_id
        || login.redirect_uri != redirect_uri
        || login.until_ms <= ctx.now_ms
    {
        return Err(invalid());
    }
    let until_ms = ctx.now_ms + LOGIN_MS;
    of_the_callers_organisation(ctx, &login.user.ods)?;
    Ok(grant(ctx, (key, version), Login { redirect_uri: String::new(), until_ms, ..login }))
}

/// A token for a refresh token, which is replaced by another.
fn refresh(ctx: &Context<'_>, form: &Form) -> Result<Decision, Refused> {
    let client = authenticated(ctx, form)?;
    let key = record::once_key(Once::Refresh, form.need("refresh_token", 400)?);
    let invalid = || refused(401, "invalid_grant", "refresh_token is invalid");
    let found = record::read::<Login>(ctx, &key).map_err(store_failed)?;
    let (login, version) = found.ok_or_else(invalid)?;
    if login.client_id != client.client_id {
        return Err(invalid());
    }
    if login.until_ms <= ctx.now_ms {
        return Err(refused(401, "invalid_grant", "refresh token refresh period has expired"));
    }
    of_the_callers_organisation(ctx, &login.user.ods)?;
    Ok(grant(ctx, (key, version), Login { refreshed: login.refreshed + 1, ..login }))
}

/// Uses up what the grant was asked with, and opens a session with another refresh token.
fn grant(ctx: &Context<'_>, (key, version): (Vec<u8>, u64), login: Login) -> Decision {
    let User { user_id, ods, role, role_profile_id } = login.user.clone();
    let (token, mut puts) = session(ctx, login.until_ms.min(ctx.now_ms + TOKEN_MS), |expires_ms| Session {
        user_id: user_id.clone(),
        ods,
        role,
        role_profile_id,
        expires_ms,
        application: false,
        anywhere: false,
    });
    let refresh_token = secret(ctx);
    let refresh = record::once_key(Once::Refresh, &refresh_token);
    puts.push(record::ends(login.until_ms, Table::Clients, &refresh));
    puts.push(record::put(refresh, &login));
    let body = json!({
        "access_token": token,
        "expires_in": lasts(TOKEN_MS),
        "refresh_count": login.refreshed.to_string(),
        "refresh_token": refresh_token,
        "refresh_token_expires_in": lasts(login.until_ms - ctx.now_ms),
        "token_type": "Bearer",
    });
    let (check, del) = record::used_up(key, version);
    let txn = Txn { checks: vec![check], puts, dels: vec![del], ..Txn::default() };
    Decision::write(answer(200, &body), txn, user_id)
}

/// The client whose id and secret the form has.
fn authenticated(ctx: &Context<'_>, form: &Form) -> Result<Client, Refused> {
    let client_id = form.need("client_id", 401)?;
    let secret = form.need("client_secret", 401)?;
    let found = record::read::<Client>(ctx, &record::client_key(client_id)).map_err(store_failed)?;
    // Digests are compared, so the time it takes tells nothing of the secret.
    let known = found.filter(|(client, _)| client.secret_sha256 == record::sha256_hex(secret.as_bytes()));
    let client = known.map(|(client, _)| client);
    client.ok_or_else(|| refused(401, "invalid_client", "client_id or client_secret is invalid"))
}

/// Under mutual TLS a token is given only to the organisation that it is for.
fn of_the_callers_organisation(ctx: &Context<'_>, ods: &str) -> Result<(), Refused> {
    match ctx.peer {
        Some(peer) if !peer.ods.eq_ignore_ascii_case(ods) => {
            Err(refused(401, "invalid_client", "the client certificate is of another organisation"))
        }
        _ => Ok(()),
    }
}

/// A fresh token and the writes that make it a session.
fn session(ctx: &Context<'_>, expires_ms: u64, row: impl FnOnce(u64) -> Session) -> (String, Vec<Put>) {
    let token = secret(ctx);
    let key = token.clone().into_bytes();
    let timer = record::ends(expires_ms, Table::Sessions, &key);
    let put = Put { table: Table::Sessions, key: key.into(), value: row(expires_ms).to_row().into() };
    (token, vec![put, timer])
}

/// A time as published: whole seconds as text, of which the first has begun.
fn lasts(ms: u64) -> Value {
    (ms / 1000).saturating_sub(1).to_string().into()
}
