//! Application sessions: the access token with which a system, not a person, speaks to the Spine where no client
//! certificate names it. One for every end point, live at time zero; the hub seeds its sessions from here and the harness
//! sends the tokens. Pure functions of (seed, index).

use crate::Population;
use crate::draw::{Domain, Draw, key};
use crate::session::short_token;
use crate::short::Short;

impl Population {
    /// The access token of the `i`-th end point's system; `i` is taken modulo the number of end points.
    pub fn endpoint_token(&self, i: u32) -> String {
        self.short_endpoint_token(i).to_string()
    }

    /// The same; allocates nothing.
    pub fn short_endpoint_token(&self, i: u32) -> Short {
        let index = i % self.sizes().endpoints;
        // A second hash of the seed, as for people's sessions: no token is recognisable as a neighbour of other values.
        short_token(&mut Draw::new(
            key(self.seed(), Domain::System, u64::MAX),
            Domain::System,
            u64::from(index),
        ))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Population, Sizes};
    use std::collections::HashSet;

    #[test]
    fn every_system_has_a_token_of_its_own_and_none_is_a_persons() {
        let p = Population::new(42, Sizes::default()).unwrap();
        let mut seen: HashSet<String> = (0..p.sessions()).map(|i| p.session_token(i)).collect();
        for i in 0..28_000 {
            assert!(seen.insert(p.endpoint_token(i)));
        }
        assert_eq!(p.endpoint_token(28_000), p.endpoint_token(0), "modulo");
    }
}
