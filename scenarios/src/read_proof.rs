//! Reads `proof` of an interaction file: how an acknowledged write is looked up again, or why it cannot be. Called by
//! `read_interaction`. All faults go to the log with their lines.

use crate::check::{Checks, Source as Captured};
use crate::credentials::Credentials;
use crate::document::{Item, Log, Section};
use crate::fault::list;
use crate::inputs::{Rule, Rules};
use crate::proof::{Proof, Writing};
use crate::read_parts::Reader;
use crate::render::{METHODS, Request};
use crate::stage::{self, Stage};
use crate::uses;
use crate::variable::Variable;
use toml::de::DeValue;

/// Methods that read by their definition (RFC 9110, safe methods).
const SAFE: [&str; 3] = ["GET", "HEAD", "OPTIONS"];
/// Why the writes of a file that says nothing are not looked up.
const NO_WORD: &str = "its file has no [proof]";
/// A stage of which any value may be asked: what is kept is what the file says.
const ANY: &str = "free-1";

/// The write that a proof belongs to.
pub(crate) struct Write<'a> {
    /// The interaction's name.
    pub name: &'a str,
    pub method: Option<&'a str>,
    pub rules: &'a Rules,
    pub takes: &'a [&'a Stage],
    /// Statuses of its good answers.
    pub statuses: &'a [u16],
}

/// Reads the key.
pub(crate) fn read(item: Option<&Item<'_>>, write: &Write<'_>, reader: &Reader<'_>, log: &Log) -> Writing {
    let Some(item) = item else {
        return match write.method {
            Some(method) if !SAFE.contains(&method) => Writing::Unproven(NO_WORD.to_owned()),
            _ => Writing::Nothing,
        };
    };
    match item.value() {
        DeValue::Boolean(false) => Writing::Nothing,
        DeValue::String(_) => item.text().map_or(Writing::Nothing, |why| Writing::Unproven(why.to_owned())),
        DeValue::Table(_) => item
            .section()
            .and_then(|section| table(&section, write, reader, log))
            .map_or(Writing::Nothing, |proof| Writing::Proven(Box::new(proof))),
        _ => {
            item.refuse(
                "not a proof",
                "a table, a text that says why there is none, or false where nothing is written",
            );
            Writing::Nothing
        }
    }
}

fn table(section: &Section<'_>, write: &Write<'_>, reader: &Reader<'_>, log: &Log) -> Option<Proof> {
    let methods: Vec<(&str, (&'static str, bool))> = METHODS.iter().map(|m| (m.0, *m)).collect();
    let method = section.get("method").map_or(Some(METHODS[0]), |i| i.one_of(&methods));
    let path = section.need("path", "a path that starts with /").and_then(|i| reader.path(&i));
    let (headers, _) =
        section.get("headers").and_then(|i| i.section()).map(|s| reader.headers(&s)).unwrap_or_default();
    let any: Vec<&Stage> = stage::find(ANY).into_iter().collect();
    let rules = reader.inputs(section.get("inputs").and_then(|i| i.section()).as_ref(), write.name, &any);
    let mut keep = Checks { status: write.statuses.to_vec(), ..Checks::default() };
    if let Some(section) = section.need("keep", "a table of NAME = what is kept").and_then(|i| i.section()) {
        reader.captures(&section, &mut keep);
    }
    let checks = |item: Item<'_>| {
        let mut checks = Checks::default();
        if let Some(section) = item.section() {
            reader.expect(&section, &mut checks);
        }
        checks
    };
    let expect = section.need("expect", "a table with status").map(checks);
    let several = section.get("several").map(checks);
    section.finish();

    let has_user_agent = headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("user-agent"));
    let request = Request { method: method?.0, path: path?, headers, has_user_agent, body: None };
    let proof = Proof { request, rules, keep, expect: expect?, several };
    uses::check_kept(&proof.keep, write.rules, write.takes, reader.credentials, log);
    kept(&proof, section, &any, reader.credentials, log);
    Some(proof)
}

/// Reports what is asked of the kept values and not kept.
fn kept(proof: &Proof, section: &Section<'_>, any: &[&Stage], credentials: &Credentials, log: &Log) {
    let names: Vec<&str> = proof.keep.captures.iter().map(|(name, _): &(_, Captured)| &**name).collect();
    for checks in [Some(&proof.expect), proof.several.as_ref()].into_iter().flatten() {
        uses::check("proof.", &proof.request, checks, &proof.rules, any, credentials, log);
        for (what, template, _) in uses::templates("proof.", &proof.request, checks) {
            for (variable, _, line) in template.variables() {
                let Variable::Capture(name) = variable else { continue };
                if !names.contains(&&**name) {
                    let fault =
                        section.fault("keep", &format!("is asked for in {what}, line {line}, and not kept"));
                    log.push(fault.got(name).allowed(list(&names)));
                }
            }
        }
    }
    let rules = [
        (proof.rules.patient, &["nhs_number"][..]),
        (proof.rules.practice, &["practice"]),
        (proof.rules.pharmacy, &["pharmacy"]),
        (proof.rules.mailbox, &["mailbox", "password"]),
    ];
    for (_, needed) in rules.iter().filter(|(rule, _)| *rule == Rule::Capture) {
        for name in needed.iter().filter(|n| !names.contains(n)) {
            log.push(
                section
                    .fault("inputs", "a value is needed that is not kept")
                    .got(*name)
                    .allowed(list(&names)),
            );
        }
    }
}
