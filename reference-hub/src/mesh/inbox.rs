//! The inbox: listing it page by page, counting it, acknowledging a message out of it.
//!
//! Called by `mesh::decide`. Every walk over an inbox is bounded.

use super::fault::{self, Fault, Refused};
use super::record::{self, Status};
use super::version::Version;
use super::{Call, outbox};
use crate::domain::Decision;
use crate::message::{Answer, Request};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hub_store::{Check, Expect, Table, Txn};
use serde_json::json;
use std::fmt::Write;

/// Message ids in one answer when the client does not say (published).
const RESULTS_DEFAULT: usize = 500;
/// Fewest and most that it may ask for (published).
pub const RESULTS_MIN: usize = 10;
pub const RESULTS_MAX: usize = 5_000;

/// Inbox rows looked at for one filtered page. 5,000: as much work as the largest page; a filter that finds nothing in
/// them gives an empty page with a link to go on, as published.
const FILTER_ROWS_MAX: usize = RESULTS_MAX;

/// Inbox rows counted for a count. 10,000 take a few milliseconds; above it the count says that it is partial.
const COUNT_ROWS_MAX: usize = 10_000;

/// Length of `continue_from` (published), in characters.
const CONTINUE_CHARS: std::ops::RangeInclusive<usize> = 24..=1_000;
/// Length of `workflow_filter` (published), in characters.
const FILTER_CHARS: std::ops::RangeInclusive<usize> = 2..=255;

/// Lists the inbox, oldest first.
pub fn list(call: &Call<'_>) -> Result<Decision, Refused> {
    let request = call.request;
    let results_max = results_max(request)?;
    let filter_text = request.query("workflow_filter");
    if filter_text.is_some_and(|f| !FILTER_CHARS.contains(&f.chars().count())) {
        return Err(Fault::field(
            "query",
            "workflow_filter",
            "string_length",
            "2 to 255 characters are allowed",
        ));
    }
    let filter = filter_text.and_then(Filter::parse);
    let prefix = format!("{}|", call.mailbox.id);
    let end = record::prefix_end(&prefix);
    let mut from = prefix.clone().into_bytes();
    if let Some(text) = request.query("continue_from") {
        let after = continue_after(text, call.version).ok_or_else(|| {
            Fault::field("query", "continue_from", "value_error", "Not a place to continue from")
        })?;
        from.extend_from_slice(after.as_bytes());
        from.push(0);
    }
    let mut ids: Vec<String> = Vec::new();
    let mut walked = 0;
    let mut more = true;
    while more && ids.len() < results_max && walked < FILTER_ROWS_MAX {
        let wanted = (results_max - ids.len()).min(FILTER_ROWS_MAX - walked);
        // One row more than wanted tells whether there is a next page.
        let rows = call.ctx.view.scan(Table::Inbox, &from, &end, wanted + 1)?;
        more = rows.len() > wanted;
        for row in rows.iter().take(wanted) {
            let id = String::from_utf8_lossy(&row.key[prefix.len()..]).into_owned();
            from = row.key.to_vec();
            from.push(0);
            if filter.as_ref().is_none_or(|f| f.passes(&String::from_utf8_lossy(&row.value.value))) {
                ids.push(id);
            }
        }
        walked += rows.len().min(wanted);
    }
    let answer = match call.version {
        Version::V1 => call.version.json(200, &json!({"messages": ids})),
        Version::V2 => {
            let path = format!("/messageexchange/{}/inbox", call.mailbox.id);
            let mut query = Vec::new();
            if results_max != RESULTS_DEFAULT {
                query.push(("max_results", results_max.to_string()));
            }
            if let Some(text) = filter_text {
                query.push(("workflow_filter", text.to_owned()));
            }
            let mut links = json!({"self": link(&path, &query)});
            if more {
                let after = &from[prefix.len()..from.len() - 1];
                query.push(("continue_from", URL_SAFE_NO_PAD.encode(after)));
                links["next"] = json!(link(&path, &query));
            }
            // Without a filter and with the whole inbox in this page, the page is the count.
            let whole = !more && filter.is_none() && request.query("continue_from").is_none();
            let count = if whole { ids.len() } else { count_rows(call)?.0 };
            call.version.json(200, &json!({"messages": ids, "links": links, "approx_inbox_count": count}))
        }
    };
    Ok(call.read(answer))
}

fn results_max(request: &Request) -> Result<usize, Refused> {
    let Some(text) = request.query("max_results") else { return Ok(RESULTS_DEFAULT) };
    let fault = |kind, problem: String| Fault::field("query", "max_results", kind, problem);
    match text.parse::<usize>() {
        Ok(n) if n < RESULTS_MIN => Err(fault(
            "greater_than_equal",
            format!("Input should be greater than or equal to {RESULTS_MIN}"),
        )),
        Ok(n) if n > RESULTS_MAX => {
            Err(fault("less_than_equal", format!("Input should be less than or equal to {RESULTS_MAX}")))
        }
        Ok(n) => Ok(n),
        Err(_) => Err(fault("int_parsing", "Input should be a valid integer".to_owned())),
    }
}

/// The message id after which to go on: v1 gives it as it is, v2 as the opaque text of a link.
fn continue_after(text: &str, version: Version) -> Option<String> {
    if !CONTINUE_CHARS.contains(&text.len()) {
        return None;
    }
    match version {
        Version::V1 => Some(text.to_ascii_uppercase()),
        Version::V2 => String::from_utf8(URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?).ok(),
    }
}

fn link(path: &str, query: &[(&str, String)]) -> String {
    let mut out = path.to_owned();
    for (i, (name, value)) in query.iter().enumerate() {
        let _ = write!(out, "{}{name}=", if i == 0 { '?' } else { '&' }); // writing to a String cannot fail
        for b in value.bytes() {
            if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~') {
                out.push(char::from(b));
            } else {
                let _ = write!(out, "%{b:02X}");
            }
        }
    }
    out
}

/// A workflow filter: `W` equals, `W*` begins with, `*W*` contains; a leading `!` turns it round.
#[derive(Debug, PartialEq, Eq)]
struct Filter {
    not: bool,
    kind: FilterKind,
    text: String,
}

#[derive(Debug, PartialEq, Eq)]
enum FilterKind {
    Equals,
    BeginsWith,
    Contains,
}

impl Filter {
    fn parse(text: &str) -> Option<Filter> {
        let text = text.trim();
        let (not, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let (kind, text) = match (text.strip_prefix('*'), text.strip_suffix('*')) {
            (Some(rest), _) => (FilterKind::Contains, rest.strip_suffix('*').unwrap_or(rest)),
            (None, Some(rest)) => (FilterKind::BeginsWith, rest),
            (None, None) => (FilterKind::Equals, text),
        };
        (not || !text.is_empty()).then(|| Filter { not, kind, text: text.to_owned() })
    }

    fn passes(&self, workflow: &str) -> bool {
        let is = match self.kind {
            FilterKind::Equals => workflow == self.text,
            FilterKind::BeginsWith => workflow.starts_with(&self.text),
            FilterKind::Contains => workflow.contains(&self.text),
        };
        is != self.not
    }
}

/// Counts the inbox: up to [`COUNT_ROWS_MAX`], and whether that is all of it.
fn count_rows(call: &Call<'_>) -> Result<(usize, bool), Refused> {
    let prefix = format!("{}|", call.mailbox.id);
    let end = record::prefix_end(&prefix);
    let rows = call.ctx.view.scan(Table::Inbox, prefix.as_bytes(), &end, COUNT_ROWS_MAX + 1)?.len();
    Ok((rows.min(COUNT_ROWS_MAX), rows <= COUNT_ROWS_MAX))
}

/// Counts the inbox (deprecated as published, still answered).
pub fn count(call: &Call<'_>) -> Result<Decision, Refused> {
    let (count, all) = count_rows(call)?;
    let body = match call.version {
        Version::V1 => {
            json!({"count": count, "internalID": outbox::fresh_id(call.ctx), "allResultsIncluded": all})
        }
        Version::V2 => json!({"count": count}),
    };
    Ok(call.read(call.version.json(200, &body)))
}

/// Takes a message out of the inbox. Saying it twice is harmless and writes once.
pub fn acknowledge(call: &Call<'_>) -> Result<Decision, Refused> {
    let id = call.message_id();
    let (mut message, version) =
        record::message(call.ctx.view, &id)?.ok_or_else(|| Fault::new(404, fault::NO_MESSAGE))?;
    if message.to != call.mailbox.id {
        return Err(Fault::new(403, fault::FOREIGN));
    }
    let answer = match call.version {
        Version::V1 => call.version.json(200, &json!({"messageId": id})),
        Version::V2 => Answer::empty(200),
    };
    match message.status {
        Status::Uploading => Err(Fault::new(404, fault::NO_MESSAGE)),
        // Saying it twice is harmless; what has gone from the inbox cannot be brought back by it.
        Status::Acknowledged | Status::Undeliverable | Status::Error => Ok(call.read(answer)),
        Status::Accepted => {
            message.status = Status::Acknowledged;
            message.changed_ms = call.ctx.now_ms;
            let unchanged =
                Check { table: Table::Messages, key: id.clone().into(), expect: Expect::Version(version) };
            let txn = Txn {
                checks: vec![unchanged],
                puts: vec![message.put()],
                dels: vec![message.inbox_del()],
                ..Txn::default()
            };
            Ok(call.write(answer, txn))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workflow_filters_match_as_published() {
        let passes = |filter: &str, workflow: &str| Filter::parse(filter).is_none_or(|f| f.passes(workflow));
        for (filter, yes, no) in [
            ("LETTER", "LETTER", "LETTER_ACK"),
            ("!LETTER", "LETTER_ACK", "LETTER"),
            ("LET*", "LETTER", "A_LETTER"),
            ("!LET*", "A_LETTER", "LETTER"),
            ("*_ACK*", "LETTER_ACK", "LETTER"),
            ("!*_ACK*", "LETTER", "LETTER_ACK"),
        ] {
            assert!(passes(filter, yes) && !passes(filter, no), "{filter}");
        }
        assert!(Filter::parse("  ").is_none() && Filter::parse("*").is_none());
    }

    #[test]
    fn a_link_escapes_what_a_query_must_not_hold() {
        assert_eq!(link("/p", &[("a", "!*_ACK*".into()), ("b", "1".into())]), "/p?a=%21%2A_ACK%2A&b=1");
        assert_eq!(link("/p", &[]), "/p");
    }
}
