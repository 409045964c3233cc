//! Synthetic CIS sessions: who is logged in where, with which role. The hub seeds its table of live sessions from here, the
//! harness sends their tokens. A token is long and shapeless like a real one, but anyone with the seed can compute it.

use crate::Population;
use crate::draw::{Domain, Draw, key};
use crate::short::Short;

/// How many sessions are live at time zero at least: 20,000, about the share of the 220,000 daily users of 2014 that is
/// logged in at one moment of the morning, and enough that no cache line of the hub is always warm. With more organisations
/// than that, each has one: see [`Population::sessions`].
pub const SESSIONS: u32 = 20_000;

/// A live session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its index below [`Population::sessions`].
    pub index: u32,
    /// The opaque token: 43 characters of the URL-safe alphabet, as 256 bits have.
    pub token: String,
    /// Unique id of the user, 12 digits.
    pub user_id: String,
    /// Id of the role profile in use, 12 digits.
    pub role_profile_id: String,
    /// Index of the organisation in which the user acts.
    pub organisation: u32,
    /// That organisation's ODS code.
    pub ods: String,
    /// National job role code, e.g. `R8000`.
    pub role_code: &'static str,
    /// What the role code means.
    pub role_name: &'static str,
}

/// National job roles of the people who use the Spine most, with weights in percent.
const ROLES: [(&str, &str, u32); 6] = [
    ("R8000", "Clinical Practitioner Access Role", 35),
    ("R8001", "Nurse Access Role", 20),
    ("R8003", "Health Professional Access Role", 15),
    ("R8008", "Admin/Clinical Support Access Role", 10),
    ("R8009", "Receptionist Access Role", 15),
    ("R8015", "Systems Support Access Role", 5),
];

const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl Population {
    /// How many sessions are live at time zero: [`SESSIONS`], or one for each organisation where there are more of those.
    pub fn sessions(&self) -> u32 {
        SESSIONS.max(self.sizes().organisations)
    }

    /// Index of the `k`-th session in which somebody acts for the organisation with this index; `k` is taken modulo the
    /// number of its sessions, of which every organisation has at least one.
    pub fn session_of(&self, organisation: u32, k: u64) -> u32 {
        let organisations = self.sizes().organisations;
        let first = organisation % organisations;
        let count = (self.sessions() - first).div_ceil(organisations);
        first + (k % u64::from(count)) as u32 * organisations
    }

    /// The `i`-th session; `i` is taken modulo their number. Organisations take turns, so that none is without one.
    pub fn session(&self, i: u32) -> Session {
        let index = i % self.sessions();
        let mut draw = self.session_draw(index);
        let token = token(&mut draw);
        let organisation = index % self.sizes().organisations;
        let (role_code, role_name, _) = ROLES[draw.weighted(&ROLES.map(|r| r.2), 100)];
        // Serial numbers in the last digits keep user and role ids unique.
        let user_id = format!("555{:04}{index:05}", draw.below(10_000));
        let role_profile_id = format!("{}{:06}{index:05}", 1 + draw.below(9), draw.below(1_000_000));
        Session {
            index,
            token,
            user_id,
            role_profile_id,
            organisation,
            ods: self.ods(organisation),
            role_code,
            role_name,
        }
    }

    /// The token alone of the `i`-th session: what nearly every request needs.
    pub fn session_token(&self, i: u32) -> String {
        self.short_session_token(i).to_string()
    }

    /// The same; allocates nothing.
    pub fn short_session_token(&self, i: u32) -> Short {
        short_token(&mut self.session_draw(i % self.sessions()))
    }

    fn session_draw(&self, index: u32) -> Draw {
        // A second hash of the seed: a token must not be recognisable as a neighbour of other values of the population.
        Draw::new(key(self.seed(), Domain::Session, u64::MAX), Domain::Session, u64::from(index))
    }
}

/// [`short_token`] as a string.
pub(crate) fn token(draw: &mut Draw) -> String {
    short_token(draw).to_string()
}

/// 256 bits in 43 characters; the last carries four of them.
pub(crate) fn short_token(draw: &mut Draw) -> Short {
    let words = [draw.bits(), draw.bits(), draw.bits(), draw.bits(), 0];
    let mut token = Short::EMPTY;
    for c in 0..43 {
        // Six bits from the bit `first` on: the end of a word and, where they do not fit, the begin of the next.
        let (word, first) = (c * 6 / 64, c * 6 % 64);
        let both = u128::from(words[word]) << 64 | u128::from(words[word + 1]);
        token.push(URL_SAFE[(both >> (122 - first)) as usize & 63]);
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sizes;
    use std::collections::HashSet;

    #[test]
    fn tokens_and_users_are_unique_and_of_the_published_lengths() {
        let p = Population::new(42, Sizes::default()).unwrap();
        let (mut tokens, mut users) = (HashSet::new(), HashSet::new());
        for i in 0..SESSIONS {
            let s = p.session(i);
            assert_eq!(s.token, p.session_token(i));
            assert_eq!((s.token.len(), s.user_id.len(), s.role_profile_id.len()), (43, 12, 12));
            assert!(s.token.bytes().all(|b| URL_SAFE.contains(&b)));
            assert!(tokens.insert(s.token) && users.insert(s.user_id));
        }
        assert_eq!(p.session(SESSIONS), p.session(0), "modulo");
    }

    #[test]
    fn every_organisation_has_a_session_and_the_kth_of_each_is_its_own() {
        for (organisations, least) in [(10, 2_000), (20_000, 1), (30_001, 1), (100_000, 1)] {
            let p = Population::new(42, Sizes { organisations, ..Sizes::default() }).unwrap();
            assert_eq!(p.sessions(), 20_000.max(organisations));
            for organisation in [0, 1, organisations / 2, organisations - 1] {
                let own: HashSet<u32> = (0..least).map(|k| p.session_of(organisation, k)).collect();
                assert_eq!(own.len() as u64, least);
                for i in own {
                    let session = p.session(i);
                    assert_eq!((session.index, session.organisation), (i, organisation));
                    assert_eq!(session.ods, p.organisation(organisation).ods);
                    assert_eq!((session.user_id.len(), session.role_profile_id.len()), (12, 12));
                }
                let last = p.session_of(organisation, u64::MAX);
                assert!(last < p.sessions() && p.session(last).organisation == organisation);
            }
        }
    }

    #[test]
    fn another_seed_gives_other_tokens() {
        let token = |seed| Population::new(seed, Sizes::default()).unwrap().session_token(0);
        assert_ne!(token(42), token(43));
    }
}
