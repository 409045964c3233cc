//! Tests of the table of states.

use super::super::state::{EVENTS, Event, Refusal, STATES, State, may_amend_claim, may_amend_dispense, next};

#[test]
fn states_stand_at_their_index_under_their_code() {
    for (i, (state, code, _)) in STATES.iter().enumerate() {
        assert_eq!(*state as usize, i);
        assert_eq!(State::from_code(code), Some(*state));
        assert_eq!(state.code(), *code);
    }
}

/// The legal transitions, written down once more and independently of the table.
const LEGAL: [(&str, Event, &str); 17] = [
    ("0001", Event::Release, "0002"),
    ("0002", Event::DispensePart, "0003"),
    ("0003", Event::DispensePart, "0003"),
    ("0002", Event::DispenseAll, "0006"),
    ("0003", Event::DispenseAll, "0006"),
    ("0002", Event::DispenseNone, "0007"),
    ("0002", Event::Return, "0001"),
    ("0006", Event::Claim, "0008"),
    ("0006", Event::ClaimNone, "0009"),
    ("0001", Event::Expire, "0004"),
    ("0000", Event::ComeDue, "0001"),
    ("9000", Event::ComeDue, "0001"),
    ("9001", Event::ComeDue, "0001"),
    ("0000", Event::Cancel, "0005"),
    ("0001", Event::Cancel, "0005"),
    ("9000", Event::Cancel, "9005"),
    ("9001", Event::Cancel, "9005"),
];

#[test]
fn every_pair_of_state_and_event_is_legal_as_listed_or_refused() {
    for (state, code, _) in STATES {
        for event in EVENTS {
            let listed = LEGAL.iter().find(|(c, e, _)| *c == code && *e == event).map(|(_, _, to)| *to);
            assert_eq!(next(state, event).ok().map(State::code), listed, "{code} {event:?}");
        }
    }
}

#[test]
fn no_walk_dispenses_or_claims_twice_and_every_end_is_an_end() {
    // Every walk of up to six events from 0001, exhaustively: 10^6 walks.
    let mut walks = vec![(State::ToBeDispensed, 0_u32, 0_u32)];
    for _ in 0..6 {
        let mut longer = Vec::new();
        for (state, dispensed, claimed) in walks {
            for event in EVENTS {
                if let Ok(to) = next(state, event) {
                    let dispensed = dispensed + u32::from(event == Event::DispenseAll);
                    let claimed = claimed + u32::from(event == Event::Claim);
                    assert!(dispensed <= 1 && claimed <= dispensed, "{state:?} {event:?}");
                    longer.push((to, dispensed, claimed));
                }
            }
        }
        walks = longer;
    }
    for end in [State::Claimed, State::NoClaimed, State::Cancelled, State::Expired, State::NotDispensed] {
        assert!(EVENTS.iter().all(|e| next(end, *e).is_err()), "{end:?}");
    }
}

#[test]
fn a_cancellation_is_refused_with_the_reason_of_its_state() {
    let reasons = [
        ("0002", "R-0002"),
        ("0003", "R-0003"),
        ("0006", "R-0004"),
        ("0008", "R-0004"),
        ("0009", "R-0004"),
        ("0004", "R-0005"),
        ("0005", "R-0006"),
        ("9005", "R-0006"),
        ("0007", "R-0010"),
    ];
    for (state, reason) in reasons {
        match next(State::from_code(state).unwrap(), Event::Cancel) {
            Err(Refusal::NotCancelled(r)) => assert_eq!(r.coding().0, reason, "{state}"),
            other => panic!("{state}: {other:?}"),
        }
    }
}

#[test]
fn a_release_is_refused_with_the_code_of_its_state() {
    let refusals = [
        ("0002", Refusal::WithDispenser),
        ("0003", Refusal::WithDispenser),
        ("0004", Refusal::Expired),
        ("0005", Refusal::Cancelled),
        ("9005", Refusal::Cancelled),
        ("0006", Refusal::Dispensed),
        ("0008", Refusal::Dispensed),
        ("0009", Refusal::Dispensed),
        ("0000", Refusal::InvalidTransition),
        ("0007", Refusal::InvalidTransition),
    ];
    for (state, refusal) in refusals {
        assert_eq!(next(State::from_code(state).unwrap(), Event::Release), Err(refusal), "{state}");
    }
}

#[test]
fn only_what_is_told_and_not_yet_claimed_can_be_amended() {
    for (state, code, _) in STATES {
        assert_eq!(may_amend_dispense(state).is_ok(), matches!(code, "0003" | "0006" | "0007"), "{code}");
        assert_eq!(may_amend_claim(state).is_ok(), code == "0008", "{code}");
    }
}
