//! The system under test must have been one and the same, and must have counted what we counted. Called by `validity`.

use super::Evidence;

/// Why the hub makes the run invalid.
pub(super) fn reasons(e: &Evidence<'_>) -> Vec<String> {
    let mut why = Vec::new();
    if e.hub_died {
        why.push("The hub's process ended during the run.".to_owned());
    }
    let instance = |s: Option<&crate::status::HubStatus>| s.and_then(|s| s.instance.clone());
    let (before, after) = (instance(e.hub_before), instance(e.hub_after));
    let answered = e.hub_before.is_some() && e.hub_after.is_some();
    if answered && before != after && !e.restarts_planned {
        let name = |i: Option<String>| i.unwrap_or_else(|| "none".to_owned());
        why.push(format!(
            "The hub that answered at the end is not the one that answered at the start (instance {}, then {}): it was \
             restarted or replaced in mid-run.",
            name(before),
            name(after)
        ));
    }
    if e.hub_before.is_some() && e.hub_after.is_none() && !e.hub_died {
        why.push(
            "The hub told of itself (/_status) before the run and did not after it: it ended, or was replaced in mid-run."
                .to_owned(),
        );
    }
    for (name, least, most, hubs) in e.operations {
        if hubs < least || hubs > most {
            let ours = if least == most { least.to_string() } else { format!("{least} to {most}") };
            why.push(format!("The hub counted {hubs} answers to {name}, we {ours}: one of us is wrong."));
        }
    }
    why
}

/// What a reader should know of the hub.
pub(super) fn warnings(e: &Evidence<'_>) -> Vec<String> {
    if e.hub_before.is_none() && e.hub_after.is_none() && !e.hub_died {
        return vec!["The target keeps no counts of its own (no /_status), so ours stand alone.".to_owned()];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::super::good;
    use super::*;
    use crate::status::HubStatus;

    fn named(instance: &str) -> HubStatus {
        HubStatus { instance: Some(instance.to_owned()), ..HubStatus::default() }
    }

    #[test]
    fn a_hub_that_was_exchanged_is_named_unless_the_scenario_did_it() {
        let (one, other, old) = (named("1"), named("2"), HubStatus::default());
        let why = |before, after, restarts_planned| {
            reasons(&Evidence {
                hub_before: Some(before),
                hub_after: Some(after),
                restarts_planned,
                ..good()
            })
        };
        let told = why(&one, &other, false);
        assert!(told.len() == 1 && told[0].contains("(instance 1, then 2)"), "{told:?}");
        assert!(why(&one, &old, false)[0].contains("(instance 1, then none)"));
        assert!(why(&one, &other, true).is_empty() && why(&one, &one, false).is_empty());
        assert!(why(&old, &old, false).is_empty(), "an older hub has no name to tell");
    }

    #[test]
    fn a_hub_that_is_gone_at_the_end_is_a_reason_and_one_that_never_told_of_itself_a_warning() {
        let one = named("1");
        let gone = Evidence { hub_before: Some(&one), hub_after: None, ..good() };
        assert!(reasons(&gone)[0].contains("did not after it") && warnings(&gone).is_empty());
        let died = Evidence { hub_died: true, ..gone };
        assert_eq!(reasons(&died), ["The hub's process ended during the run."]);
        let silent = Evidence { hub_before: None, hub_after: None, ..good() };
        assert!(reasons(&silent).is_empty() && warnings(&silent)[0].contains("keeps no counts"));
    }

    #[test]
    fn the_hubs_count_must_lie_between_what_was_answered_and_what_may_have_reached_it() {
        let count = |hubs| {
            let operations = [("pds-retrieve".to_owned(), 10, 12, hubs)];
            reasons(&Evidence { operations: &operations, ..good() }).len()
        };
        assert_eq!([9, 10, 12, 13].map(count), [1, 0, 0, 1]);
    }
}
