//! Reads the engine's journals before the engine does, because the engine takes the first damaged byte for the end of
//! what was written and cuts everything after it off.
//!
//! Called by [`crate::open`] on a folder that was in use before; never writes. It knows the journal's layout (fjall 3:
//! start, items, end with checksum and trailer) and our chain links inside it, whose sequence numbers are dense: so it
//! can tell a torn last write from acknowledged batches that lie beyond damage, and name them.

use hub_store::recover::Refusal;
use hub_store::{Head, Link, VERSION_BYTES};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

const TAG_START: u8 = 1;
const TAG_ITEM: u8 = 2;
const TAG_END: u8 = 3;
/// The engine's end-of-batch trailer.
const TRAILER: &[u8] = b"FJL\x03";
/// Tag, item count, engine sequence number.
const START_BYTES: usize = 1 + 4 + 8;
/// Tag, value type, compression, keyspace, key length, value length, length on disk.
const ITEM_HEADER_BYTES: usize = 3 + 8 + 2 + 4 + 4;
/// Tag, checksum, trailer.
const END_BYTES: usize = 1 + 8 + 4;
/// Compression tag of a value stored as it is; we write no other.
const COMPRESSION_NONE: u8 = 0;

/// One whole batch in a journal.
struct Batch {
    end: usize,
    link: Option<Link>,
}

/// The part of the log that lies in the journals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The log before the first link in the journals: must be in the tables already.
    pub(crate) before: Head,
    /// The log after the last.
    pub(crate) last: Head,
}

/// Reads all journals in `store`; returns what part of the log lies in them, if any.
///
/// # Errors
/// [`Refusal`] when batches are missing between others, naming their sequence numbers, or a file cannot be read.
pub(crate) fn check_journals(store: &Path) -> Result<Option<Span>, Refusal> {
    let mut span: Option<Span> = None;
    let journals = list(store)?;
    for (i, (id, path)) in journals.iter().enumerate() {
        let bytes = std::fs::read(path).map_err(|e| Refusal::because(format!("{}: {e}", path.display())))?;
        let batches = check_journal(used(&bytes), &mut span)
            .map_err(|refusal| at(refusal, &format!("{}", path.display())))?;
        let sealed = i + 1 < journals.len();
        if sealed && batches == 0 {
            return Err(Refusal::because(format!("{}: a sealed journal is empty", path.display())));
        }
        if journals.get(i + 1).is_some_and(|(next, _)| *next != id + 1) {
            return Err(Refusal::because(format!("{}: the journal after it is missing", path.display())));
        }
    }
    Ok(span)
}

fn at(mut refusal: Refusal, place: &str) -> Refusal {
    refusal.problems.iter_mut().for_each(|p| *p = format!("{place}: {p}"));
    refusal
}

/// The journals in order; the last is the active one.
fn list(store: &Path) -> Result<Vec<(u64, std::path::PathBuf)>, Refusal> {
    let unreadable = |e: std::io::Error| Refusal::because(format!("{}: {e}", store.display()));
    let mut journals = Vec::new();
    for entry in std::fs::read_dir(store).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("jnl")) {
            let id = path.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse().ok());
            let id =
                id.ok_or_else(|| Refusal::because(format!("{}: not a journal's name", path.display())))?;
            journals.push((id, path));
        }
    }
    journals.sort();
    Ok(journals)
}

/// A journal is made with 64 MiB of zeros; a batch ends in bytes that are none.
fn used(journal: &[u8]) -> &[u8] {
    const ZEROS: [u8; 4_096] = [0; 4_096];
    let mut end = journal.len();
    while end > 0 && journal[..end].ends_with(&ZEROS) {
        end -= ZEROS.len();
    }
    while end > 0 && journal[end - 1] == 0 {
        end -= 1;
    }
    &journal[..end]
}

/// Walks one journal (`used`: without the zeros it was made with) and returns the number of whole batches.
fn check_journal(used: &[u8], span: &mut Option<Span>) -> Result<u64, Refusal> {
    let mut position = 0;
    let mut batches = 0;
    while let Some(batch) = whole_batch(&used[position..]) {
        follow(span, batch.link)?;
        position += batch.end;
        batches += 1;
    }
    if position == used.len() {
        return Ok(batches);
    }
    // A write torn by the crash has nothing behind it. A whole batch behind the damage was written later, so what is
    // damaged was acknowledged.
    let mut from = position;
    while let Some(trailer) = find(&used[from..], TRAILER) {
        from += trailer + TRAILER.len();
        if let Some(batch) = whole_batch(&used[from..]) {
            let refusal = Refusal::because(format!(
                "damaged at byte {position}, and whole batches lie beyond, from byte {from}: acknowledged writes are lost"
            ));
            let lost_from = span.map_or(1, |span| span.last.seq + 1);
            return Err(match batch.link {
                Some(link) if link.first_seq > lost_from => refusal.missing(lost_from..=link.first_seq - 1),
                _ => refusal,
            });
        }
    }
    Ok(batches)
}

/// Our links must follow one another without a gap, over all journals.
fn follow(span: &mut Option<Span>, link: Option<Link>) -> Result<(), Refusal> {
    let Some(link) = link else { return Ok(()) };
    let before = Head { seq: link.first_seq - 1, hash: link.prev_hash };
    let span = span.get_or_insert(Span { before, last: before });
    if before != span.last {
        let last = span.last.seq;
        let refusal = Refusal::because(format!(
            "the batch {} to {} does not follow {last}",
            link.first_seq, link.last_seq
        ));
        return Err(if before.seq > last { refusal.missing(last + 1..=before.seq) } else { refusal });
    }
    span.last = link.head();
    Ok(())
}

/// The batch at the start of `bytes`, when it is whole and its checksum holds.
fn whole_batch(bytes: &[u8]) -> Option<Batch> {
    let start = bytes.get(..START_BYTES)?;
    if start[0] != TAG_START {
        return None;
    }
    let items = u32::from_le_bytes(start[1..5].try_into().ok()?);
    let mut position = START_BYTES;
    let mut link = None;
    for _ in 0..items {
        let header = bytes.get(position..position + ITEM_HEADER_BYTES)?;
        if header[0] != TAG_ITEM {
            return None;
        }
        let key_len = usize::from(u16::from_le_bytes(header[11..13].try_into().ok()?));
        let disk_len = usize::try_from(u32::from_le_bytes(header[17..21].try_into().ok()?)).ok()?;
        let key_at = position + ITEM_HEADER_BYTES;
        let key = bytes.get(key_at..key_at + key_len)?;
        let value = bytes.get(key_at + key_len..key_at + key_len + disk_len)?;
        if header[2] == COMPRESSION_NONE {
            link = link.or_else(|| chain_link(key, value));
        }
        position = key_at + key_len + disk_len;
    }
    let end = bytes.get(position..position + END_BYTES)?;
    let checksum = u64::from_le_bytes(end[1..9].try_into().ok()?);
    let whole =
        end[0] == TAG_END && &end[9..] == TRAILER && checksum == xxh3_64(&bytes[START_BYTES..position]);
    whole.then_some(Batch { end: position + END_BYTES, link })
}

/// A row of the chain table: its key is its version and the link's last sequence number, all three the same.
fn chain_link(key: &[u8], stored: &[u8]) -> Option<Link> {
    let (version, value) = stored.split_at_checked(VERSION_BYTES)?;
    if key != version {
        return None;
    }
    Link::decode(value).filter(|link| link.last_seq.to_be_bytes() == *key)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal(batches: &[(u64, u64)]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut head = Head::default();
        for &(first_seq, last_seq) in batches {
            let entries = vec![
                hub_store::Entry { writes: [1; 32], audit_check: [2; 8] };
                (last_seq - first_seq + 1) as usize
            ];
            let hash = [last_seq as u8; 32];
            let link = Link { first_seq, last_seq, prev_hash: head.hash, hash, entries };
            head = link.head();
            let value = hub_store::encode_versioned(last_seq, &link.encode());
            let mut item = vec![TAG_ITEM, 0, COMPRESSION_NONE];
            item.extend_from_slice(&7_u64.to_le_bytes());
            item.extend_from_slice(&8_u16.to_le_bytes());
            item.extend_from_slice(&(value.len() as u32).to_le_bytes());
            item.extend_from_slice(&(value.len() as u32).to_le_bytes());
            item.extend_from_slice(&last_seq.to_be_bytes());
            item.extend_from_slice(&value);
            out.push(TAG_START);
            out.extend_from_slice(&1_u32.to_le_bytes());
            out.extend_from_slice(&last_seq.to_le_bytes());
            out.extend_from_slice(&item);
            out.push(TAG_END);
            out.extend_from_slice(&xxh3_64(&item).to_le_bytes());
            out.extend_from_slice(TRAILER);
        }
        out
    }

    fn check(bytes: &[u8]) -> Result<Option<Span>, Refusal> {
        let mut span = None;
        check_journal(used(bytes), &mut span).map(|_| span)
    }

    #[test]
    fn a_whole_journal_and_a_torn_last_batch_pass() {
        let mut bytes = journal(&[(1, 2), (3, 3), (4, 9)]);
        let whole = bytes.len();
        bytes.resize(whole + 10_000, 0);
        assert_eq!(check(&bytes).unwrap().unwrap().last.seq, 9);
        bytes[whole - 5] = 0;
        assert_eq!(check(&bytes).unwrap().unwrap().last.seq, 3, "torn: the mark must judge");
        assert_eq!(check(&[0; 9_000]).unwrap(), None);
    }

    #[test]
    fn damage_before_whole_batches_is_refused_and_the_lost_numbers_are_named() {
        let bytes = journal(&[(1, 2), (3, 3), (4, 9), (10, 10)]);
        let third = journal(&[(1, 2), (3, 3)]).len();
        for at in [third, third + 40, third + 200] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            let refusal = check(&damaged).unwrap_err();
            assert_eq!(refusal.missing, [4..=9], "damaged at {at}");
        }
    }

    #[test]
    fn a_missing_batch_between_whole_ones_is_refused() {
        let refusal = check(&journal(&[(1, 2), (4, 9)])).unwrap_err();
        assert_eq!(refusal.missing, [3..=3]);
    }
}
