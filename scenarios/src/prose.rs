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

/// Builds the prose now, so that the first request of a run does not.
pub(crate) fn prepare() {
    LazyLock::force(&PROSE);
}

/// Appends exactly `len` bytes of prose, from a place that `bits` chooses.
pub(crate) fn write(out: &mut Vec<u8>, bits: u64, len: usize) {
    let prose: &[u8] = &PROSE;
    let mut at = bits as usize % (prose.len() - 512);
    // Start at a sentence: none is longer than 256 bytes.
    at += prose[at..].windows(2).position(|w| w == b". ").map_or(0, |end| end + 2);
    let mut left = len;
    while left > 0 {
        let take = left.min(prose.len() - at);
        out.extend_from_slice(&prose[at..at + take]);
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
            write(&mut out, bits, len);
            assert_eq!(out.len(), len);
            assert!(out.iter().all(|b| b.is_ascii_alphabetic() || b" ,.".contains(b)));
            assert!(out.first().is_none_or(|b| b.is_ascii_uppercase()), "starts with a sentence");
        }
    }
}
