//! The search index: which rows of `Table::PatientIndex` a record has, and which ranges of keys a search reads.
//!
//! Five kinds of row, all with an empty value, so that every search is a short range scan:
//! - `F|FAMILY|yyyy-mm-dd|g|nhs`: a family name (one row for each name of the record), then birth date;
//! - `S|S530|yyyy-mm-dd|g|nhs`: the Soundex code of a family name, for fuzzy searches;
//! - `HF|…` and `HS|…`: the same two of former names (see `super::history`), for searches of history;
//! - `B|yyyy-mm-dd|g|nhs`: birth date alone, for wildcards in few days and for fuzzy searches without family name.
//!
//! Two other kinds of row stand in the same table: `H|nhs`, a patient's history, and `C|FAMILY|yyyy-mm-dd|g`, which every
//! creation of such a person writes, so that two of them cannot both find nobody (see `super::create`).
//!
//! Called by trace (ranges), update (difference of rows) and seed. Never reads a table itself.

use super::tree::{Tree, items, text};
use std::collections::BTreeSet;

/// A birth date that a record lacks sorts and is found as this.
const NO_DATE: &str = "0000-00-00";

/// What stands before the keys of former names.
const HISTORY: &[u8] = b"H";

/// A range of index keys, `from <= key < to`.
pub(super) type KeyRange = (Vec<u8>, Vec<u8>);

/// A name as the index holds it: upper case, without accents, single spaces, without the index's own separator.
pub(super) fn normal(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            ' ' | '\t' if out.is_empty() || out.ends_with(' ') => {}
            '|' => {}
            _ => match unaccented(c) {
                Some(letters) => out.push_str(letters),
                None => out.extend(c.to_uppercase()),
            },
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// The plain letters of a Latin-1 letter with an accent; `None` for every other character.
fn unaccented(c: char) -> Option<&'static str> {
    Some(match c {
        'À'..='Å' | 'à'..='å' => "A",
        'Æ' | 'æ' => "AE",
        'Ç' | 'ç' => "C",
        'È'..='Ë' | 'è'..='ë' => "E",
        'Ì'..='Ï' | 'ì'..='ï' => "I",
        'Ñ' | 'ñ' => "N",
        'Ò'..='Ö' | 'ò'..='ö' | 'Ø' | 'ø' => "O",
        'Ù'..='Ü' | 'ù'..='ü' => "U",
        'Ý' | 'ý' | 'ÿ' => "Y",
        'ß' => "SS",
        _ => return None,
    })
}

/// American Soundex of a normalised name: a letter and three digits; empty when the name has no letter.
pub(super) fn soundex(normal: &str) -> String {
    let digit = |b: u8| match b {
        b'B' | b'F' | b'P' | b'V' => b'1',
        b'C' | b'G' | b'J' | b'K' | b'Q' | b'S' | b'X' | b'Z' => b'2',
        b'D' | b'T' => b'3',
        b'L' => b'4',
        b'M' | b'N' => b'5',
        b'R' => b'6',
        b'H' | b'W' => 0, // does not separate equal digits
        _ => b'0',        // a vowel separates
    };
    let mut letters = normal.bytes().filter(u8::is_ascii_uppercase);
    let Some(first) = letters.next() else { return String::new() };
    let mut code = vec![first];
    let mut last = digit(first);
    for letter in letters {
        match digit(letter) {
            0 => {}
            d => {
                if d != b'0' && d != last {
                    code.push(d);
                }
                last = d;
            }
        }
        if code.len() == 4 {
            break;
        }
    }
    code.resize(4, b'0');
    String::from_utf8(code).unwrap_or_default()
}

/// The index's letter for a gender.
pub(super) fn gender_letter(gender: &str) -> char {
    match gender {
        "female" => 'f',
        "male" => 'm',
        "other" => 'o',
        _ => 'u',
    }
}

/// All keys of a person with these family names, ascending, without repeats.
pub(super) fn keys<'a>(
    families: impl Iterator<Item = &'a str>,
    birth_date: &str,
    gender: &str,
    nhs_number: &str,
) -> BTreeSet<Vec<u8>> {
    let birth_date = if birth_date.is_empty() { NO_DATE } else { birth_date };
    let tail = [birth_date, "|", gender_letter(gender).encode_utf8(&mut [0; 4]), "|", nhs_number].concat();
    let mut keys = BTreeSet::from([["B|", &tail].concat().into_bytes()]);
    for family in families {
        let family = normal(family);
        keys.insert(["F|", &family, "|", &tail].concat().into_bytes());
        keys.insert(["S|", &soundex(&family), "|", &tail].concat().into_bytes());
    }
    keys
}

/// All keys of a record.
pub(super) fn keys_of<T: Tree>(patient: &T) -> BTreeSet<Vec<u8>> {
    let families = items(patient, "name").iter().map(|n| text(n, "/family")).filter(|f| !f.is_empty());
    keys(families, text(patient, "/birthDate"), text(patient, "/gender"), text(patient, "/id"))
}

/// All keys of a history, of a person whose record is `patient`.
pub(super) fn history_keys<T: Tree>(history: &T, patient: &T) -> Vec<Vec<u8>> {
    let families = items(history, "name").iter().map(|n| text(n, "/family")).filter(|f| !f.is_empty());
    let of_names =
        keys(families, text(patient, "/birthDate"), text(patient, "/gender"), text(patient, "/id"));
    let of_names = of_names.into_iter().filter(|key| !key.starts_with(b"B|"));
    of_names.map(|key| [HISTORY, &key].concat()).collect()
}

/// The key that two creations of such a person contend for.
pub(super) fn creation_key(family: &str, birth_date: &str, gender: &str) -> Vec<u8> {
    let gender = gender_letter(gender);
    format!("C|{}|{birth_date}|{gender}", normal(family)).into_bytes()
}

/// What a key says of its person.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    /// Birth date, `yyyy-mm-dd`.
    pub birth_date: &'a str,
    /// `f`, `m`, `o` or `u`.
    pub gender: char,
    /// NHS number.
    pub nhs_number: &'a str,
}

/// Reads a key; `None` when it is not one.
pub(super) fn entry(key: &[u8]) -> Option<Entry<'_>> {
    let mut parts = std::str::from_utf8(key).ok()?.rsplit('|');
    let nhs_number = parts.next()?;
    let gender = parts.next()?.chars().next()?;
    Some(Entry { nhs_number, gender, birth_date: parts.next()? })
}

/// Keys of a family name (normalised) and birth dates `from..=to`.
pub(super) fn family_range(family: &str, from: &str, to: &str) -> KeyRange {
    dates(["F|", family, "|"].concat(), from, to)
}

/// Keys of a Soundex code and birth dates `from..=to`.
pub(super) fn sound_range(soundex: &str, from: &str, to: &str) -> KeyRange {
    dates(["S|", soundex, "|"].concat(), from, to)
}

/// Keys of birth dates `from..=to`.
pub(super) fn born_range(from: &str, to: &str) -> KeyRange {
    dates("B|".to_owned(), from, to)
}

/// Keys of all family names that begin with `prefix` (normalised), whatever the birth date.
pub(super) fn prefix_range(prefix: &str) -> KeyRange {
    let from = ["F|", prefix].concat().into_bytes();
    let to = [&from[..], &[AFTER_ALL]].concat();
    (from, to)
}

/// The same range of the keys of former names.
pub(super) fn of_history((from, to): &KeyRange) -> KeyRange {
    ([HISTORY, from].concat(), [HISTORY, to].concat())
}

/// A byte that no UTF-8 text contains, above all that do.
const AFTER_ALL: u8 = 0xff;

fn dates(prefix: String, from: &str, to: &str) -> KeyRange {
    let to = [prefix.as_bytes(), to.as_bytes(), &[AFTER_ALL]].concat();
    ([prefix.as_bytes(), from.as_bytes()].concat(), to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_indexed_without_case_accents_or_needless_space() {
        assert_eq!(normal("  o'Reilly  smith-JONES "), "O'REILLY SMITH-JONES");
        assert_eq!(normal("Häßlich|Ñoño"), "HASSLICHNONO");
        assert_eq!(normal("Kociński"), "KOCIŃSKI");
    }

    #[test]
    fn soundex_is_the_published_algorithm() {
        for (name, code) in [
            ("ROBERT", "R163"),
            ("RUPERT", "R163"),
            ("SMITH", "S530"),
            ("SMYTHE", "S530"),
            ("ASHCRAFT", "A261"),
            ("TYMCZAK", "T522"),
            ("PFISTER", "P236"),
            ("HONEYMAN", "H555"),
            ("O'HARA", "O600"),
            ("", ""),
        ] {
            assert_eq!(soundex(name), code, "{name}");
        }
    }

    #[test]
    fn a_range_of_dates_holds_its_last_day_and_no_other_family() {
        let keys = keys(["Fell"].into_iter(), "1980-12-31", "male", "9000000009");
        let (from, to) = family_range("FELL", "1980-01-01", "1980-12-31");
        assert_eq!(keys.iter().filter(|k| from <= **k && **k < to).count(), 1);
        let (from, to) = family_range("FEL", "1980-01-01", "1980-12-31");
        assert_eq!(keys.iter().filter(|k| from <= **k && **k < to).count(), 0);
        let (from, to) = prefix_range("FE");
        assert_eq!(keys.iter().filter(|k| from <= **k && **k < to).count(), 1);
    }

    #[test]
    fn a_key_tells_birth_date_gender_and_number() {
        let keys = keys(["Fell"].into_iter(), "1980-12-31", "female", "9000000009");
        assert_eq!(keys.len(), 3);
        let want = Entry { birth_date: "1980-12-31", gender: 'f', nhs_number: "9000000009" };
        assert!(keys.iter().all(|k| entry(k).as_ref() == Some(&want)));
    }
}
