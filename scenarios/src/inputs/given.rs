//! What is settled before an interaction's own rules choose: by a hand-over, by the journey that a step belongs to, by a
//! row of a trace. Called by `inputs` while a request is rendered. In this order: what is handed over, what is given, the
//! rule. An interaction that takes from a stage uses the hand-over where its file says so; one that takes nothing follows
//! what its journey hands on, so that a mailbox that was sent to is the one that is looked into.

use super::{Actor, DRAW_ENDPOINT, DRAW_PATIENT, DRAW_RECIPIENT, Inputs, Rule};
use crate::variable::Org;
use population::{NhsNumber, OrgKind, Short};

impl Inputs<'_> {
    pub(super) fn patient_index(&mut self) -> u64 {
        if let Some(index) = self.patient_index {
            return index;
        }
        let (population, given) = (self.cx.population, self.cx.given.patient);
        // A hand-over of a server that is not ours may name somebody whom the population does not know.
        let handed =
            || NhsNumber::parse(self.captured("nhs_number")).ok().and_then(|n| population.patient_index(n));
        let settled = match self.rules.patient {
            Rule::Capture => handed().or(given),
            // The person it is about is handed over; `patient` is somebody else, as the rule says.
            _ if self.rules.takes_person => None,
            _ if self.rules.takes_nothing && self.cx.taken.is_some() => handed().or(given),
            _ => given,
        };
        let index = settled.unwrap_or_else(|| match self.rules.patient {
            Rule::Random => self.draw.below(DRAW_PATIENT, population.sizes().patients),
            _ => population.permuted_patient(self.cx.ordinal, self.rules.stream),
        });
        self.patient_index = Some(index);
        index
    }

    /// Rank among its kind (index for any kind) of the organisation that is given, where it is the one asked for: the one
    /// that the request acts for, of the right kind.
    pub(super) fn given_rank(&self, org: Org) -> Option<u32> {
        let population = self.cx.population;
        let given = self.cx.given.organisation? % population.sizes().organisations;
        match self.rules.session {
            Rule::ActsFor(Actor::Organisation(actor)) if actor == org => {}
            Rule::ActsFor(_) => return None,
            _ => {}
        }
        let (kind, rank) = population.organisation_kind(given);
        match (org, kind) {
            (Org::Any, _) => Some(given),
            (Org::Practice, OrgKind::GpPractice) | (Org::Pharmacy, OrgKind::Pharmacy) => Some(rank),
            _ => None,
        }
    }

    /// How practice or pharmacy are chosen: the patient's own where the patient is given, so that all steps of a journey
    /// meet at the same ones.
    pub(super) fn settled_rule(&self, rule: Rule, org: Org) -> Rule {
        let chosen = matches!(rule, Rule::Each | Rule::Random | Rule::Ahead);
        if chosen && org != Org::Any && self.cx.given.patient.is_some() { Rule::Patient } else { rule }
    }

    pub(super) fn endpoint_index(&self) -> u32 {
        let population = self.cx.population;
        let (count, given) = (population.sizes().endpoints, self.cx.given);
        if self.rules.takes_nothing && self.cx.taken.is_some() {
            let mailbox = population.endpoint_with_mailbox(self.captured("mailbox"));
            let handed = mailbox.or_else(|| population.endpoint_with_asid(self.captured("requester_asid")));
            if let Some(index) = handed {
                return index;
            }
        }
        if let Some(index) = given.endpoint {
            return index % count;
        }
        if let (Some(organisation), Rule::ActsFor(Actor::EndPoint)) = (given.organisation, self.rules.session)
        {
            let organisations = population.sizes().organisations;
            let first = organisation % organisations;
            // With fewer end points than organisations some have none, and the rule chooses.
            if first < count {
                let own = (count - first).div_ceil(organisations);
                return first + self.draw.below(DRAW_ENDPOINT, own.into()) as u32 * organisations;
            }
        }
        let index = match self.rules.endpoint {
            Rule::Each => population.permuted(self.cx.ordinal, count.into(), self.rules.stream),
            _ => self.draw.below(DRAW_ENDPOINT, count.into()),
        };
        index as u32
    }

    fn recipient_index(&self, endpoint: u32) -> u32 {
        let population = self.cx.population;
        if self.rules.takes_nothing
            && self.cx.taken.is_some()
            && let Some(index) = population.endpoint_with_asid(self.captured("responder_asid"))
        {
            return index;
        }
        // A step of 1 to count - 1 never ends where it began.
        let count = population.sizes().endpoints;
        (endpoint + 1 + self.draw.below(DRAW_RECIPIENT, u64::from(count) - 1) as u32) % count
    }

    /// Index of the end point, or of the recipient.
    pub(super) fn endpoint_of(&self, recipient: bool) -> u32 {
        let index = self.endpoint_index();
        if recipient { self.recipient_index(index) } else { index }
    }

    /// Its mailbox, which a request names several times.
    pub(super) fn mailbox(&mut self, recipient: bool) -> Short {
        let place = usize::from(recipient);
        let found = self.mailboxes[place];
        let mailbox = found.unwrap_or_else(|| self.cx.population.short_mailbox(self.endpoint_of(recipient)));
        *self.mailboxes[place].insert(mailbox)
    }
}
