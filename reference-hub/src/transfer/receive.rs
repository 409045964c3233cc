//! Taking a message: everything that is checked before it is acknowledged, and the rows that make it wait for its
//! recipient. What is acknowledged is durable; what came twice is acknowledged twice and stored once.
//!
//! Called by `super::decide`. Reads the blob of a large body, which is part of the request and never changes; otherwise
//! pure.

use super::header::{self, Header};
use super::interaction::{self, Interaction, Role};
use super::multipart::{self, MediaType, Part};
use super::record::{self, Conversation, Message, State};
use super::refuse::{
    self, EbError, INCONSISTENT, MIME_PROBLEM, OTHER_XML, Refers, Refused, SECURITY_FAILURE,
    VALUE_NOT_RECOGNIZED,
};
use super::xml;
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::{Body, Request};
use crate::systems::{self, Caller, Registered};
use bytes::Bytes;
use hub_store::{Check, Expect, StoreError, Table, Txn};

/// Why a message is not taken.
enum Stop {
    /// The caller's fault.
    Refused(Refused),
    /// The hub's.
    Broken,
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Stop {
        Stop::Refused(refused)
    }
}

impl From<StoreError> for Stop {
    fn from(_: StoreError) -> Stop {
        Stop::Broken
    }
}

/// Takes the message in the request, or refuses it.
pub(super) fn decide(ctx: &Context<'_>, request: &Request) -> Decision {
    let mut header = Header::default();
    match take(ctx, request, &mut header) {
        Ok(decision) => decision,
        Err(Stop::Refused(refused)) => {
            let refers = Refers::to(&header);
            Decision::read(refuse::error_list(ctx, &refused, &refers), refers.message_id)
        }
        Err(Stop::Broken) => Decision::read(fhir::internal_error(), ""),
    }
}

fn take(ctx: &Context<'_>, request: &Request, header: &mut Header) -> Result<Decision, Stop> {
    let caller = systems::caller(ctx, request).map_err(|answer| match answer.status {
        401 => {
            let text = "Neither a client certificate nor a live access token names the sender";
            Refused::one(SECURITY_FAILURE, "eb:From", text).with_status(401).into()
        }
        _ => Stop::Broken,
    })?;
    let interaction =
        interaction::of_soap_action(request.header("soapaction").unwrap_or("")).ok_or_else(|| {
            Refused::one(
                VALUE_NOT_RECOGNIZED,
                "SOAPAction",
                "The header names no forward-reliable interaction",
            )
        })?;
    let content_type = request.header("content-type").unwrap_or("");
    let media =
        MediaType::parse(content_type).filter(|m| m.kind == "multipart/related").ok_or_else(|| {
            Refused::one(MIME_PROBLEM, "Content-Type", "Only multipart/related is taken").with_status(415)
        })?;
    let content = content(&request.body)?;
    let mime = |text: &str| Refused::one(MIME_PROBLEM, "body", text);
    let parts = multipart::parts(&content, media.parameter("boundary").unwrap_or("")).map_err(mime)?;
    let first = first_part(&media, &parts).ok_or_else(|| mime("No part has the id that start names"))?;
    *header = header::read(first.body)
        .map_err(|fault| Refused::one(OTHER_XML, "SOAP:Envelope", fault.sentence()))?;
    let faults = header.faults(interaction, ctx.now());
    if !faults.is_empty() {
        return Err(Refused { status: 400, errors: faults }.into());
    }
    let addressee = check_parties(ctx, &caller, header)?;
    if let Some(decision) = repeated(ctx, header)? {
        return Ok(decision);
    }
    check_agreement(header, &addressee)?;
    check_payload(header, interaction, &parts)?;
    let opened = check_conversation(ctx, header, interaction)?;
    Ok(accept(ctx, request, header, interaction, opened))
}

/// The body's bytes, from memory or from its blob.
fn content(body: &Body) -> Result<Bytes, Stop> {
    match body {
        Body::Inline(bytes) => Ok(bytes.clone()),
        Body::Blob { held, .. } if !held.is_empty() => Ok(held.clone()),
        Body::Blob { path, .. } => std::fs::read(path).map(Bytes::from).map_err(|_| Stop::Broken),
    }
}

/// The part that holds the envelope: the one that `start` names, else the first.
fn first_part<'p, 'a>(media: &MediaType, parts: &'p [Part<'a>]) -> Option<&'p Part<'a>> {
    match media.parameter("start") {
        Some(start) => {
            let id = start.trim_start_matches('<').trim_end_matches('>');
            parts.iter().find(|p| p.id == id)
        }
        None => parts.first(),
    }
}

/// Both parties must be registered, and the caller must act for the sender.
fn check_parties(ctx: &Context<'_>, caller: &Caller, header: &Header) -> Result<Registered, Stop> {
    let from = systems::by_party_key(ctx.view, &header.from)?;
    let to = systems::by_party_key(ctx.view, &header.to)?;
    if let Some(from) = &from
        && !caller.may_act_for(&from.ods)
    {
        let text = "The caller's organisation is not the sender's";
        return Err(Refused::one(SECURITY_FAILURE, "eb:From/eb:PartyId", text).with_status(403).into());
    }
    let unknown = |location| EbError {
        code: VALUE_NOT_RECOGNIZED,
        location,
        text: "The directory has no such party".to_owned(),
    };
    match (from, to) {
        (Some(_), Some(to)) => Ok(to),
        (from, to) => {
            let mut errors = Vec::new();
            errors.extend(from.is_none().then(|| unknown("eb:From/eb:PartyId")));
            errors.extend(to.is_none().then(|| unknown("eb:To/eb:PartyId")));
            Err(Refused { status: 400, errors }.into())
        }
    }
}

/// The same answer again, when the message was taken before.
fn repeated(ctx: &Context<'_>, header: &Header) -> Result<Option<Decision>, Stop> {
    let Some((message, _)) = record::message(ctx.view, &header.message_id)? else { return Ok(None) };
    let same = message.from == header.from
        && message.to == header.to
        && message.action == header.action
        && message.conversation_id == header.conversation_id;
    if !same {
        let text = "Another message was sent under this id";
        return Err(Refused::one(INCONSISTENT, "eb:MessageData/eb:MessageId", text).into());
    }
    let refers = Refers { cpa_id: &message.cpa_id, ..Refers::to(header) };
    let answer = refuse::acknowledgement(&refers, &message.acknowledgement_id, message.received_ms);
    Ok(Some(Decision::read(answer, &header.message_id)))
}

/// The agreement must be the one under which the addressee is reached.
fn check_agreement(header: &Header, addressee: &Registered) -> Result<(), Stop> {
    if header.cpa_id == addressee.cpa_id() {
        return Ok(());
    }
    let text = "The directory names another agreement for the addressee";
    Err(Refused::one(VALUE_NOT_RECOGNIZED, "eb:CPAId", text).into())
}

/// Every part that the manifest refers to must be there; all XML must be harmless; the first reference is the payload.
fn check_payload(header: &Header, interaction: &Interaction, parts: &[Part<'_>]) -> Result<(), Stop> {
    let location = "eb:Manifest/eb:Reference";
    let mut payload = None;
    for reference in &header.references {
        let Some(id) = reference.strip_prefix("cid:") else { continue }; // mid: refers to another message
        let part = parts.iter().find(|p| p.id == id);
        let part =
            part.ok_or_else(|| Refused::one(MIME_PROBLEM, location, "A part referred to is missing"))?;
        let payload = payload.get_or_insert(part);
        if !part.is_xml() && !std::ptr::eq(*payload, part) {
            continue;
        }
        let fault = |fault: xml::XmlFault| Refused::one(OTHER_XML, location, fault.sentence());
        let root = xml::root(part.body).map_err(fault)?;
        if std::ptr::eq(*payload, part) && root != interaction.action {
            return Err(Refused::one(INCONSISTENT, location, "The payload's root is not the action").into());
        }
    }
    match payload {
        Some(_) => Ok(()),
        None => Err(Refused::one(MIME_PROBLEM, location, "There is no reference to a payload").into()),
    }
}

/// What a message does to its conversation: opens one, or must belong to one that is open between the two parties.
fn check_conversation(
    ctx: &Context<'_>,
    header: &Header,
    interaction: &Interaction,
) -> Result<Option<Conversation>, Stop> {
    if interaction.role == Role::Alone {
        return Ok(None);
    }
    let inconsistent = |text: &str| Stop::from(Refused::one(INCONSISTENT, "eb:ConversationId", text));
    let known = record::conversation(ctx.view, &header.conversation_id)?;
    let (from, to) = (&header.from, &header.to);
    match (interaction.role, known) {
        (Role::Request, None) => Ok(Some(Conversation { requester: from.clone(), responder: to.clone() })),
        (Role::Request, Some(_)) => Err(inconsistent("A record was requested in this conversation before")),
        (_, None) => Err(inconsistent("No record was requested in this conversation")),
        (role, Some(Conversation { requester, responder })) => {
            let answers = *from == responder && *to == requester;
            let asks = *from == requester && *to == responder;
            if answers || (asks && role == Role::Fragment) {
                Ok(None)
            } else {
                Err(inconsistent("The conversation is between other parties, or runs the other way"))
            }
        }
    }
}

fn accept(
    ctx: &Context<'_>,
    request: &Request,
    header: &Header,
    interaction: &Interaction,
    opened: Option<Conversation>,
) -> Decision {
    let until_ms = header.time_to_live_ms().flatten().and_then(|ms| u64::try_from(ms).ok());
    let persist_ms = ctx.now_ms.saturating_add(interaction.persist_ms);
    let message = Message {
        id: header.message_id.clone(),
        from: header.from.clone(),
        to: header.to.clone(),
        cpa_id: header.cpa_id.clone(),
        service: header.service.clone(),
        action: header.action.clone(),
        conversation_id: header.conversation_id.clone(),
        content_type: request.header("content-type").unwrap_or("").to_owned(),
        size_bytes: request.body.len(),
        acknowledgement_id: ctx.ids.uuid().to_ascii_uppercase(),
        received_ms: ctx.now_ms,
        due_ms: until_ms.map_or(persist_ms, |until| until.min(persist_ms)),
        state: State::Waiting,
        changed_ms: ctx.now_ms,
    };
    let absent = |key| Check { table: Table::Transfers, key, expect: Expect::Absent };
    let mut checks = vec![absent(record::message_key(&message.id))];
    let mut puts = message.waiting_rows(&request.body);
    if let Some(conversation) = opened {
        checks.push(absent(record::conversation_key(&message.conversation_id)));
        puts.extend(conversation.opening_rows(&message.conversation_id, ctx.now_ms));
    }
    let answer =
        refuse::acknowledgement(&Refers::to(header), &message.acknowledgement_id, message.received_ms);
    Decision::write(answer, Txn { checks, puts, ..Txn::default() }, message.id)
}
