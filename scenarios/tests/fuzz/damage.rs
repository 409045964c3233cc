//! Damage by seeded chance: cut, doubled, spliced and bent. Called for every input of the fuzz tests; the same number makes
//! the same input again.

/// Longest input, bytes: doubled too often, an input says nothing new.
const BYTES_MAX: usize = 16 * 1024;

/// SplitMix64: every input can be made again from its number.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

/// Pieces that break readers elsewhere.
const PIECES: [&str; 40] = [
    "\"",
    "'",
    "\"\"\"",
    "\n",
    "\r\n",
    "\u{0}",
    "\u{feff}",
    "é",
    "🙂",
    ",",
    ";",
    "=",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "#",
    "..",
    "%",
    "/s",
    "ns",
    "x",
    "-1",
    "0",
    "1e308",
    "nan",
    "inf",
    "18446744073709551616",
    "0x7fff_ffff",
    "9999999999999999d",
    "[[journey]]\n",
    "[[event]]\n",
    "[[load.users]]\n",
    "[load]\n",
    "arrivals = \"trace\"\n",
    "colour = 1\n",
    "hub-stop 1s",
    "inject off",
];

/// One of the corpus, with one to four damages.
pub fn damaged(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = corpus[random.below(corpus.len())].clone();
    let most = 1 + random.below(4);
    for _ in 0..=random.below(most) {
        let (a, b) = (random.below(bytes.len() + 1), random.below(bytes.len() + 1));
        let (from, to) = (a.min(b), a.max(b));
        // Most damages are small: a large one alone leaves little that is read at all.
        let near = (from + random.below(24)).min(bytes.len());
        match random.below(10) {
            0 => drop(bytes.drain(from..to)),
            1 | 2 => drop(bytes.drain(from..near)),
            3 => {
                let part = bytes[from..to].to_vec();
                bytes.splice(to..to, part);
            }
            4 => lines(&mut bytes, random),
            5 => {
                let other = &corpus[random.below(corpus.len())];
                let at = random.below(other.len());
                let part = other[at..(at + random.below(200)).min(other.len())].to_vec();
                bytes.splice(from..from, part);
            }
            6 | 7 => {
                let piece = PIECES[random.below(PIECES.len())];
                bytes.splice(from..near, piece.bytes());
            }
            _ if from < bytes.len() => bytes[from] ^= 1 << random.below(8),
            _ => {}
        }
        bytes.truncate(BYTES_MAX);
    }
    bytes
}

/// Drops, doubles or moves a whole line, which keeps more of the file readable than anything else.
fn lines(bytes: &mut Vec<u8>, random: &mut Random) {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    if lines.is_empty() {
        return;
    }
    let (from, to) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(3) {
        0 => drop(lines.remove(from)),
        1 => lines.insert(to, lines[from].clone()),
        _ => lines.swap(from, to),
    }
    *bytes = lines.concat();
}
