//! Synthetic organisations: GP practices, pharmacies and hospital sites with ODS codes. Pure functions of (seed, index);
//! codes are permuted serial numbers, so they are unique without a table.

use crate::Population;
use crate::draw::{Domain, Draw, key};
use crate::names::{FAMILY_FIRST, STREETS};
use crate::permutation::Permutation;
use crate::place::{Address, address, landline};
use crate::short::Short;

/// Kind of organisation. Of every ten, four are practices, five pharmacies and one a hospital site: near the proportions
/// of England (some 8,000 practices, 11,400 pharmacies, and trusts with their sites).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrgKind {
    /// A GP practice: 40 %.
    GpPractice,
    /// A community pharmacy: 50 %.
    Pharmacy,
    /// A site of a hospital trust: 10 %.
    Trust,
}

impl OrgKind {
    /// All kinds, in the order in which they fill a ten.
    pub const ALL: [OrgKind; 3] = [OrgKind::GpPractice, OrgKind::Pharmacy, OrgKind::Trust];

    /// First place within a ten, and how many of the ten.
    const fn span(self) -> (u32, u32) {
        match self {
            OrgKind::GpPractice => (0, 4),
            OrgKind::Pharmacy => (4, 5),
            OrgKind::Trust => (9, 1),
        }
    }

    /// The ODS role code, as the directory publishes it: RO177 prescribing cost centre, RO182 pharmacy, RO198 trust site.
    pub const fn role_code(self) -> &'static str {
        match self {
            OrgKind::GpPractice => "RO177",
            OrgKind::Pharmacy => "RO182",
            OrgKind::Trust => "RO198",
        }
    }

    /// What the role code means.
    pub const fn role_name(self) -> &'static str {
        match self {
            OrgKind::GpPractice => "PRESCRIBING COST CENTRE",
            OrgKind::Pharmacy => "PHARMACY",
            OrgKind::Trust => "NHS TRUST SITE",
        }
    }
}

/// A synthetic organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its index below `sizes.organisations`.
    pub index: u32,
    /// What it is.
    pub kind: OrgKind,
    /// ODS code, unique in the population: practice letter + 5 digits (`C31774`), pharmacy `F` + 4 (`FQ3K7`), trust site
    /// `R` + 4 (`RQ3K7`).
    pub ods: String,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub address: Address,
    /// Telephone, 11 digits, from a range that Ofcom keeps free.
    pub phone: String,
}

/// Letters with which practice codes begin.
const PRACTICE_LETTERS: &[u8; 15] = b"ABCDEFGHJKLMNPY";
/// Practice codes: a letter, then 20000-59999. Real practices have 8 or 0 there in almost all cases, so ours rarely meet one.
const PRACTICE_CODES: u64 = 15 * PRACTICE_SPAN;
/// The first number after a practice code's letter.
const PRACTICE_FIRST: u64 = 20_000;
/// How many numbers each letter has.
const PRACTICE_SPAN: u64 = 40_000;
/// Letters of pharmacy and site codes, without I and O, which read as digits.
const CODE_LETTERS: &[u8; 24] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Pharmacy and site codes: letter, digit, letter, digit; a pattern that the NHS has not issued. Above the 50,000
/// pharmacies of the largest population.
const OTHER_CODES: u64 = 24 * 10 * 24 * 10;

impl Population {
    /// How many organisations of a kind there are.
    pub fn organisation_count(&self, kind: OrgKind) -> u32 {
        let (tens, rest) = (self.sizes().organisations / 10, self.sizes().organisations % 10);
        let (first, many) = kind.span();
        tens * many + rest.saturating_sub(first).min(many)
    }

    /// The `i`-th organisation; `i` is taken modulo their number.
    pub fn organisation(&self, i: u32) -> Organisation {
        let index = i % self.sizes().organisations;
        let (kind, _) = kind_and_rank(index);
        let mut draw = Draw::new(self.seed(), Domain::Organisation, u64::from(index));
        let address = address(&mut draw);
        let town = &address.lines[2];
        let name = match kind {
            OrgKind::GpPractice => format!("{} {} Surgery", town, draw.pick(&STREETS)),
            OrgKind::Pharmacy => format!("{}wood Pharmacy, {town}", draw.pick(&FAMILY_FIRST)),
            OrgKind::Trust => {
                format!("{town} {} Hospital", draw.pick(&["General", "Royal", "Memorial", "Community"]))
            }
        };
        Organisation {
            index,
            kind,
            ods: self.ods(index),
            name: name.to_uppercase(),
            address,
            phone: landline(&mut draw),
        }
    }

    /// The `k`-th organisation of a kind; `k` is taken modulo their number.
    pub fn organisation_of(&self, kind: OrgKind, k: u32) -> Organisation {
        self.organisation(self.organisation_index(kind, k))
    }

    /// The ODS code alone of the `k`-th organisation of a kind: a hundred times cheaper than the organisation.
    pub fn ods_of(&self, kind: OrgKind, k: u32) -> String {
        self.ods(self.organisation_index(kind, k))
    }

    /// Index of the organisation with this ODS code, in any case; `None` when none in the population has it.
    pub fn organisation_with(&self, ods: &str) -> Option<u32> {
        let (kind, code) = parse_code(ods)?;
        let (domain, n) = code_space(kind);
        let rank = Permutation::new(key(self.seed(), domain, 0), n).invert(code)?;
        let rank = u32::try_from(rank).ok().filter(|rank| *rank < self.organisation_count(kind))?;
        Some(self.organisation_index(kind, rank))
    }

    /// Index of the `k`-th organisation of a kind; `k` is taken modulo their number.
    pub fn organisation_index(&self, kind: OrgKind, k: u32) -> u32 {
        // At least one of each kind exists: the smallest population has ten organisations.
        let k = k % self.organisation_count(kind).max(1);
        let (first, many) = kind.span();
        k / many * 10 + first + k % many
    }

    /// Kind of the organisation with this index, and its place among its kind; `i` is taken modulo their number.
    pub fn organisation_kind(&self, i: u32) -> (OrgKind, u32) {
        kind_and_rank(i % self.sizes().organisations)
    }

    /// ODS code of the organisation with this index.
    pub(crate) fn ods(&self, index: u32) -> String {
        self.short_ods(index).to_string()
    }

    /// The same of the organisation with this index, which is taken modulo their number; allocates nothing.
    pub fn short_ods(&self, index: u32) -> Short {
        let index = index % self.sizes().organisations;
        let mut ods = Short::EMPTY;
        let (kind, rank) = kind_and_rank(index);
        let (domain, n) = code_space(kind);
        let code = Permutation::new(key(self.seed(), domain, 0), n).apply(u64::from(rank));
        match kind {
            OrgKind::GpPractice => {
                ods.push(PRACTICE_LETTERS[(code / PRACTICE_SPAN) as usize]);
                ods.number(PRACTICE_FIRST + code % PRACTICE_SPAN, 1);
            }
            OrgKind::Pharmacy => other_code(&mut ods, b'F', code),
            OrgKind::Trust => other_code(&mut ods, b'R', code),
        }
        ods
    }
}

/// From which permutation the codes of a kind come, and how many there are.
fn code_space(kind: OrgKind) -> (Domain, u64) {
    match kind {
        OrgKind::GpPractice => (Domain::PracticeCode, PRACTICE_CODES),
        OrgKind::Pharmacy => (Domain::PharmacyCode, OTHER_CODES),
        OrgKind::Trust => (Domain::TrustCode, OTHER_CODES),
    }
}

/// What kind a code is of, and its place among the codes of that kind.
fn parse_code(ods: &str) -> Option<(OrgKind, u64)> {
    let at = |letters: &[u8], b: u8| letters.iter().position(|l| *l == b.to_ascii_uppercase());
    let digit = |b: u8| b.is_ascii_digit().then(|| u64::from(b - b'0'));
    match *ods.as_bytes() {
        [letter, a, b, c, d, e] => {
            let number = [a, b, c, d, e].into_iter().try_fold(0, |n, b| Some(n * 10 + digit(b)?))?;
            let number = number.checked_sub(PRACTICE_FIRST).filter(|n| *n < PRACTICE_SPAN)?;
            Some((OrgKind::GpPractice, at(PRACTICE_LETTERS, letter)? as u64 * PRACTICE_SPAN + number))
        }
        [kind, a, b, c, d] => {
            let kind = match kind.to_ascii_uppercase() {
                b'F' => OrgKind::Pharmacy,
                b'R' => OrgKind::Trust,
                _ => return None,
            };
            let letter = |b| at(CODE_LETTERS, b).map(|n| n as u64);
            Some((kind, letter(a)? + digit(b)? * 24 + letter(c)? * 240 + digit(d)? * 5760))
        }
        _ => None,
    }
}

/// Kind of the organisation with this index, and its rank among its kind.
pub(crate) fn kind_and_rank(index: u32) -> (OrgKind, u32) {
    let (ten, place) = (index / 10, index % 10);
    let kind = match place {
        0..=3 => OrgKind::GpPractice,
        4..=8 => OrgKind::Pharmacy,
        _ => OrgKind::Trust,
    };
    let (first, many) = kind.span();
    (kind, ten * many + place - first)
}

fn other_code(ods: &mut Short, first: u8, code: u64) {
    let letter = |n: u64| CODE_LETTERS[(n % 24) as usize];
    let digit = |n: u64| b'0' + (n % 10) as u8;
    let rest = [letter(code), digit(code / 24), letter(code / 240), digit(code / 5760)];
    [first].into_iter().chain(rest).for_each(|b| ods.push(b));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sizes;
    use std::collections::HashSet;

    fn population(organisations: u32) -> Population {
        Population::new(42, Sizes { organisations, ..Sizes::default() }).unwrap()
    }

    #[test]
    fn ods_codes_are_unique_and_of_their_kinds_shape() {
        let p = population(20_000);
        let mut seen = HashSet::new();
        for i in 0..20_000 {
            let o = p.organisation(i);
            let rest = &o.ods.as_bytes()[1..];
            match o.kind {
                OrgKind::GpPractice => {
                    assert!(rest.len() == 5 && rest.iter().all(u8::is_ascii_digit), "{}", o.ods)
                }
                OrgKind::Pharmacy => assert!(o.ods.starts_with('F') && rest.len() == 4, "{}", o.ods),
                OrgKind::Trust => assert!(o.ods.starts_with('R') && rest.len() == 4, "{}", o.ods),
            }
            assert!(seen.insert(o.ods));
        }
    }

    #[test]
    fn the_largest_directory_still_has_unique_codes() {
        let p = population(100_000);
        let seen: HashSet<String> = (0..100_000).map(|i| p.ods(i)).collect();
        assert_eq!(seen.len(), 100_000);
    }

    #[test]
    fn a_code_leads_back_to_its_organisation_and_to_no_other() {
        for n in [10, 107, 100_000] {
            let p = population(n);
            for i in (0..n).step_by(n as usize / 10) {
                assert_eq!(p.organisation_with(&p.ods(i)), Some(i));
                assert_eq!(p.organisation_with(&p.ods(i).to_lowercase()), Some(i));
            }
        }
        let small = population(10);
        let larger = population(100_000);
        assert_eq!(small.organisation_with(&larger.ods(99)), None, "beyond the population");
        for code in
            ["", "A", "A1234", "A99999", "A19999", "IA1A1", "F1A1A", "FI1A1", "RA1A", "A2000000", "É2000"]
        {
            assert_eq!(larger.organisation_with(code), None, "{code}");
        }
    }

    #[test]
    fn kinds_count_up_to_the_whole_for_every_size() {
        for n in 10..200 {
            let p = population(n);
            let counted =
                OrgKind::ALL.map(|k| (0..n).filter(|&i| p.organisation(i).kind == k).count() as u32);
            assert_eq!(OrgKind::ALL.map(|k| p.organisation_count(k)), counted, "size {n}");
        }
        let p = population(20_000);
        assert_eq!(OrgKind::ALL.map(|k| p.organisation_count(k)), [8_000, 10_000, 2_000]);
    }

    #[test]
    fn the_kth_of_a_kind_runs_through_that_kind_once() {
        let p = population(107);
        for kind in OrgKind::ALL {
            let count = p.organisation_count(kind);
            let indices: HashSet<u32> = (0..count).map(|k| p.organisation_of(kind, k).index).collect();
            assert_eq!(indices.len() as u32, count);
            assert!((0..count).all(|k| p.organisation_of(kind, k).kind == kind));
            assert_eq!(p.organisation_of(kind, count), p.organisation_of(kind, 0), "modulo");
            assert_eq!(p.ods_of(kind, 1), p.organisation_of(kind, 1).ods);
            assert_eq!(p.organisation_kind(p.organisation_index(kind, 2)), (kind, 2));
        }
    }
}
