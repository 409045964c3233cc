//! Reproducible chance for requests: every value is a function of (seed, arrival number, place), so a request can be made
//! again at any time, and the check of an answer knows what was asked. Counter-based: nothing is kept between draws.

/// The golden-ratio increment of SplitMix64 (Steele, Lea, Flood 2014): odd, so a counter visits every state.
const INCREMENT: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's finaliser: a bijection in which every input bit moves about half of the output bits.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// All chance of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draw(u64);

impl Draw {
    /// The chance of arrival `seq` under a seed; `stream` keeps interactions apart.
    pub(crate) fn new(seed: u64, seq: u64, stream: u64) -> Self {
        let a = mix(seed.wrapping_add(INCREMENT) ^ stream);
        Draw(mix(a.wrapping_add(seq.wrapping_mul(INCREMENT))))
    }

    /// 64 bits for the `n`-th question about `place`.
    pub(crate) fn bits(self, place: u64, n: u64) -> u64 {
        mix(mix(self.0 ^ place).wrapping_add(n.wrapping_mul(INCREMENT)))
    }

    /// A number in `0..n`; 0 when `n` is 0. Bias is below n / 2^64.
    pub(crate) fn below(self, place: u64, n: u64) -> u64 {
        ((u128::from(self.bits(place, 0)) * u128::from(n)) >> 64) as u64
    }
}

/// A 64-bit name of a text (FNV-1a, finished by SplitMix64): the place of `uuid.NAME`, the stream of an interaction.
pub(crate) fn name_of(text: &str) -> u64 {
    name_of_bytes(text.as_bytes())
}

/// The same for bytes that may be no text.
pub(crate) fn name_of_bytes(bytes: &[u8]) -> u64 {
    let fnv = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3));
    mix(fnv)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_depend_on_seed_arrival_stream_and_place_and_on_nothing_else() {
        let base = Draw::new(42, 7, 1).bits(3, 0);
        assert_eq!(base, Draw::new(42, 7, 1).bits(3, 0));
        for other in [
            Draw::new(43, 7, 1).bits(3, 0),
            Draw::new(42, 8, 1).bits(3, 0),
            Draw::new(42, 7, 2).bits(3, 0),
            Draw::new(42, 7, 1).bits(4, 0),
            Draw::new(42, 7, 1).bits(3, 1),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn small_ranges_are_covered_evenly() {
        let mut seen = [0_u32; 10];
        for seq in 0..10_000 {
            seen[Draw::new(42, seq, 0).below(0, 10) as usize] += 1;
        }
        assert!(seen.iter().all(|n| (850..1150).contains(n)), "{seen:?}");
    }
}
