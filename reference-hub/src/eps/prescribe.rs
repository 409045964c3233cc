//! eps-prescribe: a signed prescription order comes in and waits for a dispenser. eps-prepare: what is to be signed.
//!
//! Called by [`super::message`] and [`super::decide`]. Stores the order as it will be released (as received, with the status
//! that a release gives its items) beside a header of its own, and a row
//! in the nominated pharmacy's queue, or, when it is dated ahead, a timer that will put it there.

use super::canonical::{self, SHA_256};
use super::record::{Header, Ids, header_key, is_uuid, message_key, queue_key};
use super::refusal::{self, Refused};
use super::state::State;
use super::tape::Tape;
use super::wire::Bundle;
use super::{
    answered, check, compact::compacted, fhir_time, idempotency_key, issue, load, remember, signature, status,
};
use crate::auth::Session;
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::{Answer, Body, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hub_store::{Check, Expect, Put, Table, Txn};
use serde_json::json;

/// Accepts an order, once.
///
/// # Errors
/// The published refusal of what is missing, contradictory or there already.
pub fn prescribe(
    ctx: &Context<'_>,
    session: &Session,
    tape: &Tape<'_>,
    bundle: &Bundle<'_>,
) -> Result<Decision, Refused> {
    let (order, unsigned) = (check::order(bundle, ctx.now_ms), signature::check(tape, bundle, ctx.sandbox));
    let order = match (order, unsigned) {
        (Ok(order), Ok(())) => order,
        (order, unsigned) => {
            let mut faults = order.err().unwrap_or_default();
            faults.extend(unsigned.err());
            return Err(refusal::all(faults).unwrap_or_else(|| Box::new(fhir::internal_error())));
        }
    };
    if !session.may_act_for(order.sender) {
        return Err(refusal::forbidden());
    }
    let id = order.id;
    let message_id = bundle.message_id();
    let key = idempotency_key("prescribe", order.sender, message_id, &id);
    if let Some(answer) = answered(ctx, &key)? {
        return Ok(Decision::read(answer, id));
    }
    if load(ctx, &id)?.is_some() {
        return Ok(Decision::read(*refusal::duplicate_prescription(), id));
    }
    let ids = Ids { bundle: if is_uuid(&bundle.id) { &bundle.id } else { message_id }, message: message_id };
    let header = Header {
        state: if order.due_ms.is_some() { State::Future } else { State::ToBeDispensed },
        nominated: order.nominated,
        expires_ms: Some(issue::expires_ms(order.due_ms.unwrap_or(ctx.now_ms), order.issues)),
        issues: order.issues,
        supply_days: order.supply_days,
        due_ms: order.due_ms,
        therapy: order.therapy,
        ..Header::ordered(ids, &order.patient, order.sender, order.items, ctx.now_ms)
    };
    let mut puts = vec![
        Put { table: Table::Prescriptions, key: header_key(&id), value: header.to_row() },
        Put { table: Table::Prescriptions, key: message_key(&id), value: status::released(tape) },
    ];
    match (header.due_ms, &header.nominated) {
        (Some(due_ms), _) => puts.push(issue::timer(due_ms, &id)),
        (None, Some(ods)) => {
            puts.push(Put { table: Table::PharmacyQueue, key: queue_key(ods, &id), value: Bytes::new() });
        }
        (None, None) => {}
    }
    let answer = refusal::done(ctx);
    let txn = Txn {
        checks: vec![Check { table: Table::Prescriptions, key: header_key(&id), expect: Expect::Absent }],
        puts,
        idempotency: remember(key, &answer),
        ..Txn::default()
    };
    Ok(Decision::write(answer, txn, id))
}

/// Answers with what the prescriber is to sign: the `SignedInfo` with the order's digest, in base64. The same order has the
/// same digest always.
///
/// # Errors
/// Every fault that would have the signed order refused.
pub fn prepare(
    ctx: &Context<'_>,
    session: &Session,
    tape: &Tape<'_>,
    bundle: &Bundle<'_>,
) -> Result<Answer, Refused> {
    let order = check::order(bundle, ctx.now_ms)
        .map_err(|faults| refusal::all(faults).unwrap_or_else(|| Box::new(fhir::internal_error())))?;
    if !session.may_act_for(order.sender) {
        return Err(refusal::forbidden());
    }
    if load(ctx, &order.id)?.is_some() {
        return Err(refusal::duplicate_prescription());
    }
    let digest = canonical::digest(tape).ok_or_else(|| {
        refusal::invalid_message("The order is nested too deeply, or holds a value that JSON readers refuse.")
    })?;
    Ok(fhir::resource(
        200,
        &json!({
            "resourceType": "Parameters",
            "parameter": [
                {"name": "digest", "valueString": STANDARD.encode(signed_info(&digest))},
                {"name": "timestamp", "valueString": fhir_time(ctx)},
                {"name": "algorithm", "valueString": "RS256"},
            ],
        }),
    ))
}

/// The part of an XML signature that is signed, in exclusive canonical form.
fn signed_info(digest: &str) -> String {
    const C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
    format!(
        r##"<SignedInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><CanonicalizationMethod Algorithm="{C14N}"></CanonicalizationMethod><SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></SignatureMethod><Reference><Transforms><Transform Algorithm="{C14N}"></Transform></Transforms><DigestMethod Algorithm="{SHA_256}"></DigestMethod><DigestValue>{digest}</DigestValue></Reference></SignedInfo>"##
    )
}

/// The body, read as `tape`, as it is stored: as received, without white space between tokens.
pub fn stored(request: &Request, tape: &Tape<'_>) -> Bytes {
    match &request.body {
        Body::Inline(bytes) => compacted(bytes, tape),
        Body::Blob { .. } => Bytes::new(), // EPS operations do not stream, so the listener never makes one
    }
}
