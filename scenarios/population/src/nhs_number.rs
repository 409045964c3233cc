//! NHS numbers: the check digit, and the one-to-one map between a patient's index and a synthetic number. Anyone who reads
//! or makes an NHS number calls this; no number outside 9000000000-9999999999 can be made here.

use std::fmt;
use std::str::FromStr;

/// First and last number of the range that is set aside for synthetic data (9 and nine more digits).
pub const SYNTHETIC: std::ops::RangeInclusive<u64> = 9_000_000_000..=9_999_999_999;

/// First 8-digit stem of the synthetic range.
const STEM_FIRST: u64 = 90_000_000;
/// How many 8-digit stems the synthetic range has.
const STEMS: u64 = 10_000_000;
/// Stems in which published sandbox numbers lie (9000000009, 9000000025, 9000000033; 9111231130): nobody of ours gets one,
/// so a sandbox patient and a member of the population can never be the same person. Ascending.
const STEMS_RESERVED: [u64; 2] = [90_000_000, 91_112_311];
/// Ninth digits used per stem. At least nine of ten give a check digit other than 10; using exactly nine everywhere makes
/// the map from index to number plain arithmetic.
const NINTHS: u64 = 9;

/// How many numbers the population can use: 89,999,982.
pub(crate) const PLACES: u64 = (STEMS - STEMS_RESERVED.len() as u64) * NINTHS;

/// A ten-digit NHS number whose check digit is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NhsNumber(u64);

/// Why a text or number is not an NHS number that may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NhsNumberError {
    /// Not exactly ten decimal digits.
    Shape,
    /// The tenth digit is not what the modulus-11 rule gives.
    CheckDigit,
    /// Valid, but outside 9000000000-9999999999, so it may belong to a person.
    NotSynthetic,
}

impl fmt::Display for NhsNumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NhsNumberError::Shape => "an NHS number has exactly ten digits",
            NhsNumberError::CheckDigit => "the tenth digit of this NHS number is not its check digit",
            NhsNumberError::NotSynthetic => {
                "this NHS number may belong to a person, allowed: 9000000000 to 9999999999"
            }
        })
    }
}

impl std::error::Error for NhsNumberError {}

impl NhsNumber {
    /// The number, when its check digit is right. It may lie outside the synthetic range: ask [`Self::is_synthetic`].
    ///
    /// # Errors
    /// [`NhsNumberError::Shape`] above ten digits, [`NhsNumberError::CheckDigit`].
    pub fn new(number: u64) -> Result<Self, NhsNumberError> {
        if number > *SYNTHETIC.end() {
            return Err(NhsNumberError::Shape);
        }
        match check_digit(number / 10) {
            Some(check) if check == number % 10 => Ok(NhsNumber(number)),
            _ => Err(NhsNumberError::CheckDigit),
        }
    }

    /// The number, when its check digit is right and it is synthetic.
    ///
    /// # Errors
    /// Those of [`Self::new`], and [`NhsNumberError::NotSynthetic`].
    pub fn new_synthetic(number: u64) -> Result<Self, NhsNumberError> {
        let number = Self::new(number)?;
        if number.is_synthetic() { Ok(number) } else { Err(NhsNumberError::NotSynthetic) }
    }

    /// Reads exactly ten digits, nothing before, between or after them.
    ///
    /// # Errors
    /// Those of [`Self::new`].
    pub fn parse(text: &str) -> Result<Self, NhsNumberError> {
        if text.len() != 10 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NhsNumberError::Shape);
        }
        Self::new(text.bytes().fold(0, |n, b| n * 10 + u64::from(b - b'0')))
    }

    /// True from 9000000000 to 9999999999.
    pub fn is_synthetic(self) -> bool {
        SYNTHETIC.contains(&self.0)
    }

    /// The number as an integer.
    pub fn value(self) -> u64 {
        self.0
    }

    /// The ten digits in ASCII, without allocating.
    pub fn digits(self) -> [u8; 10] {
        let mut out = [b'0'; 10];
        let mut left = self.0;
        for place in out.iter_mut().rev() {
            *place = b'0' + (left % 10) as u8;
            left /= 10;
        }
        out
    }

    /// The number at a place in `0..PLACES`.
    pub(crate) fn at_place(place: u64) -> Self {
        let mut stem = STEM_FIRST + place / NINTHS;
        for reserved in STEMS_RESERVED {
            if stem >= reserved {
                stem += 1;
            }
        }
        let skipped = ninth_unused(stem);
        let mut ninth = place % NINTHS;
        if ninth >= skipped {
            ninth += 1;
        }
        let nine = stem * 10 + ninth;
        // The unused ninth digit is the only one without a check digit, so the fall-back is never taken.
        NhsNumber(nine * 10 + check_digit(nine).unwrap_or(0))
    }

    /// The place of this number; `None` when the population never uses it.
    pub(crate) fn place(self) -> Option<u64> {
        if !self.is_synthetic() {
            return None;
        }
        let (stem, ninth) = (self.0 / 100, self.0 / 10 % 10);
        let skipped = ninth_unused(stem);
        if STEMS_RESERVED.contains(&stem) || ninth == skipped {
            return None;
        }
        let stems_before = stem - STEM_FIRST - STEMS_RESERVED.iter().filter(|&&r| r < stem).count() as u64;
        Some(stems_before * NINTHS + if ninth > skipped { ninth - 1 } else { ninth })
    }
}

impl fmt::Display for NhsNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010}", self.0)
    }
}

impl FromStr for NhsNumber {
    type Err = NhsNumberError;
    fn from_str(text: &str) -> Result<Self, NhsNumberError> {
        Self::parse(text)
    }
}

/// Sum of the digits of `number` (`count` of them), the last weighing `weight_last` and each one before it one more.
fn weighted_sum(mut number: u64, count: u64, weight_last: u64) -> u64 {
    let mut sum = 0;
    for weight in weight_last..weight_last + count {
        sum += number % 10 * weight;
        number /= 10;
    }
    sum
}

/// The check digit of nine digits: 11 - (sum of digit x weight 10..2 modulo 11), 11 counting as 0; `None` for 10.
fn check_digit(nine: u64) -> Option<u64> {
    match (11 - weighted_sum(nine, 9, 2) % 11) % 11 {
        10 => None,
        check => Some(check),
    }
}

/// The ninth digit that this stem does not use: the one whose check digit would be 10, or 9 when there is none.
fn ninth_unused(stem: u64) -> u64 {
    // Check digit 10 means: sum of the stem + 2 x ninth = 1 (modulo 11); the inverse of 2 is 6.
    let stem_sum = weighted_sum(stem, 8, 3) % 11;
    ((12 - stem_sum) * 6 % 11).min(9)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule written a second time, digit by digit on the text.
    fn passes_modulus_11(text: &str) -> bool {
        let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
        let sum: u32 = (0..9).map(|i| digits[i] * (10 - i as u32)).sum();
        digits.len() == 10 && (sum + digits[9]).is_multiple_of(11)
    }

    #[test]
    fn published_sandbox_numbers_are_valid_and_synthetic() {
        for text in ["9000000009", "9000000025", "9000000033", "9111231130"] {
            let number = NhsNumber::parse(text).unwrap();
            assert!(number.is_synthetic());
            assert_eq!(number.to_string(), text);
            assert_eq!(number.place(), None, "{text} must stay free for the sandbox");
        }
    }

    #[test]
    fn wrong_texts_are_refused_with_the_reason() {
        assert_eq!(NhsNumber::parse("9000000000"), Err(NhsNumberError::CheckDigit));
        for text in ["", "900000000", "90000000090", "900 000 0009", "9000000OO9", "+900000009"] {
            assert_eq!(NhsNumber::parse(text), Err(NhsNumberError::Shape), "{text}");
        }
        assert_eq!(NhsNumber::new(90_000_000_000), Err(NhsNumberError::Shape));
    }

    #[test]
    fn a_valid_number_outside_the_synthetic_range_is_refused() {
        // Built here so that no real-range number stands in the source.
        let nine = 400_000_000;
        let number = nine * 10 + check_digit(nine).unwrap();
        assert!(!NhsNumber::new(number).unwrap().is_synthetic());
        assert_eq!(NhsNumber::new_synthetic(number), Err(NhsNumberError::NotSynthetic));
    }

    #[test]
    fn places_and_numbers_are_one_to_one_and_every_number_is_valid() {
        for place in (0..PLACES).step_by(997).chain(PLACES - 2000..PLACES) {
            let number = NhsNumber::at_place(place);
            assert!(passes_modulus_11(&number.to_string()), "{number}");
            assert!(number.is_synthetic());
            assert_eq!(number.place(), Some(place));
        }
        assert_eq!(NhsNumber::at_place(PLACES - 1).value() / 100, 99_999_999);
    }

    #[test]
    fn neighbouring_places_never_share_a_number() {
        // Around both reserved stems and the start of the range.
        for start in [0, (91_112_311 - STEM_FIRST - 3) * NINTHS] {
            let numbers: Vec<u64> = (start..start + 60).map(|p| NhsNumber::at_place(p).value()).collect();
            assert!(numbers.windows(2).all(|w| w[0] < w[1]), "{numbers:?}");
            assert!(numbers.iter().all(|n| !STEMS_RESERVED.contains(&(n / 100))));
        }
    }

    #[test]
    fn digits_are_the_displayed_number() {
        let number = NhsNumber::parse("9000000033").unwrap();
        assert_eq!(&number.digits(), b"9000000033");
    }
}
