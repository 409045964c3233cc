//! Keeps real people out: no file that a user gives may name an NHS number that could belong to somebody. Called for every
//! scenario, interaction, body and mix that comes from disk.

use crate::document::Source;
use crate::fault::Fault;
use population::NhsNumber;

/// Reports every run of ten digits (also written 3-3-4 with blanks or hyphens) that passes the check-digit rule of NHS
/// numbers and lies outside the synthetic range.
pub(crate) fn scan(source: Source<'_>) {
    let text = source.text.as_bytes();
    let mut at = 0;
    while at < text.len() {
        if !text[at].is_ascii_digit() {
            // Digits that follow a letter are part of a word, such as a UUID or a code.
            let word = text[at].is_ascii_alphabetic() || text[at] == b'_';
            at += 1;
            while word && at < text.len() && (text[at].is_ascii_alphanumeric() || text[at] == b'_') {
                at += 1;
            }
            continue;
        }
        let (number, digits, end) = run(text, at);
        let in_word = text.get(end).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
        if digits == 10 && !in_word && NhsNumber::new(number).is_ok_and(|n| !n.is_synthetic()) {
            source.log.push(
                Fault::new(source.file, source.line(at), "", "an NHS number that may belong to a person")
                    .got(&source.text[at..end])
                    .allowed("9000000000 to 9999999999, which are set aside for synthetic people"),
            );
        }
        at = end;
    }
}

/// The digits from `at` on: their value, their number (11 for more than ten), and where they end.
fn run(text: &[u8], at: usize) -> (u64, usize, usize) {
    let (mut number, mut digits, mut end) = (0_u64, 0, at);
    while let Some(b) = text.get(end).filter(|_| digits <= 10) {
        let next_is_digit = text.get(end + 1).is_some_and(u8::is_ascii_digit);
        if b.is_ascii_digit() {
            number = number * 10 + u64::from(b - b'0');
            digits += 1;
        } else if !(matches!(b, b' ' | b'-') && next_is_digit && groups(text, at, end)) {
            break;
        }
        end += 1;
    }
    while text.get(end).is_some_and(u8::is_ascii_digit) {
        end += 1;
    }
    (number, digits, end)
}

/// True where a separator may stand in 3-3-4: after three digits, or after three, a separator, and three.
fn groups(text: &[u8], at: usize, end: usize) -> bool {
    match end - at {
        3 => true,
        7 => !text[at + 3].is_ascii_digit(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Log;

    fn found(text: &str) -> Vec<(usize, String)> {
        let log = Log::default();
        scan(Source { file: "f", text, log: &log });
        log.take().into_iter().map(|f| (f.line, f.got.unwrap_or_default())).collect()
    }

    /// A valid number outside the synthetic range, made here so that none stands in the source.
    fn real() -> String {
        let number = (4_000_000_000_u64..).find(|n| NhsNumber::new(*n).is_ok()).unwrap();
        number.to_string()
    }

    #[test]
    fn numbers_that_may_belong_to_people_are_found_with_their_lines() {
        let real = real();
        let spaced = format!("{} {} {}", &real[..3], &real[3..6], &real[6..]);
        let hyphened = spaced.replace(' ', "-");
        assert_eq!(found(&format!("a\npath = \"/Patient/{real}\"")), [(2, real.clone())]);
        assert_eq!(found(&spaced), [(1, spaced.clone())]);
        assert_eq!(found(&format!("\n\n({hyphened})")), [(3, hyphened.clone())]);
    }

    #[test]
    fn synthetic_numbers_longer_codes_and_words_pass() {
        let real = real();
        for text in [
            "9000000009".to_owned(),
            format!("1{real}"),
            format!("{real}1"),
            format!("a{real}"),
            format!("{real}b"),
            format!("key_{real}"),
            "200000000985".into(),
            "".into(),
        ] {
            assert!(found(&text).is_empty(), "{text}");
        }
    }
}
