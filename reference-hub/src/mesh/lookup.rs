//! The directory of mailboxes: by organisation and workflow, and by workflow alone. Open to every client.
//!
//! Called by `mesh::decide`.

use super::fault::{Fault, Refused};
use super::version::Version;
use super::{outbox, record, segment};
use crate::domain::{Context, Decision};
use crate::message::Request;
use hub_store::Table;
use serde_json::{Value, json};

/// Mailboxes in one answer. 1,000: every mailbox of the largest organisation, and a bound on a workflow that all have.
const RESULTS_MAX: usize = 1_000;

/// Longest ODS code or workflow id that is looked up: workflow ids may be sent with 300 characters.
const TEXT_BYTES_MAX: usize = 300;

/// Mailboxes of an organisation that are registered for a workflow.
pub fn endpoint(ctx: &Context<'_>, request: &Request) -> Result<Decision, Refused> {
    let version = Version::of(request)?;
    let ods = segment(request, 2).trim().to_ascii_uppercase();
    let workflow = segment(request, 3).trim();
    if ods.is_empty() {
        return Err(Fault::plain(400, "ods code missing"));
    }
    if ods.len() > TEXT_BYTES_MAX {
        return Err(Fault::plain(400, "ods code too long"));
    }
    check_workflow(workflow)?;
    let mut found: Vec<(String, String)> = Vec::new();
    for (id, _) in index_rows(ctx, &record::ods_prefix(&ods))? {
        if let Some(mailbox) = record::mailbox(ctx.view, &id)?
            && mailbox.receives.iter().any(|w| w == workflow)
        {
            found.push((mailbox.id, mailbox.name));
        }
    }
    let body = match version {
        Version::V1 => {
            let query_id = format!("{}_{}", outbox::fresh_id(ctx), ctx.now_ms / 1000);
            let results: Vec<Value> = found.iter().map(v1_item).collect();
            json!({"query_id": query_id, "results": results})
        }
        Version::V2 => results(&found),
    };
    Ok(Decision::read(version.json(200, &body), ""))
}

fn v1_item((id, name): &(String, String)) -> Value {
    json!({"address": id, "description": name, "endpoint_type": "MESH"})
}

/// Mailboxes that are registered for a workflow.
pub fn workflow(ctx: &Context<'_>, request: &Request) -> Result<Decision, Refused> {
    let version = Version::of(request)?;
    let workflow = segment(request, 2).trim();
    check_workflow(workflow)?;
    let found = index_rows(ctx, &record::workflow_prefix(workflow))?;
    // Published with one shape for both versions.
    Ok(Decision::read(version.json(200, &results(&found)), ""))
}

fn check_workflow(workflow: &str) -> Result<(), Refused> {
    match workflow.len() {
        0 => Err(Fault::plain(400, "workflow id missing")),
        n if n > TEXT_BYTES_MAX => Err(Fault::plain(400, "workflow id too long")),
        _ => Ok(()),
    }
}

fn results(found: &[(String, String)]) -> Value {
    let item = |(id, name): &(String, String)| json!({"mailbox_id": id, "mailbox_name": name});
    json!({"results": found.iter().map(item).collect::<Vec<_>>()})
}

/// Mailbox ids and values of the index rows under `prefix`.
fn index_rows(ctx: &Context<'_>, prefix: &str) -> Result<Vec<(String, String)>, Refused> {
    let rows =
        ctx.view.scan(Table::Mailboxes, prefix.as_bytes(), &record::prefix_end(prefix), RESULTS_MAX)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(rows.iter().map(|r| (text(&r.key[prefix.len()..]), text(&r.value.value))).collect())
}
