//! A set of keys that may answer "perhaps" but never wrongly "no": spares a look into layers that cannot hold a key.
//!
//! Called by the layers. One cache line holds all of a key's bits, so a look costs one miss at most. About one absent key
//! in a hundred is answered "perhaps". The committer adds to a filter while readers look.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Bits for each key: one wrong "perhaps" in a hundred.
const KEY_BITS: u64 = 10;
/// Words of a block: one cache line.
const BLOCK_WORDS: usize = 8;
/// Bits set for a key in its block.
const PROBES: u32 = 6;

/// The hash of a key in a table: computed once, asked of every layer.
pub(crate) fn key_hash(table: u8, key: &[u8]) -> u64 {
    xxh3_64_with_seed(key, u64::from(table))
}

/// The set.
pub(crate) struct Filter {
    words: Vec<AtomicU64>,
}

impl Filter {
    /// Room for about `keys` keys; more only make "perhaps" more frequent.
    pub(crate) fn with_room_for(keys: u64) -> Filter {
        let blocks = (keys * KEY_BITS).div_ceil(64 * BLOCK_WORDS as u64).max(1);
        let words = usize::try_from(blocks).unwrap_or(usize::MAX / BLOCK_WORDS) * BLOCK_WORDS;
        Filter { words: (0..words).map(|_| AtomicU64::new(0)).collect() }
    }

    /// The block of `hash`, and the bits within it.
    fn place(&self, hash: u64) -> (usize, impl Iterator<Item = (usize, u64)>) {
        let blocks = (self.words.len() / BLOCK_WORDS) as u128;
        let block = ((u128::from(hash) * blocks) >> 64) as usize * BLOCK_WORDS;
        let bits = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (block, (0..PROBES).map(move |i| ((bits >> (9 * i + 6)) as usize % 8, 1 << ((bits >> (9 * i)) % 64))))
    }

    /// Adds a key.
    pub(crate) fn add(&self, hash: u64) {
        let (block, bits) = self.place(hash);
        for (word, bit) in bits {
            self.words[block + word].fetch_or(bit, Relaxed);
        }
    }

    /// False when the key was certainly never added.
    pub(crate) fn may_hold(&self, hash: u64) -> bool {
        let (block, mut bits) = self.place(hash);
        bits.all(|(word, bit)| self.words[block + word].load(Relaxed) & bit != 0)
    }

    /// The set as bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        self.words.iter().flat_map(|w| w.load(Relaxed).to_le_bytes()).collect()
    }

    /// The inverse of [`Filter::encode`]; `None` when the bytes are no filter.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Filter> {
        let (words, rest) = bytes.as_chunks::<8>();
        let whole = rest.is_empty() && !words.is_empty() && words.len().is_multiple_of(BLOCK_WORDS);
        whole
            .then(|| Filter { words: words.iter().map(|w| AtomicU64::new(u64::from_le_bytes(*w))).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_never_denies_what_it_holds_and_seldom_claims_what_it_does_not() {
        let filter = Filter::with_room_for(10_000);
        (0..10_000_u64).for_each(|i| filter.add(key_hash(1, &i.to_be_bytes())));
        let back = Filter::decode(&filter.encode()).unwrap();
        assert!((0..10_000_u64).all(|i| back.may_hold(key_hash(1, &i.to_be_bytes()))));
        let wrong = (0..10_000_u64).filter(|i| back.may_hold(key_hash(2, &i.to_be_bytes()))).count();
        assert!(wrong < 300, "{wrong} of 10,000 absent keys");
        assert!(Filter::decode(&filter.encode()[8..]).is_none());
    }
}
