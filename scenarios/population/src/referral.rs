//! Synthetic referrals of the e-Referral Service: one to which each organisation is a party, so that whoever is logged in
//! has one that may be read. Pure functions of (seed, index).

use crate::Population;
use crate::draw::{Domain, Draw, key};
use crate::organisation::{OrgKind, kind_and_rank};
use crate::permutation::Permutation;

/// First unique booking reference number: twelve digits with a leading zero, as e-RS issues them.
const UBRN_FIRST: u64 = 10_000_000_000;
/// How many numbers there are: 1 to 9 as second digit.
const UBRNS: u64 = 80_000_000_000;

/// A referral that is there at time zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referral {
    /// Its index: that of the organisation it was made for.
    pub index: u32,
    /// Unique booking reference number, 12 digits, unique.
    pub ubrn: String,
    /// Who is referred.
    pub patient_index: u64,
    /// ODS code of the organisation that refers.
    pub referrer_ods: String,
    /// Its name.
    pub referrer_name: String,
    /// ODS code of the hospital site that receives.
    pub provider_ods: String,
    /// Its name.
    pub provider_name: String,
    /// User id of the referring clinician, 12 digits.
    pub clinician_id: String,
    /// A number that chooses among a consumer's lists: specialty, priority and the like.
    pub choice: u64,
}

/// True when `text` has the form of a unique booking reference number.
pub fn is_ubrn(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

impl Population {
    /// The referral of the `i`-th organisation; `i` is taken modulo their number. A hospital site receives it from a
    /// practice, every other organisation refers to a hospital site.
    pub fn referral(&self, i: u32) -> Referral {
        let index = i % self.sizes().organisations;
        let mut draw = Draw::new(self.seed(), Domain::Referral, u64::from(index));
        let own = self.organisation(index);
        let other = |draw: &mut Draw, kind| {
            let count = u64::from(self.organisation_count(kind));
            self.organisation_of(kind, draw.below(count) as u32)
        };
        let (referrer, provider) = match kind_and_rank(index).0 {
            OrgKind::Trust => (other(&mut draw, OrgKind::GpPractice), own),
            OrgKind::GpPractice | OrgKind::Pharmacy => {
                let provider = other(&mut draw, OrgKind::Trust);
                (own, provider)
            }
        };
        Referral {
            index,
            ubrn: self.ubrn(index),
            patient_index: draw.below(self.sizes().patients),
            referrer_ods: referrer.ods,
            referrer_name: referrer.name,
            provider_ods: provider.ods,
            provider_name: provider.name,
            clinician_id: format!("555{:09}", draw.below(1_000_000_000)),
            choice: draw.bits(),
        }
    }

    /// The booking reference alone of the `i`-th organisation's referral: what a request for it needs.
    pub fn ubrn(&self, i: u32) -> String {
        let index = u64::from(i % self.sizes().organisations);
        let place = Permutation::new(key(self.seed(), Domain::Referral, u64::MAX), UBRNS);
        format!("{:012}", UBRN_FIRST + place.apply(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sizes;
    use std::collections::HashSet;

    #[test]
    fn every_organisation_is_party_to_a_referral_of_its_own() {
        let p = Population::new(42, Sizes { organisations: 400, ..Sizes::default() }).unwrap();
        let mut seen = HashSet::new();
        for i in 0..400 {
            let referral = p.referral(i);
            let own = p.organisation(i);
            assert!(is_ubrn(&referral.ubrn), "{}", referral.ubrn);
            assert!([&referral.referrer_ods, &referral.provider_ods].contains(&&own.ods));
            assert_ne!(referral.referrer_ods, referral.provider_ods);
            assert!(referral.provider_ods.starts_with('R'), "{}", referral.provider_ods);
            assert!(seen.insert(referral.ubrn));
        }
        assert_eq!(p.referral(400), p.referral(0), "modulo");
        assert!(!is_ubrn("00001234567") && !is_ubrn("00001234567x"));
    }
}
