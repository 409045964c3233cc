//! The life of a prescription, as one exhaustive table: (state, event) -> next state or refusal.
//!
//! Called by every EPS handler before it writes. Pure and closed: it reads no store and no clock, and a new state or
//! event does not compile until every pair has an answer. Status codes are the published ones of the tracker.

use super::reason::CancelReason;

/// A prescription's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// 0000: received, not yet open for release.
    AwaitingReleaseReady,
    /// 0001: open for release.
    ToBeDispensed,
    /// 0002: one dispenser holds it.
    WithDispenser,
    /// 0003: one dispenser holds it and has dispensed a part.
    WithDispenserActive,
    /// 0004: not released in time.
    Expired,
    /// 0005: cancelled by its prescriber.
    Cancelled,
    /// 0006: every item dispensed, or settled as not to be.
    Dispensed,
    /// 0007: returned as not dispensed.
    NotDispensed,
    /// 0008: claimed for payment.
    Claimed,
    /// 0009: dispensed without a claim.
    NoClaimed,
    /// 9000: a later issue of a repeat dispensing prescription.
    RepeatFuture,
    /// 9001: a prescription dated ahead.
    Future,
    /// 9005: a later issue, cancelled.
    CancelledFuture,
}

/// Every state with its published code and display text.
pub const STATES: [(State, &str, &str); 13] = [
    (State::AwaitingReleaseReady, "0000", "Awaiting Release Ready"),
    (State::ToBeDispensed, "0001", "To Be Dispensed"),
    (State::WithDispenser, "0002", "With Dispenser"),
    (State::WithDispenserActive, "0003", "With Dispenser - Active"),
    (State::Expired, "0004", "Expired"),
    (State::Cancelled, "0005", "Cancelled"),
    (State::Dispensed, "0006", "Dispensed"),
    (State::NotDispensed, "0007", "Not Dispensed"),
    (State::Claimed, "0008", "Claimed"),
    (State::NoClaimed, "0009", "No-Claimed"),
    (State::RepeatFuture, "9000", "Repeat Dispense future instance"),
    (State::Future, "9001", "Prescription future instance"),
    (State::CancelledFuture, "9005", "Cancelled future instance"),
];

impl State {
    /// The published four-digit code.
    pub fn code(self) -> &'static str {
        STATES[self as usize].1
    }

    /// The published display text.
    pub fn display(self) -> &'static str {
        STATES[self as usize].2
    }

    /// The state of a published code.
    pub fn from_code(code: &str) -> Option<State> {
        STATES.iter().find(|(_, c, _)| *c == code).map(|(state, _, _)| *state)
    }
}

/// What happens to a prescription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A dispenser downloads it.
    Release,
    /// A dispense notification says 0003: a part was handed out.
    DispensePart,
    /// A dispense notification says 0006: all is settled.
    DispenseAll,
    /// A dispense notification says 0007: nothing was handed out.
    DispenseNone,
    /// The dispenser gives it back.
    Return,
    /// The dispenser claims payment.
    Claim,
    /// The claim period ends without a claim.
    ClaimNone,
    /// The prescriber cancels its last open item.
    Cancel,
    /// Its time runs out.
    Expire,
    /// The day comes from which it may be dispensed.
    ComeDue,
}

/// Every event, for tests that go through the whole table.
pub const EVENTS: [Event; 10] = [
    Event::Release,
    Event::DispensePart,
    Event::DispenseAll,
    Event::DispenseNone,
    Event::Return,
    Event::Claim,
    Event::ClaimNone,
    Event::Cancel,
    Event::Expire,
    Event::ComeDue,
];

/// Why an event is not possible in a state; each has a published code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// PRESCRIPTION_CANCELLED.
    Cancelled,
    /// PRESCRIPTION_EXPIRED.
    Expired,
    /// A dispenser holds it: PRESCRIPTION_WITH_ANOTHER_DISPENSER, unless the holder is who asks.
    WithDispenser,
    /// PRESCRIPTION_DISPENSED.
    Dispensed,
    /// PRESCRIPTION_INVALID_STATE_TRANSITION.
    InvalidTransition,
    /// PRESCRIPTION_INVALID_LINE_STATE_TRANSITION.
    InvalidLineTransition,
    /// A cancellation's published reason.
    NotCancelled(CancelReason),
}

/// The next state, or why there is none.
///
/// # Errors
/// The published [`Refusal`] of an illegal transition.
pub fn next(state: State, event: Event) -> Result<State, Refusal> {
    use State as S;
    match event {
        Event::Release => match state {
            S::ToBeDispensed => Ok(S::WithDispenser),
            S::WithDispenser | S::WithDispenserActive => Err(Refusal::WithDispenser),
            S::Expired => Err(Refusal::Expired),
            S::Cancelled | S::CancelledFuture => Err(Refusal::Cancelled),
            S::Dispensed | S::Claimed | S::NoClaimed => Err(Refusal::Dispensed),
            S::AwaitingReleaseReady | S::NotDispensed | S::RepeatFuture | S::Future => {
                Err(Refusal::InvalidTransition)
            }
        },
        Event::DispensePart => match state {
            S::WithDispenser | S::WithDispenserActive => Ok(S::WithDispenserActive),
            S::AwaitingReleaseReady
            | S::ToBeDispensed
            | S::Expired
            | S::Cancelled
            | S::Dispensed
            | S::NotDispensed
            | S::Claimed
            | S::NoClaimed
            | S::RepeatFuture
            | S::Future
            | S::CancelledFuture => Err(Refusal::InvalidTransition),
        },
        Event::DispenseAll => match state {
            S::WithDispenser | S::WithDispenserActive => Ok(S::Dispensed),
            S::AwaitingReleaseReady
            | S::ToBeDispensed
            | S::Expired
            | S::Cancelled
            | S::Dispensed
            | S::NotDispensed
            | S::Claimed
            | S::NoClaimed
            | S::RepeatFuture
            | S::Future
            | S::CancelledFuture => Err(Refusal::InvalidTransition),
        },
        Event::DispenseNone => match state {
            S::WithDispenser => Ok(S::NotDispensed),
            S::AwaitingReleaseReady
            | S::ToBeDispensed
            | S::WithDispenserActive
            | S::Expired
            | S::Cancelled
            | S::Dispensed
            | S::NotDispensed
            | S::Claimed
            | S::NoClaimed
            | S::RepeatFuture
            | S::Future
            | S::CancelledFuture => Err(Refusal::InvalidTransition),
        },
        Event::Return => match state {
            S::WithDispenser => Ok(S::ToBeDispensed),
            S::AwaitingReleaseReady
            | S::ToBeDispensed
            | S::WithDispenserActive
            | S::Expired
            | S::Cancelled
            | S::Dispensed
            | S::NotDispensed
            | S::Claimed
            | S::NoClaimed
            | S::RepeatFuture
            | S::Future
            | S::CancelledFuture => Err(Refusal::InvalidTransition),
        },
        Event::Claim => match state {
            S::Dispensed => Ok(S::Claimed),
            S::AwaitingReleaseReady
            | S::ToBeDispensed
            | S::WithDispenser
            | S::WithDispenserActive
            | S::Expired
            | S::Cancelled
            | S::NotDispensed
            | S::Claimed
            | S::NoClaimed
            | S::RepeatFuture
            | S::Future
            | S::CancelledFuture => Err(Refusal::InvalidTransition),
        },
        Event::ClaimNone => match state {
            S::Dispensed => Ok(S::NoClaimed),
            S::AwaitingReleaseReady
            | S::ToBeDispensed
            | S::WithDispenser
            | S::WithDispenserActive
            | S::Expired
            | S::Cancelled
            | S::NotDispensed
            | S::Claimed
            | S::NoClaimed
            | S::RepeatFuture
            | S::Future
            | S::CancelledFuture => Err(Refusal::InvalidTransition),
        },
        Event::Expire => match state {
            S::ToBeDispensed => Ok(S::Expired),
            S::AwaitingReleaseReady
            | S::WithDispenser
            | S::WithDispenserActive
            | S::Expired
            | S::Cancelled
            | S::Dispensed
            | S::NotDispensed
            | S::Claimed
            | S::NoClaimed
            | S::RepeatFuture
            | S::Future
            | S::CancelledFuture => Err(Refusal::InvalidTransition),
        },
        Event::ComeDue => match state {
            S::AwaitingReleaseReady | S::RepeatFuture | S::Future => Ok(S::ToBeDispensed),
            S::ToBeDispensed
            | S::WithDispenser
            | S::WithDispenserActive
            | S::Expired
            | S::Cancelled
            | S::Dispensed
            | S::NotDispensed
            | S::Claimed
            | S::NoClaimed
            | S::CancelledFuture => Err(Refusal::InvalidTransition),
        },
        Event::Cancel => match state {
            S::AwaitingReleaseReady | S::ToBeDispensed => Ok(S::Cancelled),
            S::RepeatFuture | S::Future => Ok(S::CancelledFuture),
            S::WithDispenser => Err(Refusal::NotCancelled(CancelReason::WithDispenser)),
            S::WithDispenserActive => Err(Refusal::NotCancelled(CancelReason::WithDispenserActive)),
            S::Dispensed | S::Claimed | S::NoClaimed => Err(Refusal::NotCancelled(CancelReason::Dispensed)),
            S::Expired => Err(Refusal::NotCancelled(CancelReason::Expired)),
            S::Cancelled | S::CancelledFuture => Err(Refusal::NotCancelled(CancelReason::AlreadyCancelled)),
            S::NotDispensed => Err(Refusal::NotCancelled(CancelReason::NotDispensed)),
        },
    }
}

/// Whether the latest dispense notification may be withdrawn or replaced: until the prescription is claimed.
///
/// # Errors
/// PRESCRIPTION_INVALID_STATE_TRANSITION.
pub fn may_amend_dispense(state: State) -> Result<(), Refusal> {
    match state {
        State::WithDispenserActive | State::Dispensed | State::NotDispensed => Ok(()),
        State::AwaitingReleaseReady
        | State::ToBeDispensed
        | State::WithDispenser
        | State::Expired
        | State::Cancelled
        | State::Claimed
        | State::NoClaimed
        | State::RepeatFuture
        | State::Future
        | State::CancelledFuture => Err(Refusal::InvalidTransition),
    }
}

/// Whether a claim may be replaced by another: once there is one.
///
/// # Errors
/// PRESCRIPTION_INVALID_STATE_TRANSITION.
pub fn may_amend_claim(state: State) -> Result<(), Refusal> {
    if state == State::Claimed { Ok(()) } else { Err(Refusal::InvalidTransition) }
}
