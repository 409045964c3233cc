//! A short text that lies where it is kept: what the population makes for every request without allocating. Called by the
//! modules that compose codes and tokens, and through them by whoever renders requests.

use std::fmt;
use std::ops::Deref;

/// Bytes of the longest code or token there is (a session's token has 43).
const BYTES_MAX: usize = 47;

/// A text of at most 47 bytes of ASCII.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Short {
    len: u8,
    bytes: [u8; BYTES_MAX],
}

impl Short {
    /// No text.
    pub(crate) const EMPTY: Short = Short { len: 0, bytes: [0; BYTES_MAX] };

    /// Appends a character of ASCII; one beyond the longest is left out, which no code of this crate reaches.
    pub(crate) fn push(&mut self, b: u8) {
        if let Some(place) = self.bytes.get_mut(usize::from(self.len)) {
            *place = b;
            self.len += 1;
        }
    }

    /// Appends a text of ASCII.
    pub(crate) fn text(&mut self, text: &str) {
        text.bytes().for_each(|b| self.push(b));
    }

    /// Appends a number in at least `width` digits.
    pub(crate) fn number(&mut self, number: u64, width: u32) {
        let digits = number.checked_ilog10().unwrap_or(0) + 1;
        let mut unit = 10_u64.pow(digits.max(width) - 1);
        while unit > 0 {
            self.push(b'0' + (number / unit % 10) as u8);
            unit /= 10;
        }
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl Deref for Short {
    type Target = str;

    fn deref(&self) -> &str {
        // ASCII alone is ever put in.
        std::str::from_utf8(self.as_bytes()).unwrap_or("")
    }
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &**self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_stand_one_after_the_other() {
        let mut short = Short::EMPTY;
        short.text("A1");
        short.number(7, 3);
        short.number(120, 1);
        short.number(0, 1);
        assert_eq!((&*short, short.as_bytes().len()), ("A10071200", 9));
        short.number(u64::MAX, 1);
        assert_eq!(&short[9..], u64::MAX.to_string());
        (0..99).for_each(|_| short.push(b'x'));
        assert_eq!(short.len(), 47);
    }
}
