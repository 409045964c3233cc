//! Reproducible chance: a small counter generator over (seed, domain, index). Every module of this crate draws from it;
//! it never reads a clock, an environment or a global, so the same inputs give the same person everywhere.

/// What a draw is for. Two domains never share a stream, so a new attribute does not shift an old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Domain {
    Patient = 1,
    PatientPlace,
    PatientPractice,
    PatientPharmacy,
    Organisation,
    EndPoint,
    Session,
    Prescription,
    Message,
    Summary,
    NhsNumber,
    PracticeCode,
    PharmacyCode,
    TrustCode,
    Asid,
    PartyKey,
    Permuted,
    Newborn,
    NewbornPlace,
    Login,
    System,
    Referral,
    RecordTransfer,
}

/// The golden-ratio increment of SplitMix64 (Steele, Lea, Flood 2014): odd, so the counter visits every state.
const INCREMENT: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's finaliser: a bijection of 64 bits in which every input bit moves about half of the output bits.
pub(crate) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A 64-bit key for one (seed, domain, index).
pub(crate) fn key(seed: u64, domain: Domain, index: u64) -> u64 {
    let a = mix(seed.wrapping_add(INCREMENT));
    let b = mix(a ^ (domain as u64).wrapping_mul(INCREMENT));
    mix(b.wrapping_add(index.wrapping_mul(INCREMENT)))
}

/// A stream of draws.
pub(crate) struct Draw(u64);

impl Draw {
    /// The stream of one (seed, domain, index).
    pub(crate) fn new(seed: u64, domain: Domain, index: u64) -> Self {
        Draw(key(seed, domain, index))
    }

    /// 64 fresh bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(INCREMENT);
        mix(self.0)
    }

    /// A number in `0..n`; 0 when `n` is 0. Bias is below n / 2^64.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// One element of a non-empty constant pool.
    pub(crate) fn pick<T: Copy>(&mut self, pool: &[T]) -> T {
        pool[self.below(pool.len() as u64) as usize]
    }

    /// An index drawn in proportion to the given weights, whose sum the caller states.
    pub(crate) fn weighted(&mut self, weights: &[u32], sum: u32) -> usize {
        let mut left = self.below(u64::from(sum)) as u32;
        for (i, &w) in weights.iter().enumerate() {
            if left < w {
                return i;
            }
            left -= w;
        }
        weights.len() - 1
    }

    /// A version-4 shaped UUID in lower case.
    pub(crate) fn uuid(&mut self) -> String {
        let high = self.bits();
        let low = self.bits();
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            (low >> 48) & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_and_indices_give_different_streams() {
        let first = Draw::new(42, Domain::Patient, 0).bits();
        assert_ne!(first, Draw::new(42, Domain::Patient, 1).bits());
        assert_ne!(first, Draw::new(42, Domain::Session, 0).bits());
        assert_ne!(first, Draw::new(43, Domain::Patient, 0).bits());
        assert_eq!(first, Draw::new(42, Domain::Patient, 0).bits());
    }

    #[test]
    fn uuids_have_the_shape_of_version_4() {
        let id = Draw::new(1, Domain::Summary, 7).uuid();
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]));
    }
}
