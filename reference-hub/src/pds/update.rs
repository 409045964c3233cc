//! `pds-update`: PATCH /Patient/{NHS number} with a JSON Patch in the published wrapper.
//!
//! Called by `super::decide`. The record, its index rows, its history and the answer to give a retry all go into one
//! transaction that checks the version it was decided on: two updates with the same ETag cannot both win.
//!
//! Of a record of 6 KB only the elements are read that the patch reaches into or a rule looks at beside them; the others
//! go into the new version as they stand in the old one. That gives the bytes that reading and writing all of it gives,
//! as every record in the store was written by this hub: compact, its members ascending.

use super::access::Mode;
use super::json::Json;
use super::record::{self, Security};
use super::refuse::{self, Refusal};
use super::{history, index, patch, resolve, retry, rules, terms};
use crate::auth::Session;
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::{Answer, Request};
use crate::slices::{self, Member};
use bytes::Bytes;
use hub_store::{Check, Delete, Expect, Put, Table, Txn};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Elements that the search index is made of.
const INDEXED: [&str; 4] = ["birthDate", "gender", "id", "name"];
/// Elements that a history holds, or that its index rows tell.
const REMEMBERED: [&str; 5] = ["address", "birthDate", "gender", "name", "telecom"];
/// Elements whose rules look at one another: those of a life's dates.
const LIFE: [&str; 3] = ["birthDate", "deceasedDateTime", "extension"];

/// The updated record, or the published refusal.
pub(super) fn decide(
    ctx: &Context<'_>,
    request: &Request,
    session: &Session,
    id: &str,
) -> Result<Decision, Refusal> {
    super::patient_key(id)?;
    super::require_media(request, &["application/json-patch+json"])?;
    let expected = super::if_match(request)?;
    let retry_key = retry::key(request, session, id);
    // A retry of an update that was done carries the version from before it: look for its answer first.
    if let Some(answer) = retry::answered(ctx, &retry_key)? {
        return Ok(Decision::read(answer, id));
    }
    let found = resolve::find(ctx, id)?;
    if found.head.security == Security::Restricted {
        return Err(refuse::restricted());
    }
    let operations = patch::parse(request.bytes())?;
    if found.head.version != expected {
        return Err(refuse::version_mismatch());
    }
    let reached = |elements: &[&str]| operations.iter().any(|o| elements.contains(&o.element()));
    let is_read = |element: &str| {
        let beside = |group: &[&str]| group.contains(&element) && reached(group);
        reached(&[element]) || beside(&INDEXED) || beside(&LIFE)
    };
    let broken = || Box::new(fhir::internal_error());
    let parts = Parts::of(&found.row.value, is_read).ok_or_else(broken)?;
    let before = &parts.read;
    let today = super::today(ctx);
    let mut after = patch::apply(before, &operations)?;
    patch::complete(before, &mut after, today, ctx.ids);
    if matches!(Mode::of(session), Mode::Patient(_)) {
        patch::check_patient_access(before, &after, &operations)?;
    }
    rules::check(before, &after, today)?;
    let version = found.head.version + 1;
    let mut document = parts.with(&after);
    record::set_version(&mut document, version);

    let document = Bytes::from(document);
    let answer = Answer::new(200, fhir::FHIR_JSON, document.clone()).with("etag", record::etag(version));
    let row = if reached(&REMEMBERED) { history::row(ctx, &found.nhs_number)? } else { Bytes::new() };
    let past = history::read(&row);
    let past_after = history::grown(&past, before, &after);
    let (mut old, mut new) = (BTreeSet::new(), BTreeSet::new());
    if reached(&INDEXED) {
        (old, new) = (index::keys_of(before), index::keys_of(&after));
        old.extend(index::history_keys(&past, before));
        new.extend(index::history_keys(&past_after, &after));
    }
    let row = |key: &Vec<u8>| (Table::PatientIndex, Bytes::from(key.clone()));
    let key = Bytes::from(found.nhs_number.clone());
    let mut puts = vec![Put { table: Table::Patients, key: key.clone(), value: document }];
    puts.extend(new.difference(&old).map(row).map(|(table, key)| Put { table, key, value: Bytes::new() }));
    if past_after != past {
        let (key, value) = (history::key(&found.nhs_number).into(), past_after.to_string().into());
        puts.push(Put { table: Table::PatientIndex, key, value });
    }
    let txn = Txn {
        checks: vec![Check { table: Table::Patients, key, expect: Expect::Version(found.row.version) }],
        puts,
        dels: old.difference(&new).map(row).map(|(table, key)| Delete { table, key }).collect(),
        idempotency: retry::remember(retry_key, &answer),
        ..Txn::default()
    };
    Ok(Decision::write(answer, txn, found.nhs_number))
}

/// A document, of which some elements are read.
struct Parts<'a> {
    /// Those elements.
    read: Json<'a>,
    /// The members from the first to the last that is read, and these among them.
    members: Vec<(Member<'a>, bool)>,
    /// The text behind them.
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Reads the elements that pass; `None` when the document is not JSON.
    fn of(document: &'a [u8], is_read: impl Fn(&str) -> bool) -> Option<Self> {
        let last = terms::ELEMENTS.into_iter().rev().find(|e| is_read(e)).unwrap_or("");
        let (found, rest) = slices::members_until(document, |name| name > last.as_bytes())?;
        let (mut read, mut members) = (Vec::with_capacity(found.len()), Vec::with_capacity(found.len()));
        for (name, value) in found {
            let text = std::str::from_utf8(name).ok()?;
            let passes = is_read(text);
            if passes {
                read.push((text.into(), Json::of_stored(value)?));
            }
            members.push(((name, value), passes));
        }
        Some(Parts { read: Json::Object(read), members, rest })
    }

    /// The document with the elements of `after` in the place of those that were read.
    fn with(&self, after: &Json<'_>) -> Vec<u8> {
        /// Room for what most updates add.
        const GROWTH_BYTES: usize = 512;
        let kept: usize = self.members.iter().map(|((name, value), _)| name.len() + value.len()).sum();
        let mut out = Vec::with_capacity(kept + self.rest.len() + GROWTH_BYTES);
        let mut changed = after.members().iter().peekable();
        let write = |out: &mut Vec<u8>, (name, value): &(Cow<'_, str>, Json<'_>)| {
            open_member(out, name.as_bytes());
            value.write(out);
        };
        for ((name, value), is_read) in &self.members {
            while let Some(member) = changed.next_if(|(new, _)| new.as_bytes() <= *name) {
                write(&mut out, member);
            }
            if !is_read {
                open_member(&mut out, name);
                out.extend_from_slice(value);
            }
        }
        changed.for_each(|member| write(&mut out, member));
        if out.is_empty() {
            out.push(b'{');
        } else if self.rest.first() == Some(&b'"') {
            out.push(b',');
        }
        out.extend_from_slice(self.rest);
        out
    }
}

/// Opens the next member of the object in the making.
fn open_member(out: &mut Vec<u8>, name: &[u8]) {
    out.extend_from_slice(if out.is_empty() { b"{\"" } else { b",\"" });
    out.extend_from_slice(name);
    out.extend_from_slice(b"\":");
}
