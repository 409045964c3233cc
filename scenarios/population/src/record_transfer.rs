//! Transfers of a patient's record from one practice to another (GP2GP) that are under way at time zero: the request was
//! sent and answered by nothing yet, so that the first extract or fragment of a run has a conversation to belong to. Pure
//! functions of (seed, index).

use crate::Population;
use crate::backlog::{BACKLOG_MIN, BACKLOG_PATIENTS};
use crate::draw::{Domain, Draw};

/// How many transfers a population of [`BACKLOG_PATIENTS`] or more has under way: the national peak sends some 800
/// extracts and fragments a minute, and a conversation takes any number of fragments.
pub const RECORD_TRANSFERS: u64 = 1_000;

/// A transfer under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordTransfer {
    /// Conversation that its messages share: a UUID in upper case.
    pub conversation_id: String,
    /// Whose record it is.
    pub patient_index: u64,
    /// Index of the end point that asked, of the practice where the patient registers.
    pub requester: u32,
    /// Index of the end point that answers, of the practice that has the record; never the requester.
    pub responder: u32,
}

impl Population {
    /// How many transfers are under way: [`RECORD_TRANSFERS`] scaled as the rest of the backlog.
    pub fn record_transfers(&self) -> u64 {
        let patients = self.sizes().patients.min(BACKLOG_PATIENTS);
        (RECORD_TRANSFERS * patients / BACKLOG_PATIENTS).max(BACKLOG_MIN)
    }

    /// The `i`-th transfer; the caller keeps `i` below [`Self::record_transfers`].
    pub fn record_transfer(&self, i: u64) -> RecordTransfer {
        let mut draw = Draw::new(self.seed(), Domain::RecordTransfer, i);
        let mut conversation_id = draw.uuid();
        conversation_id.make_ascii_uppercase();
        // End points below both counts belong to the organisation of the same index; of every ten organisations the
        // first four are practices.
        let tens = u64::from(self.sizes().endpoints.min(self.sizes().organisations) / 10);
        let (requester, step) = (draw.below(tens * 4), 1 + draw.below(tens * 4 - 1));
        let practice = |k: u64| (k / 4 * 10 + k % 4) as u32;
        RecordTransfer {
            conversation_id,
            patient_index: draw.below(self.sizes().patients),
            requester: practice(requester),
            responder: practice((requester + step) % (tens * 4)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OrgKind, Sizes};
    use std::collections::HashSet;

    #[test]
    fn transfers_run_between_two_practices_in_conversations_of_their_own() {
        for (organisations, endpoints) in [(20_000, 28_000), (10, 30), (40, 10)] {
            let p = Population::new(42, Sizes { patients: 2_000, organisations, endpoints }).unwrap();
            assert_eq!(p.record_transfers(), BACKLOG_MIN);
            let mut seen = HashSet::new();
            for i in 0..p.record_transfers() {
                let transfer = p.record_transfer(i);
                assert_ne!(transfer.requester, transfer.responder);
                for place in [transfer.requester, transfer.responder] {
                    let organisation = p.organisation(p.endpoint(place).organisation);
                    assert_eq!(organisation.kind, OrgKind::GpPractice);
                }
                assert!(seen.insert(transfer.conversation_id));
            }
        }
    }
}
