//! Synthetic end points: the systems through which organisations speak to the Spine, with ASID, party key and MESH mailbox.
//! Pure functions of (seed, index). The passwords protect nothing: they belong to a synthetic hub.

use crate::Population;
use crate::draw::{Domain, Draw, key};
use crate::organisation::{OrgKind, kind_and_rank};
use crate::permutation::Permutation;
use crate::short::Short;

/// The environment's shared key that MESH authorisation tokens are made with. Hub and harness both take it from here.
pub const MESH_SHARED_KEY: &str = "spinebench-synthetic-environment-shared-key";

/// A system that an organisation runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndPoint {
    /// Its index below `sizes.endpoints`.
    pub index: u32,
    /// Index of the organisation that runs it.
    pub organisation: u32,
    /// That organisation's ODS code.
    pub ods: String,
    /// Accredited system id: 12 digits, unique.
    pub asid: String,
    /// MHS party key: ODS code, hyphen, 6 digits; unique.
    pub party_key: String,
    /// MESH mailbox id: ODS code, `OT`, a number of at least 3 digits; unique, upper case.
    pub mailbox: String,
    /// The mailbox's password, 16 characters of base 36.
    pub mailbox_password: String,
    /// Interaction ids (with their `urn:nhs:names:services:` prefix) that the system is accredited for; never empty.
    pub interactions: &'static [&'static str],
}

/// What a practice's system is accredited for (interaction inventory: NHS message handling service configuration).
const PRACTICE_INTERACTIONS: [&str; 8] = [
    "urn:nhs:names:services:pdsquery:QUPA_IN000008UK02",
    "urn:nhs:names:services:pdsquery:QUPA_IN000005UK01",
    "urn:nhs:names:services:pds:PRPA_IN000203UK03",
    "urn:nhs:names:services:mm:PORX_IN020101UK31",
    "urn:nhs:names:services:mm:PORX_IN030101UK32",
    "urn:nhs:names:services:psis:REPC_IN150016UK05",
    "urn:nhs:names:services:gp2gp:RCMR_IN010000UK05",
    "urn:nhs:names:services:gp2gp:RCMR_IN030000UK06",
];
/// What a pharmacy's system is accredited for.
const PHARMACY_INTERACTIONS: [&str; 6] = [
    "urn:nhs:names:services:pdsquery:QUPA_IN000008UK02",
    "urn:nhs:names:services:mm:PORX_IN060102UK30",
    "urn:nhs:names:services:mm:PORX_IN132004SM30",
    "urn:nhs:names:services:mm:PORX_IN080101UK31",
    "urn:nhs:names:services:mm:PORX_IN090101UK31",
    "urn:nhs:names:services:psisquery:QUPC_IN180000UK04",
];
/// What a hospital's system is accredited for.
const TRUST_INTERACTIONS: [&str; 6] = [
    "urn:nhs:names:services:pdsquery:QUPA_IN000008UK02",
    "urn:nhs:names:services:pdsquery:QUPA_IN020000UK31",
    "urn:nhs:names:services:pds:PRPA_IN000203UK03",
    "urn:nhs:names:services:psisquery:QUPC_IN180000UK04",
    "urn:nhs:names:services:psisquery:QUPC_IN190000UK04",
    "urn:nhs:names:services:ebs:PRSC_IN040000UK08",
];

/// First ASID: twelve digits, none leading zero.
const ASID_FIRST: u64 = 100_000_000_000;
/// First number of a party key: six digits, none leading zero.
const PARTY_FIRST: u64 = 100_000;

impl EndPoint {
    /// Id of the collaboration protocol agreement under which messages reach it, as the directory names it: `S`, the first
    /// six digits of the ASID, `A`, the last six.
    pub fn cpa_id(&self) -> String {
        let (first, last) = self.asid.split_at(self.asid.len() / 2);
        format!("S{first}A{last}")
    }
}

impl Population {
    /// The `i`-th end point; `i` is taken modulo their number. Each organisation has one before any has two.
    pub fn endpoint(&self, i: u32) -> EndPoint {
        let index = i % self.sizes().endpoints;
        let organisation = index % self.sizes().organisations;
        let (kind, _) = kind_and_rank(organisation);
        EndPoint {
            index,
            organisation,
            asid: self.short_asid(index).to_string(),
            party_key: self.short_party_key(index).to_string(),
            mailbox: self.short_mailbox(index).to_string(),
            mailbox_password: self.short_mailbox_password(index).to_string(),
            interactions: interactions(kind),
            ods: self.ods(organisation),
        }
    }

    /// Index of the organisation that runs the `i`-th end point, and its kind.
    fn runs(&self, i: u32) -> (u32, OrgKind) {
        let organisation = i % self.sizes().endpoints % self.sizes().organisations;
        (organisation, kind_and_rank(organisation).0)
    }

    /// What [`EndPoint::ods`] of the `i`-th end point is; allocates nothing, like the functions that follow.
    pub fn short_endpoint_ods(&self, i: u32) -> Short {
        self.short_ods(self.runs(i).0)
    }

    /// [`EndPoint::asid`].
    pub fn short_asid(&self, i: u32) -> Short {
        let mut asid = Short::EMPTY;
        asid.number(self.asid(i), 1);
        asid
    }

    fn asid(&self, i: u32) -> u64 {
        ASID_FIRST + self.place_of(Domain::Asid, 9 * ASID_FIRST, i)
    }

    fn place_of(&self, domain: Domain, n: u64, i: u32) -> u64 {
        Permutation::new(key(self.seed(), domain, 0), n).apply(u64::from(i % self.sizes().endpoints))
    }

    /// [`EndPoint::cpa_id`].
    pub fn short_cpa_id(&self, i: u32) -> Short {
        let asid = self.asid(i);
        let mut id = Short::EMPTY;
        id.push(b'S');
        id.number(asid / 1_000_000, 6);
        id.push(b'A');
        id.number(asid % 1_000_000, 6);
        id
    }

    /// [`EndPoint::party_key`].
    pub fn short_party_key(&self, i: u32) -> Short {
        let mut key = self.short_endpoint_ods(i);
        key.push(b'-');
        key.number(PARTY_FIRST + self.place_of(Domain::PartyKey, 9 * PARTY_FIRST, i), 1);
        key
    }

    /// [`EndPoint::mailbox`].
    pub fn short_mailbox(&self, i: u32) -> Short {
        let mut mailbox = self.short_endpoint_ods(i);
        mailbox.text("OT");
        mailbox.number(u64::from(1 + i % self.sizes().endpoints / self.sizes().organisations), 3);
        mailbox
    }

    /// [`EndPoint::mailbox_password`].
    pub fn short_mailbox_password(&self, i: u32) -> Short {
        password(&mut Draw::new(self.seed(), Domain::EndPoint, u64::from(i % self.sizes().endpoints)))
    }

    /// [`EndPoint::interactions`].
    pub fn interactions_of(&self, i: u32) -> &'static [&'static str] {
        interactions(self.runs(i).1)
    }

    /// Index of the end point with this accredited system id; `None` when none in the population has it. Allocates nothing.
    pub fn endpoint_with_asid(&self, asid: &str) -> Option<u32> {
        let plain = asid.len() == 12 && asid.bytes().all(|b| b.is_ascii_digit());
        let place = asid.parse::<u64>().ok().filter(|_| plain)?.checked_sub(ASID_FIRST)?;
        let index = Permutation::new(key(self.seed(), Domain::Asid, 0), 9 * ASID_FIRST).invert(place)?;
        u32::try_from(index).ok().filter(|index| *index < self.sizes().endpoints)
    }

    /// Index of the end point with this MESH mailbox, in any case; `None` when none in the population has it. Allocates
    /// nothing.
    pub fn endpoint_with_mailbox(&self, mailbox: &str) -> Option<u32> {
        // Digits alone follow it, so the last `OT` is the one between code and number.
        let at = mailbox.as_bytes().windows(2).rposition(|w| w.eq_ignore_ascii_case(b"OT"))?;
        let (ods, number) = (mailbox.get(..at)?, mailbox.get(at + 2..)?);
        let plain = number.len() >= 3 && number.bytes().all(|b| b.is_ascii_digit());
        // Beyond three digits no zero leads: each mailbox is written in one way.
        if !plain || (number.len() > 3 && number.starts_with('0')) {
            return None;
        }
        let nth = number.parse::<u32>().ok()?.checked_sub(1)?;
        let index = nth.checked_mul(self.sizes().organisations)?.checked_add(self.organisation_with(ods)?)?;
        (index < self.sizes().endpoints).then_some(index)
    }
}

/// Sixteen characters of base 36: longer than a mailbox password has to be, and free of characters that need escaping.
fn password(draw: &mut Draw) -> Short {
    let mut password = Short::EMPTY;
    (0..16).for_each(|_| password.push(draw.pick(b"0123456789abcdefghijklmnopqrstuvwxyz")));
    password
}

/// What the systems of organisations of a kind are accredited for.
fn interactions(kind: OrgKind) -> &'static [&'static str] {
    match kind {
        OrgKind::GpPractice => &PRACTICE_INTERACTIONS,
        OrgKind::Pharmacy => &PHARMACY_INTERACTIONS,
        OrgKind::Trust => &TRUST_INTERACTIONS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sizes;
    use std::collections::HashSet;

    #[test]
    fn asids_party_keys_and_mailboxes_are_unique() {
        let p = Population::new(42, Sizes::default()).unwrap();
        let all: Vec<EndPoint> = (0..28_000).map(|i| p.endpoint(i)).collect();
        for part in [
            |e: &EndPoint| e.asid.clone(),
            |e: &EndPoint| e.party_key.clone(),
            |e: &EndPoint| e.mailbox.clone(),
        ] {
            assert_eq!(all.iter().map(part).collect::<HashSet<String>>().len(), all.len());
        }
        for e in &all {
            assert_eq!(e.asid.len(), 12);
            assert!(e.party_key.len() == e.ods.len() + 7 && e.party_key.starts_with(&e.ods));
            assert!(e.mailbox.starts_with(&format!("{}OT", e.ods)));
            assert_eq!(e.ods, p.organisation(e.organisation).ods);
        }
    }

    #[test]
    fn mailboxes_stay_unique_when_few_organisations_run_many_systems() {
        let p =
            Population::new(7, Sizes { organisations: 10, endpoints: 30_000, ..Sizes::default() }).unwrap();
        let mailboxes: HashSet<String> = (0..30_000).map(|i| p.endpoint(i).mailbox).collect();
        assert_eq!(mailboxes.len(), 30_000);
    }

    #[test]
    fn an_asid_and_a_mailbox_lead_back_to_their_end_point_and_to_no_other() {
        for sizes in [
            Sizes { organisations: 10, endpoints: 12_000, ..Sizes::default() },
            Sizes { organisations: 100_000, endpoints: 10, ..Sizes::default() },
            Sizes::default(),
        ] {
            let p = Population::new(7, sizes).unwrap();
            for i in (0..sizes.endpoints).step_by(sizes.endpoints as usize / 10) {
                let found = p.endpoint(i);
                assert_eq!(p.endpoint_with_asid(&found.asid), Some(i));
                assert_eq!(p.endpoint_with_mailbox(&found.mailbox), Some(i));
                assert_eq!(p.endpoint_with_mailbox(&found.mailbox.to_lowercase()), Some(i));
                assert_eq!(p.endpoint_with_mailbox(&format!("{}OT0001", found.ods)), None);
            }
        }
        let p = Population::new(7, Sizes::default()).unwrap();
        let ods = p.endpoint(0).ods;
        for text in ["", "OT001", "X26ABC1", "+00000000001", "1000000000000", "éOT001"] {
            assert_eq!((p.endpoint_with_asid(text), p.endpoint_with_mailbox(text)), (None, None), "{text}");
        }
        for number in ["000", "003", "01", "+01", "99999999999"] {
            assert_eq!(p.endpoint_with_mailbox(&format!("{ods}OT{number}")), None, "{number}");
        }
    }

    #[test]
    fn every_organisation_has_a_system_before_any_has_two() {
        let p = Population::new(7, Sizes { organisations: 100, endpoints: 140, ..Sizes::default() }).unwrap();
        let first: HashSet<String> = (0..100).map(|i| p.endpoint(i).ods).collect();
        assert_eq!(first.len(), 100);
        assert_eq!(p.endpoint(140), p.endpoint(0), "modulo");
    }
}
