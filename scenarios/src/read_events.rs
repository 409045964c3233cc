//! Reads the `[[event]]` tables: what is done to the system under test while the load goes on. Called by `read_scenario`.

use crate::document::{Item, Log};
use crate::fault::Fault;
use crate::scenario::{Action, Event};
use crate::target::Target;
use crate::units::{duration_text, parse_duration};
use std::time::Duration;

/// What can be done, for messages.
const ACTIONS: &str = "hub-kill, hub-restart, hub-stop DURATION, inject RULES, inject off";
/// Longest time for which a hub is frozen: beyond it the timeouts of every client have passed long ago.
const STOP_MAX: Duration = Duration::from_secs(600);
/// Longest text of rules, bytes: as much as the reference hub takes.
const RULES_BYTES_MAX: usize = 16 * 1024;
/// What rules look like, for messages; the hub's own parser judges them when the run starts.
const RULES_FORM: &str = "rules of the hub divided by ;, e.g. delay 50ms p=0.1; error 503 p=0.01, or off";

/// Reads the `[[event]]` tables. `total` is how long the phases last; `None` when they are not known.
pub(crate) fn read_events(
    item: Option<Item<'_>>,
    target: Option<&Target>,
    total: Option<Duration>,
    log: &Log,
) -> Vec<Event> {
    let mut events = Vec::new();
    let Some(item) = item else { return events };
    if let Some(Target::Url { url, .. }) = target {
        let problem = "a hub that runs already is not ours to disturb: events need one of the run's own";
        log.push(item.fault(problem).got(url).allowed("hub = \"embedded\" in [target]"));
    }
    for element in item.elements() {
        let Some(section) = element.section() else { continue };
        let at = section.need("at", "when, from the start, e.g. 30s").and_then(|i| {
            let found = i.value().as_str().and_then(parse_duration);
            match found {
                None => i.refuse("not a time from the start", "a duration, e.g. 30s"),
                Some(at) if total.is_some_and(|total| at >= total) => {
                    let end = duration_text(total.unwrap_or_default());
                    i.refuse("after the last phase has ended", format!("before {end}"));
                }
                _ => {}
            }
            found
        });
        let action = section.need("do", ACTIONS).and_then(|i| read_action(&i, log).zip(i.text()));
        section.finish();
        if let (Some(at), Some((action, text))) = (at, action) {
            events.push(Event { at, action, text: text.to_owned() });
        }
    }
    // Stable: what is asked for at the same moment happens in the order in which it is written.
    events.sort_by_key(|e| e.at);
    events
}

fn read_action(item: &Item<'_>, log: &Log) -> Option<Action> {
    let text = item.text()?.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    match (word, rest) {
        ("hub-kill", "") => Some(Action::HubKill),
        ("hub-restart", "") => Some(Action::HubRestart),
        ("hub-stop", span) => {
            let found = parse_duration(span).filter(|d| !d.is_zero() && *d <= STOP_MAX);
            if found.is_none() {
                let form = format!("hub-stop and a duration above zero, {} at most", duration_text(STOP_MAX));
                item.refuse("not how long the hub is frozen", form);
            }
            found.map(Action::HubStop)
        }
        ("inject", rules) => rules_of(item, rules, log).map(Action::Inject),
        _ => {
            item.refuse("unknown action", ACTIONS);
            None
        }
    }
}

/// Rules that have the shape of rules: words of letters first, nothing that cannot be printed.
fn rules_of(item: &Item<'_>, rules: &str, log: &Log) -> Option<String> {
    if rules.len() > RULES_BYTES_MAX {
        let allowed = format!("{RULES_BYTES_MAX} bytes");
        log.push(item.fault("rules too long").got(rules.len()).allowed(allowed));
        return None;
    }
    let is_rule = |rule: &str| {
        rule.starts_with(|c: char| c.is_ascii_lowercase()) && rule.bytes().all(|b| (b' '..0x7f).contains(&b))
    };
    let written: Vec<&str> = rules.split(';').map(str::trim).filter(|r| !r.is_empty()).collect();
    let bad = written.iter().find(|rule| !is_rule(rule));
    let fault: Fault = match (written.is_empty(), bad) {
        (true, _) => item.fault("no rules"),
        (_, Some(bad)) => item.fault("not a rule").got(bad),
        (_, None) if written.len() > 1 && written.contains(&"off") => {
            item.fault("off ends all rules, so it stands alone").got(rules)
        }
        _ => return Some(rules.to_owned()),
    };
    log.push(fault.allowed(RULES_FORM));
    None
}
