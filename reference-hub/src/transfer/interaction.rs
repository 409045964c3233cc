//! The forward-reliable interactions: service, action, the operation each counts as, and how long a message is kept for a
//! recipient that does not take it.
//!
//! Called by routing, by receive and by the queue. Services and persist durations are those of the published contract
//! properties; pathology, which has none of its own there, takes the general five minutes.

/// What a message is to the transfer of a patient's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Opens a conversation.
    Request,
    /// Answers it: from the one who was asked to the one who asked.
    Extract,
    /// Belongs to it, in either direction.
    Fragment,
    /// Stands alone.
    Alone,
}

/// An interaction.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Interaction {
    /// ebXML service.
    pub service: &'static str,
    /// ebXML action, which is also the root of its HL7 payload.
    pub action: &'static str,
    /// The operation that it counts as.
    pub operation: &'static str,
    /// How long it waits for its recipient, in milliseconds.
    pub persist_ms: u64,
    /// What it is to a record transfer.
    pub role: Role,
}

const GP2GP: &str = "urn:nhs:names:services:gp2gp";
const PATHOLOGY: &str = "urn:nhs:names:services:pat";
const GPES: &str = "urn:nhs:names:services:gpes";

const MINUTE_MS: u64 = 60 * 1_000;
/// PT4H10M, of record requests and extracts.
const RECORD_MS: u64 = 250 * MINUTE_MS;
/// PT7H, of fragments.
const FRAGMENT_MS: u64 = 420 * MINUTE_MS;
/// PT4M, of application acknowledgements.
const ACKNOWLEDGE_MS: u64 = 4 * MINUTE_MS;
/// PT5M, the general persist duration of the directory's contract properties.
const GENERAL_MS: u64 = 5 * MINUTE_MS;

/// The operation of everything else that is forward-reliable, and of what is none of these.
pub(super) const OTHER: &str = "forward-reliable";

const fn row(
    service: &'static str,
    action: &'static str,
    operation: &'static str,
    persist_ms: u64,
    role: Role,
) -> Interaction {
    Interaction { service, action, operation, persist_ms, role }
}

/// All interactions.
pub(super) const INTERACTIONS: &[Interaction] = &[
    row(GP2GP, "RCMR_IN010000UK05", "gp2gp-request", RECORD_MS, Role::Request),
    row(GP2GP, "RCMR_IN030000UK06", "gp2gp-extract", RECORD_MS, Role::Extract),
    row(GP2GP, "RCMR_IN030000UK07", "gp2gp-extract", RECORD_MS, Role::Extract),
    row(GP2GP, "COPC_IN000001UK01", "gp2gp-fragment", FRAGMENT_MS, Role::Fragment),
    row(GP2GP, "MCCI_IN010000UK13", "gp2gp-acknowledge", ACKNOWLEDGE_MS, Role::Alone),
    row(PATHOLOGY, "POLB_IN020005UK01", "pathology-transfer", GENERAL_MS, Role::Alone),
    row(PATHOLOGY, "POLB_IN020005UK03", "pathology-transfer", GENERAL_MS, Role::Alone),
    row(PATHOLOGY, "POLB_IN020006UK01", "pathology-transfer", GENERAL_MS, Role::Alone),
    row(PATHOLOGY, "MCCI_IN010000UK13", OTHER, ACKNOWLEDGE_MS, Role::Alone),
    row(GPES, "COMT_IN000004GB01", OTHER, GENERAL_MS, Role::Alone),
    row(GPES, "MCCI_IN010000UK13", OTHER, ACKNOWLEDGE_MS, Role::Alone),
];

/// The interaction that a `SOAPAction` header names, in quotes or without; `None` when it is none that is published.
pub(super) fn of_soap_action(header: &str) -> Option<&'static Interaction> {
    let named = header.trim();
    let named = named.strip_prefix('"').and_then(|n| n.strip_suffix('"')).unwrap_or(named);
    let (service, action) = named.rsplit_once('/')?;
    INTERACTIONS.iter().find(|i| i.service == service && i.action == action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soap_action_names_its_interaction_with_and_without_quotes() {
        for (header, operation) in [
            ("urn:nhs:names:services:gp2gp/RCMR_IN010000UK05", "gp2gp-request"),
            ("\"urn:nhs:names:services:gp2gp/RCMR_IN030000UK07\"", "gp2gp-extract"),
            (" urn:nhs:names:services:gp2gp/COPC_IN000001UK01 ", "gp2gp-fragment"),
            ("urn:nhs:names:services:gp2gp/MCCI_IN010000UK13", "gp2gp-acknowledge"),
            ("urn:nhs:names:services:pat/POLB_IN020005UK03", "pathology-transfer"),
            ("urn:nhs:names:services:gpes/COMT_IN000004GB01", OTHER),
        ] {
            assert_eq!(of_soap_action(header).unwrap().operation, operation, "{header}");
        }
        for header in ["", "\"\"", "RCMR_IN010000UK05", "urn:nhs:names:services:mm/RCMR_IN010000UK05"] {
            assert_eq!(of_soap_action(header), None, "{header}");
        }
    }

    #[test]
    fn persist_durations_are_the_published_ones() {
        let hours = |action: &str| {
            INTERACTIONS.iter().find(|i| i.action == action).unwrap().persist_ms as f64 / 3_600_000.0
        };
        assert_eq!(hours("COPC_IN000001UK01"), 7.0);
        assert!((hours("RCMR_IN010000UK05") - (4.0 + 10.0 / 60.0)).abs() < 1e-9);
    }
}
