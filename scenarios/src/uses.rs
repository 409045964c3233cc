//! Whether every variable of an interaction can be known where it stands. Called by `read_interaction` once all parts are
//! read; a fault names the line where the variable is written, also in a body's own file.

use crate::check::{Checks, Expected, Source};
use crate::credentials::Credentials;
use crate::document::Log;
use crate::fault::{Fault, list};
use crate::inputs::{Rule, Rules};
use crate::render::Request;
use crate::stage::Stage;
use crate::template::Template;
use crate::variable::{OfOrg, Org, Variable};

/// Reports every variable that cannot be known; `prefix` stands before the names of what is looked at.
pub(crate) fn check(
    prefix: &str,
    request: &Request,
    checks: &Checks,
    rules: &Rules,
    takes: &[&Stage],
    credentials: &Credentials,
    log: &Log,
) {
    for (what, template, is_check) in templates(prefix, request, checks) {
        one(&what, template, is_check, rules, takes, credentials, log);
    }
}

/// Reports every variable that cannot be known when something of a write is kept for its proof.
pub(crate) fn check_kept(
    keep: &Checks,
    rules: &Rules,
    takes: &[&Stage],
    credentials: &Credentials,
    log: &Log,
) {
    for (what, template) in captured("proof.keep", keep) {
        one(&what, template, true, rules, takes, credentials, log);
    }
}

/// All templates by the name of where they stand, and whether they are written when an answer is checked.
pub(crate) fn templates<'a>(
    prefix: &str,
    request: &'a Request,
    checks: &'a Checks,
) -> Vec<(String, &'a Template, bool)> {
    let headers = request.headers.iter().map(|(name, t)| (format!("{prefix}headers.{name}"), t));
    let sent = [(format!("{prefix}path"), &request.path)]
        .into_iter()
        .chain(headers)
        .chain(request.body.iter().map(|body| (format!("{prefix}body"), &body.template)))
        .map(|(what, t)| (what, t, false));
    let compared = (checks.headers.iter().map(|(n, e)| (format!("{prefix}expect.header.{n}"), e)))
        .chain(checks.json.iter().map(|(n, _, e)| (format!("{prefix}expect.json.{n}"), e)))
        .filter_map(|(what, e)| match e {
            Expected::Text { template, .. } | Expected::AtLeast(template) => Some((what, template, true)),
            Expected::Number(_) | Expected::Boolean(_) => None,
        });
    let captured = captured("capture", checks).into_iter().map(|(what, t)| (what, t, true));
    sent.chain(compared).chain(captured).collect()
}

fn captured<'a>(table: &str, checks: &'a Checks) -> Vec<(String, &'a Template)> {
    let of = |(name, source): &'a (std::sync::Arc<str>, Source)| match source {
        Source::Template(t) => Some((format!("{table}.{name}"), t)),
        _ => None,
    };
    checks.captures.iter().filter_map(of).collect()
}

fn one(
    what: &str,
    template: &Template,
    is_check: bool,
    rules: &Rules,
    takes: &[&Stage],
    credentials: &Credentials,
    log: &Log,
) {
    for (variable, file, line) in template.variables() {
        let fault = |problem: &str| Fault::new(file, line, what, problem);
        match variable {
            v if is_check && v.is_time() => {
                log.push(fault("the time is not known when an answer is checked"));
            }
            Variable::Credential(_) if is_check => {
                log.push(fault("a credential is not compared with an answer, and is not handed over"));
            }
            Variable::Credential(named) if named.cell.is_none() => {
                let known = list(credentials.named.iter().map(|n| &n.name));
                let allowed = if known.is_empty() {
                    "a name of [credentials] in the scenario, which has none".to_owned()
                } else {
                    known
                };
                log.push(fault("no such credential in the scenario").got(&named.name).allowed(allowed));
            }
            Variable::PrescriptionSignature if what != "body" || !template.is_json() => {
                log.push(
                    fault("nothing but a body of JSON can be signed")
                        .allowed("a body whose Content-Type says JSON"),
                );
            }
            Variable::Capture(name) if takes.is_empty() => {
                let allowed = "takes = \"STAGE\" in the interaction";
                log.push(fault("nothing is taken from a stage").got(name).allowed(allowed));
            }
            Variable::Capture(name) => {
                let closed = takes.iter().filter(|s| !s.hands_over.is_empty());
                for stage in closed.filter(|s| !s.hands_over.contains(&&**name)) {
                    let problem = format!("not handed over at {}", stage.name);
                    log.push(fault(&problem).got(name).allowed(list(stage.hands_over)));
                }
            }
            Variable::Organisation(org, of) if *of != OfOrg::Ods => {
                let (rule, name) = match org {
                    Org::Practice => (rules.practice, "practice"),
                    Org::Pharmacy => (rules.pharmacy, "pharmacy"),
                    Org::Any => (rules.organisation, "organisation"),
                };
                if rule == Rule::Capture {
                    let problem = format!("only the code of a captured {name} is known");
                    log.push(fault(&problem).allowed(format!("{name}.ods")));
                }
            }
            _ => {}
        }
    }
}
