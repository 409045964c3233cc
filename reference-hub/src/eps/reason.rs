//! The published outcome codes of a cancellation.
//!
//! Called by the table of states and by eps-cancel. Names only.

/// The published outcome codes of a cancellation that this hub can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CancelReason {
    /// R-0001: done.
    Cancelled,
    /// R-0002: with a dispenser; marked.
    WithDispenser,
    /// R-0003: with a dispenser who has begun; marked.
    WithDispenserActive,
    /// R-0004: dispensed.
    Dispensed,
    /// R-0005: expired.
    Expired,
    /// R-0006: cancelled before.
    AlreadyCancelled,
    /// R-0007: another prescriber asked before.
    AnotherPrescriber,
    /// R-0008: no such prescription or item.
    NotFound,
    /// R-0010: not dispensed.
    NotDispensed,
    /// R-5000: the message contradicts the prescription.
    Mismatch,
    /// R-5888: the message lacks what a cancellation must say.
    InvalidMessage,
}

impl CancelReason {
    /// The published code and display text.
    pub fn coding(self) -> (&'static str, &'static str) {
        match self {
            CancelReason::Cancelled => ("R-0001", "Prescription/item was cancelled"),
            CancelReason::WithDispenser => {
                ("R-0002", "Prescription/item was not cancelled. With dispenser. Marked for cancellation")
            }
            CancelReason::WithDispenserActive => (
                "R-0003",
                "Prescription/item was not cancelled. With dispenser active. Marked for cancellation",
            ),
            CancelReason::Dispensed => {
                ("R-0004", "Prescription/item was not cancelled. Prescription has been dispensed.")
            }
            CancelReason::Expired => ("R-0005", "Prescription/item has expired"),
            CancelReason::AlreadyCancelled => ("R-0006", "Prescription/item had already been cancelled"),
            CancelReason::AnotherPrescriber => {
                ("R-0007", "Prescription/item cancellation requested by another prescriber")
            }
            CancelReason::NotFound => ("R-0008", "Prescription/item not found"),
            CancelReason::NotDispensed => {
                ("R-0010", "Prescription/item was not cancelled. Prescription has been not dispensed.")
            }
            CancelReason::Mismatch => (
                "R-5000",
                "Unable to process message. Information missing or invalid - Mismatch between prescription and cancellation NHSNumber",
            ),
            CancelReason::InvalidMessage => ("R-5888", "Invalid Message."),
        }
    }
}
