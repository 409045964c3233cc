//! Keeps secrets out of what is recorded: finds a secret in a text of an answer, also as percent-encoding, base64,
//! hexadecimal, JSON or XML would write it, and puts a mark in its place. Called by `check` for what it shows of an answer, and
//! by the harness for what it records. Runs for answers that are wrong, never for good ones.

use crate::credentials::{Secret, SecretCell};
use crate::place::Place;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::borrow::Cow;
use std::sync::Arc;

/// What stands in the place of a secret.
const MARK: &str = "[secret]";
/// A secret of this many characters is masked where it begins, too: a server may show the first part of a token only.
const PART_MIN: usize = 8;
/// Shortest secret that a scenario may have: whatever is shorter would hide half of every message.
pub(crate) const SECRET_MIN: usize = 4;

/// A secret in all forms that are looked for. Upper and lower case make no difference.
pub(crate) struct Forms(Vec<Secret>);

impl Forms {
    pub(crate) fn of(value: &str) -> Forms {
        let escaped = |place: Place| {
            let mut out = value.as_bytes().to_vec();
            place.escape(&mut out, 0);
            String::from_utf8(out).ok()
        };
        let hex = || value.bytes().map(|b| format!("{b:02x}")).collect::<String>();
        let mut forms = vec![value.to_owned(), hex()];
        let escapes = [Place::Url, Place::Json, Place::Xml, Place::Header].map(escaped);
        forms.extend(escapes.into_iter().flatten());
        forms.push(value.replace(' ', "+"));
        // In base64 three bytes are four characters, so what stands before a secret decides in which of three ways it is
        // written; the characters that it shares with its neighbours are left out.
        for before in 0..3 {
            let bytes = [vec![0; before], value.as_bytes().to_vec()].concat();
            let (first, whole) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
            for text in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
                forms.extend(text.get(first..whole).map(str::to_owned));
            }
        }
        forms.retain(|f| f.len() >= SECRET_MIN);
        forms.sort();
        forms.dedup();
        Forms(forms.into_iter().map(Secret::new).collect())
    }

    pub(crate) fn given_away(&self, text: &str) -> usize {
        let shared = |form: &Secret| {
            let form = form.expose();
            let same = text.bytes().zip(form.bytes()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
            if same == form.len() || same >= PART_MIN { same } else { 0 }
        };
        self.0.iter().map(shared).max().unwrap_or(0)
    }
}

/// All secret values of a scenario, those of tokens as they are at the moment.
#[derive(Debug, Clone, Default)]
pub struct Secrets(Vec<Arc<SecretCell>>);

impl Secrets {
    pub(crate) fn add(&mut self, cell: Arc<SecretCell>) {
        self.0.push(cell);
    }

    /// These and one more.
    #[must_use]
    pub fn and(&self, value: &str) -> Secrets {
        let mut more = self.clone();
        more.add(Arc::new(SecretCell::new(Some(Secret::new(value.to_owned())))));
        more
    }

    /// The text with `[secret]` in the place of every secret of the scenario. What a server shows from the middle of a secret,
    /// or in a form of its own making, is not found.
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.0.is_empty() {
            return Cow::Borrowed(text);
        }
        let masked = self.shown(text, usize::MAX);
        if masked == text { Cow::Borrowed(text) } else { Cow::Owned(masked) }
    }

    /// The first `most` characters of the masked text. Masks first and cuts then, so that no piece of a secret is left at
    /// the cut.
    pub fn shown(&self, text: &str, most: usize) -> String {
        let (mut out, mut left, mut rest) = (String::new(), most, text);
        while let Some(c) = rest.chars().next().filter(|_| left > 0) {
            let given_away = self.0.iter().map(|cell| cell.given_away(rest)).max().unwrap_or(0);
            if given_away == 0 {
                out.push(c);
                left -= 1;
                rest = &rest[c.len_utf8()..];
                continue;
            }
            out.extend(MARK.chars().take(left));
            left = left.saturating_sub(MARK.len());
            // A part may end inside a character; the rest of that one goes too.
            let end = (given_away..=rest.len()).find(|i| rest.is_char_boundary(*i));
            rest = &rest[end.unwrap_or(rest.len())..];
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(values: &[&str]) -> Secrets {
        values.iter().fold(Secrets::default(), |all, value| all.and(value))
    }

    #[test]
    fn a_secret_is_masked_in_every_form_that_it_is_sent_in() {
        let secrets = secrets(&["pa ss/\"wörd\"+1"]);
        for shown in [
            "pa ss/\"wörd\"+1",
            "PA SS/\"WöRD\"+1",
            "pa%20ss%2F%22w%C3%B6rd%22%2B1",
            "pa%20ss%2f%22w%c3%b6rd%22%2b1",
            "pa ss/\\\"wörd\\\"+1",
            "pa ss/&quot;wörd&quot;+1",
            "70612073732f2277c3b67264222b31",
        ] {
            assert_eq!(secrets.mask(&format!("got {shown}!")), "got [secret]!", "{shown}");
        }
        for before in ["", "u", "us", "user:"] {
            let coded = STANDARD_NO_PAD.encode(format!("{before}pa ss/\"wörd\"+1"));
            let masked = secrets.mask(&coded).into_owned();
            assert!(
                masked.contains("[secret]") && masked.len() <= MARK.len() + before.len() * 2 + 2,
                "{masked}"
            );
        }
    }

    #[test]
    fn what_is_no_secret_stays_as_it_is() {
        let text = "401 INVALID_TOKEN é";
        assert!(matches!(Secrets::default().mask(text), Cow::Borrowed(_)));
        assert!(matches!(secrets(&["abcdefgh"]).mask(text), Cow::Borrowed(_)));
        assert_eq!(secrets(&["abcdefgh"]).mask("abcdefg"), "abcdefg");
        assert_eq!(secrets(&["abcd"]).mask("abc abcd"), "abc [secret]");
    }

    #[test]
    fn the_first_part_of_a_secret_is_masked_wherever_the_text_is_cut() {
        let token = "tok-0123456789abcdef";
        let secrets = secrets(&[token, "another-secret"]);
        assert_eq!(secrets.mask("bad tok-01234 and tok-012"), "bad [secret] and tok-012");
        for most in 0..60 {
            let shown = secrets.shown(&format!("{token}{token}another-secret and {token}"), most);
            assert_eq!(shown, "[secret][secret][secret] and [secret]".chars().take(most).collect::<String>());
        }
    }

    #[test]
    fn masking_ends_at_whole_characters() {
        let secrets = secrets(&["abcdefgé-tail"]);
        // The first byte of é is shared with è, its second is not.
        assert_eq!(secrets.mask("abcdefgèx"), "[secret]x");
    }
}
