//! The session a request is sent in: any, each in turn, or one of the organisation that the request acts for. Called by
//! `inputs` while a request is rendered, so it makes no organisation and no session where the token alone is asked for.

use super::{Actor, DRAW_SESSION, Inputs, Rule};
use crate::variable::{OfSession, Org};
use population::OrgKind;

impl Inputs<'_> {
    /// Index of the organisation that the request acts for; `None` when the population does not know it, as with a
    /// hand-over of a server that is not ours.
    fn acting(&mut self, actor: Actor) -> Option<u32> {
        let population = self.cx.population;
        let org = match actor {
            Actor::EndPoint => return Some(self.endpoint_index() % population.sizes().organisations),
            Actor::Organisation(org) => org,
        };
        let (rule, kind) = match org {
            Org::Practice => (self.rules.practice, OrgKind::GpPractice),
            Org::Pharmacy => (self.rules.pharmacy, OrgKind::Pharmacy),
            Org::Any => return Some(self.rank(org)),
        };
        if rule == Rule::Capture {
            return population.organisation_with(self.ods(org));
        }
        let rank = self.rank(org);
        Some(population.organisation_index(kind, rank))
    }

    pub(super) fn session_index(&mut self) -> u32 {
        let population = self.cx.population;
        let count = u64::from(population.sessions());
        let given = self.cx.given.organisation;
        let acting = match self.rules.session {
            Rule::Each if given.is_none() => {
                return population.permuted(self.cx.ordinal, count, self.rules.stream) as u32;
            }
            Rule::ActsFor(actor) => self.acting(actor),
            _ => given,
        };
        match acting {
            Some(organisation) => population.session_of(organisation, self.draw.bits(DRAW_SESSION, 0)),
            None => self.draw.below(DRAW_SESSION, count) as u32,
        }
    }

    pub(super) fn write_session(&mut self, of: OfSession, out: &mut Vec<u8>) {
        let population = self.cx.population;
        let index = match self.session_index {
            Some(index) => index,
            None => self.session_index(),
        };
        self.session_index = Some(index);
        if of == OfSession::Token {
            return out.extend_from_slice(population.short_session_token(index).as_bytes());
        }
        let session = self.session.get_or_insert_with(|| population.session(index));
        out.extend_from_slice(match of {
            OfSession::Token => session.token.as_bytes(),
            OfSession::UserId => session.user_id.as_bytes(),
            OfSession::RoleProfileId => session.role_profile_id.as_bytes(),
            OfSession::RoleCode => session.role_code.as_bytes(),
            OfSession::RoleName => session.role_name.as_bytes(),
            OfSession::Ods => session.ods.as_bytes(),
        });
    }
}
