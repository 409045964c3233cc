//! `pds-trace`: GET /Patient with search parameters.
//!
//! Called by `super::decide`. Plans one or two range scans of the index, reads the candidates, scores them and answers
//! a searchset, best first. Every scan and every read is bounded: a search that would need more is answered with the
//! published TOO_MANY_MATCHES.

use super::access::Mode;
use super::index::{self, KeyRange};
use super::json::Json;
use super::query::{self, Query};
use super::record::{self, Security};
use super::refuse::{self, Refusal};
use super::score::score;
use super::{history, resolve, terms};
use crate::domain::{Context, Decision};
use crate::fhir;
use crate::message::{Answer, Request};
use crate::slices::{self, Member};
use bytes::Bytes;
use hub_store::Table;
use memchr::memmem::Finder;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Index rows that one search reads. 4,000: a whole day of births in a national population of 60 million is 2,000.
const ROWS_MAX: usize = 4_000;
/// Records that one search reads and scores. 400: eight times the most results, some 10 ms of work.
const CANDIDATES_MAX: usize = 400;
/// A wildcard search over at most this many days reads all births of these days; over more, all names of the prefix.
/// 31 days of births are fewer rows than the commonest two-letter prefix in any population.
const BORN_DAYS_MAX: i32 = 31;

/// Bytes reserved a match: above the 3.0 KB that a synthetic record shows in a search.
const RESULT_BYTES_GUESS: usize = 3_400;

/// The one extension that a search shows.
static DEATH_NOTIFICATION: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(terms::DEATH_NOTIFICATION));

/// The matches, or the published refusal.
pub(super) fn decide(ctx: &Context<'_>, request: &Request, mode: Mode<'_>) -> Result<Decision, Refusal> {
    let mut query = query::parse(&request.query, mode == Mode::Application)?;
    query.today = super::today(ctx).to_string();
    let mut found: Vec<Match> = Vec::new();
    for nhs_number in candidates(ctx, &query)? {
        let Some(one) = matched(ctx, &query, nhs_number)? else { continue };
        // Only a number that was superseded leads to a record twice.
        match found.iter_mut().find(|m| m.nhs_number == one.nhs_number) {
            Some(known) => known.score = known.score.max(one.score),
            None => found.push(one),
        }
        if found.len() > query.results_max {
            return Err(refuse::too_many_matches());
        }
    }
    // Best first; the candidates came in order of NHS number and the sort is stable.
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let subject: Vec<&str> = found.iter().map(|m| m.nhs_number.as_str()).collect();
    let subject = subject.join(" "); // published: an access is recorded for every patient matched
    let body = searchset(ctx, &found);
    Ok(Decision::read(Answer::new(200, fhir::FHIR_JSON, body), subject))
}

/// A record that matches.
struct Match {
    score: f64,
    nhs_number: String,
    /// What the search shows of it, as JSON.
    shown: Vec<u8>,
}

/// The record under a candidate's number, or the one that superseded it, if the candidate matches.
fn matched(ctx: &Context<'_>, query: &Query, nhs_number: String) -> Result<Option<Match>, Refusal> {
    let row = ctx.view.get(Table::Patients, nhs_number.as_bytes()).map_err(|_| broken())?;
    let Some(row) = row else { return Ok(None) }; // a row of the index may outlive its record by one transaction
    if let Some((_, was)) = resolve::superseded(&row.value) {
        let Some(score) = enough(query, score(query, &was, &Json::Null)) else { return Ok(None) };
        // Published: the superseding record is returned, and of an invalidated one nothing.
        let Ok(found) = resolve::find(ctx, &nhs_number) else { return Ok(None) };
        let restricted = found.head.security == Security::Restricted;
        if restricted && query.asks_where() {
            return Ok(None);
        }
        let members = slices::members(&found.row.value).ok_or_else(broken)?;
        let shown = shown(&members, restricted).ok_or_else(broken)?;
        return Ok(Some(Match { score, nhs_number: found.nhs_number, shown }));
    }
    let members = slices::members(&row.value).ok_or_else(broken)?;
    let patient = scored_parts(query, &members).ok_or_else(broken)?;
    let searches_history = query.fuzzy || query.history;
    let past = if searches_history { history::row(ctx, &nhs_number)? } else { Bytes::new() };
    let Some(score) = enough(query, score(query, &patient, &history::read(&past))) else { return Ok(None) };
    let restricted = record::head_of(&patient).is_some_and(|h| h.security == Security::Restricted);
    let shown = shown(&members, restricted).ok_or_else(broken)?;
    Ok(Some(Match { score, nhs_number, shown }))
}

/// The score, if it is one that the search wants.
fn enough(query: &Query, score: Option<f64>) -> Option<f64> {
    score.filter(|score| !query.exact || *score >= 1.0)
}

/// The elements of a record that a search looks at, as a tree.
fn scored_parts<'a>(query: &Query, members: &[Member<'a>]) -> Option<Json<'a>> {
    let mut parts = Vec::with_capacity(members.len());
    for (key, raw) in members {
        let scored = match *key {
            b"birthDate" | b"gender" | b"meta" | b"name" => true,
            b"address" => query.postcode.is_some(),
            b"deceasedDateTime" => query.death.is_some(),
            b"generalPractitioner" => query.practice.is_some(),
            b"managingOrganization" => query.managing.is_some(),
            b"telecom" => query.email.is_some() || query.phone.is_some(),
            _ => false,
        };
        if scored {
            parts.push((std::str::from_utf8(key).ok()?.into(), Json::of_stored(raw)?));
        }
    }
    Some(Json::Object(parts))
}

/// The published Bundle, written straight from the records' own bytes.
fn searchset(ctx: &Context<'_>, found: &[Match]) -> Vec<u8> {
    let mut out = Vec::with_capacity(256 + found.len() * RESULT_BYTES_GUESS);
    out.extend_from_slice(br#"{"entry":["#);
    for (i, one) in found.iter().enumerate() {
        let head = format!(r#"{{"fullUrl":"{}{}","resource":"#, terms::PATIENT_URL, one.nhs_number);
        out.extend_from_slice(if i == 0 { b"" } else { b"," });
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(&one.shown);
        out.extend_from_slice(format!(r#","search":{{"score":{:?}}}}}"#, one.score).as_bytes());
    }
    let timestamp = super::timestamp(ctx);
    let count = found.len();
    let tail = format!(
        r#"],"resourceType":"Bundle","timestamp":"{timestamp}","total":{count},"type":"searchset"}}"#
    );
    out.extend_from_slice(tail.as_bytes());
    out
}

/// What a search shows of a record: usual, nick and temporary names, the home address, and of the extensions the death
/// notification only; of a restricted record nothing that tells where the patient is.
fn shown(members: &[Member<'_>], restricted: bool) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(RESULT_BYTES_GUESS);
    let mut separator = b'{';
    for &(key, raw) in members {
        let kept = match key {
            b"address" | b"telecom" | b"contact" | b"generalPractitioner" if restricted => continue,
            b"managingOrganization" => continue,
            b"name" => items_with(raw, "use", &["usual", "nickname", "temp"])?,
            b"address" => items_with(raw, "use", &["home"])?,
            b"extension" if DEATH_NOTIFICATION.find(raw).is_none() => continue, // nearly always
            b"extension" => items_with(raw, "url", &[terms::DEATH_NOTIFICATION])?,
            _ => vec![raw],
        };
        if kept.is_empty() {
            continue; // FHIR has no empty lists
        }
        out.push(separator);
        separator = b',';
        out.push(b'"');
        out.extend_from_slice(key);
        out.extend_from_slice(br#"":"#);
        if matches!(key, b"name" | b"address" | b"extension") {
            out.push(b'[');
            out.extend_from_slice(&kept.join(&b','));
            out.push(b']');
        } else {
            out.extend_from_slice(raw);
        }
    }
    out.push(b'}');
    Some(out)
}

/// The items of a raw list whose member `key` is one of these texts, none of which JSON escapes.
fn items_with<'a>(list: &'a [u8], key: &str, values: &[&str]) -> Option<Vec<&'a [u8]>> {
    let text = |raw: &'a [u8]| raw.strip_prefix(b"\"")?.strip_suffix(b"\"");
    let holds = |members: &[Member<'a>]| {
        let member = members.iter().find(|(name, _)| *name == key.as_bytes());
        let text = member.and_then(|(_, raw)| text(raw));
        text.is_some_and(|text| values.iter().any(|value| value.as_bytes() == text))
    };
    let items = slices::objects(list)?;
    Some(items.into_iter().filter(|(_, members)| holds(members)).map(|(item, _)| item).collect())
}

fn broken() -> Refusal {
    Box::new(fhir::internal_error())
}

/// NHS numbers of all who may match, ascending.
fn candidates(ctx: &Context<'_>, query: &Query) -> Result<BTreeSet<String>, Refusal> {
    let gender = query.gender.map(index::gender_letter);
    let mut numbers = BTreeSet::new();
    let mut ranges = ranges(query);
    if query.fuzzy || query.history {
        let former: Vec<KeyRange> = ranges.iter().map(index::of_history).collect();
        ranges.extend(former);
    }
    for (from, to) in ranges {
        let rows = ctx.view.scan(Table::PatientIndex, &from, &to, ROWS_MAX + 1).map_err(|_| broken())?;
        if rows.len() > ROWS_MAX {
            return Err(refuse::too_many_matches());
        }
        for row in &rows {
            let Some(entry) = index::entry(&row.key) else { continue };
            let born = query.birth.as_ref().is_none_or(|b| b.hold(entry.birth_date));
            if born && gender.is_none_or(|g| g == entry.gender) && !numbers.contains(entry.nhs_number) {
                numbers.insert(entry.nhs_number.to_owned());
            }
        }
        if numbers.len() > CANDIDATES_MAX {
            return Err(refuse::too_many_matches());
        }
    }
    Ok(numbers)
}

/// The ranges of the index that hold every match.
fn ranges(query: &Query) -> Vec<KeyRange> {
    let Some(birth) = &query.birth else { return Vec::new() }; // the query's check has seen to it
    let (from, to) = (birth.from.as_str(), birth.to.as_str());
    match &query.family {
        Some(family) if query.fuzzy => {
            let names = std::iter::once(family).chain(query.given.first()); // given name first: transposed
            let sounds: BTreeSet<String> = names.map(|n| index::soundex(n.prefix())).collect();
            sounds.iter().map(|s| index::sound_range(s, from, to)).collect()
        }
        Some(family) => match family.plain() {
            Some(family) => vec![index::family_range(family, from, to)],
            None if birth.days.is_some_and(|d| d <= BORN_DAYS_MAX) => vec![index::born_range(from, to)],
            None => vec![index::prefix_range(family.prefix())],
        },
        None => vec![index::born_range(from, to)],
    }
}
