//! Synthetic clinical-looking prose for `text.N`: built once, then copied from. It names no person, place or product, and
//! holds only letters, spaces, commas and full stops, so that it needs no escaping in JSON or XML.

use std::sync::LazyLock;

/// Bytes of prose kept: larger than any one text of a request, so that a copy rarely wraps, and small enough for the cache.
const BYTES: usize = 64 * 1024;

const SUBJECTS: [&str; 12] = [
    "The patient",
    "The carer",
    "The practice nurse",
    "The clinician",
    "The pharmacist",
    "The community team",
    "The family",
    "The ward",
    "The physiotherapist",
    "The duty doctor",
    "The clinic",
    "The reviewing team",
];
const VERBS: [&str; 12] = [
    "reports",
    "describes",
    "has noted",
    "confirms",
    "denies",
    "mentions",
    "has recorded",
    "asks about",
    "remains aware of",
    "has discussed",
    "observes",
    "agrees on",
];
const OBJECTS: [&str; 16] = [
    "mild discomfort after exercise",
    "a stable course since the last visit",
    "improved sleep and appetite",
    "occasional dizziness in the morning",
    "good tolerance of the current treatment",
    "no new symptoms since discharge",
    "a small reduction in dose",
    "regular measurement at home",
    "a follow up appointment in six weeks",
    "intermittent swelling of the left ankle",
    "a dry cough without fever",
    "satisfactory results of the routine tests",
    "advice on diet and gentle activity",
    "a change of the time at which tablets are taken",
    "the plan to repeat the blood test",
    "some anxiety about the procedure",
];
const TAILS: [&str; 10] = [
    "",
    ", and no further action is needed today",
    ", with review as planned",
    ", which has been explained in full",
    ", as agreed at the previous contact",
    ", and will return if this changes",
    ", without any effect on daily life",
    ", and written information was given",
    ", which is consistent with earlier findings",
    ", and consent was recorded",
];

static PROSE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut text = Vec::with_capacity(BYTES + 256);
    let draw = crate::draw::Draw::new(0, 0, 0);
    let mut n = 0;
    while text.len() < BYTES {
        let bits = draw.bits(n, 0);
        n += 1;
        let pick = |shift: u32, len: usize| (bits >> shift) as usize % len;
        for part in
            [SUBJECTS[pick(0, 12)], " ", VERBS[pick(16, 12)], " ", OBJECTS[pick(32, 16)], TAILS[pick(48, 10)]]
        {
            text.extend_from_slice(part.as_bytes());
        }
        text.extend_from_slice(b". ");
    }
    text
});

/// A stretch of prose that stands in a request and is not copied into it: a text of 600 KB would cost the sender 60 us that
/// belong to the requests behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// Where it stands: before the byte with this number of what is written out.
    pub at: usize,
    from: usize,
    len: usize,
}

impl Fill {
    /// Its bytes.
    pub fn bytes(&self) -> &'static [u8] {
        let prose: &'static [u8] = &PROSE;
        prose.get(self.from..self.from + self.len).unwrap_or(&[])
    }
}

/// A request as it goes out: bytes of its own, and fills among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wire {
    /// All of it but the fills.
    pub bytes: Vec<u8>,
    /// What stands among the bytes, in order.
    pub fills: Vec<Fill>,
}

impl Wire {
    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.fills.clear();
    }

    /// Its length with the fills, bytes.
    pub fn len(&self) -> usize {
        self.bytes.len() + self.fills.iter().map(|f| f.len).sum::<usize>()
    }

    /// True when there is nothing of it.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.fills.is_empty()
    }

    /// Its pieces in order, from the byte `from` on; none is empty.
    pub fn pieces(&self, mut from: usize) -> impl Iterator<Item = &[u8]> {
        let mut own = 0;
        let ends = self.fills.iter().map(|f| (f.at, f.bytes())).chain([(self.bytes.len(), &[][..])]);
        let all = ends.flat_map(move |(at, fill)| {
            let before = self.bytes.get(own..at).unwrap_or(&[]);
            own = at;
            [before, fill]
        });
        all.filter_map(move |piece| {
            let skipped = from.min(piece.len());
            from -= skipped;
            Some(&piece[skipped..]).filter(|rest| !rest.is_empty())
        })
    }

    /// All of it in one.
    pub fn joined(&self) -> Vec<u8> {
        self.pieces(0).flatten().copied().collect()
    }
}

/// Bytes from which on a text is not copied where it need not be: below, a copy costs less than another piece to send.
const FILL_MIN: usize = 8 * 1024;

/// Builds the prose now, so that the first request of a run does not.
pub(crate) fn prepare() {
    LazyLock::force(&PROSE);
}

/// Appends exactly `len` bytes of prose, from a place that `bits` chooses. With `fills` a long text is put there instead, but for
/// its last byte.
pub(crate) fn write(out: &mut Vec<u8>, bits: u64, len: usize, fills: Option<&mut Vec<Fill>>) {
    let prose: &[u8] = &PROSE;
    let mut at = bits as usize % (prose.len() - 512);
    // Start at a sentence: none is longer than 256 bytes.
    at += prose[at..].windows(2).position(|w| w == b". ").map_or(0, |end| end + 2);
    let mut left = len;
    let mut fills = fills.filter(|_| len >= FILL_MIN);
    while left > 0 {
        let take = left.min(prose.len() - at);
        match &mut fills {
            // The last byte may become another.
            Some(fills) if left > 1 => {
                let take = take.min(left - 1);
                fills.push(Fill { at: out.len(), from: at, len: take });
                left -= take;
                at = (at + take) % prose.len();
                continue;
            }
            _ => out.extend_from_slice(&prose[at..at + take]),
        }
        left -= take;
        at = 0;
    }
    // A text does not end in a blank: some servers trim, and its length is part of what was asked for.
    if let Some(last) = out.last_mut().filter(|b| len > 0 && **b == b' ') {
        *last = b'.';
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_exactly_the_length_asked_for_and_needs_no_escaping() {
        for (bits, len) in [(0, 0), (1, 1), (99, 90), (u64::MAX, 696), (7, 200_000)] {
            let mut out = Vec::new();
            write(&mut out, bits, len, None);
            assert_eq!(out.len(), len);
            assert!(out.iter().all(|b| b.is_ascii_alphabetic() || b" ,.".contains(b)));
            assert!(out.first().is_none_or(|b| b.is_ascii_uppercase()), "starts with a sentence");
            let (mut rest, mut fills) = (vec![b'<'], Vec::new());
            write(&mut rest, bits, len, Some(&mut fills));
            let wire = Wire { bytes: rest, fills };
            assert_eq!(wire.joined()[1..], out);
            assert!(wire.len() == len + 1 && (len < FILL_MIN || wire.bytes.len() == 2));
        }
    }
}
