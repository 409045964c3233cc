//! EPS prescription ids: the short form `XXXXXX-OOOOOO-XXXXXC` and its ISO 7064 MOD 37-2 check character. The backlog and
//! the request templates make ids with it, the hub checks them with it. It never draws chance.

/// The alphabet of the check character, in order of value.
const ALPHABET: &[u8; 37] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+";

/// Length of a short id without its two hyphens, check character included.
const LEN: usize = 18;

/// The ISO 7064 MOD 37-2 check character of the first 17 characters (hyphens already removed; upper case).
/// Characters outside 0-9 and A-Z count as 0, so the function is total; [`is_valid_short_id`] refuses them.
pub fn mod37_2_check(first17: &str) -> char {
    // Horner's form of the sum of value x 2^(17 - i): double what is there, add the next.
    let total = first17.bytes().fold(0_u32, |sum, b| (sum + value(b).unwrap_or(0)) * 2 % 37);
    char::from(ALPHABET[((38 - total) % 37) as usize])
}

fn value(b: u8) -> Option<u32> {
    char::from(b).to_digit(36).filter(|_| !b.is_ascii_lowercase())
}

/// A short id of six hexadecimal digits, the prescriber's ODS code and five more hexadecimal digits, check character added.
/// The code is upper-cased and cut or zero-padded on the left to six characters.
pub fn prescription_short_id(hex6: &str, ods: &str, hex5: &str) -> String {
    let ods: String = ods.chars().take(6).collect();
    let mut first17 = format!("{hex6:0>6.6}{ods:0>6}{hex5:0>5.5}");
    first17.make_ascii_uppercase();
    let check = mod37_2_check(&first17);
    format!("{}-{}-{}{check}", &first17[..6], &first17[6..12], &first17[12..])
}

/// True for `XXXXXX-OOOOOO-XXXXXC` with the right check character.
pub fn is_valid_short_id(id: &str) -> bool {
    let bytes = id.as_bytes();
    if bytes.len() != LEN + 2 || bytes[6] != b'-' || bytes[13] != b'-' {
        return false;
    }
    let plain: String = id.chars().filter(|&c| c != '-').collect();
    plain.len() == LEN
        && plain.bytes().take(LEN - 1).all(|b| value(b).is_some())
        && plain.ends_with(mod37_2_check(&plain[..LEN - 1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published formula, term by term: t = sum of value x 2^(17 - i), i = 0..16; check = (38 - t mod 37) mod 37.
    fn published(first17: &str) -> char {
        let t: u64 =
            first17.chars().enumerate().map(|(i, c)| u64::from(c.to_digit(36).unwrap()) << (17 - i)).sum();
        char::from(ALPHABET[((38 - t % 37) % 37) as usize])
    }

    #[test]
    fn the_check_character_is_the_published_formula() {
        let mut plus_seen = false;
        for i in 0..2000_u32 {
            let first17 = format!("{:06X}A{:05}{:05X}", i * 8191, 20_000 + i * 13, i * 523);
            let check = mod37_2_check(&first17);
            assert_eq!(check, published(&first17), "{first17}");
            plus_seen |= check == '+';
        }
        assert!(plus_seen, "the 37th character must occur too");
    }

    #[test]
    fn a_made_id_is_valid_and_one_wrong_character_is_noticed() {
        let id = prescription_short_id("1a2b3c", "A20047", "0ff1e");
        assert_eq!(&id[..19], "1A2B3C-A20047-0FF1E");
        assert!(is_valid_short_id(&id));
        for place in (0..20).filter(|p| *p != 6 && *p != 13) {
            let mut other = id.clone().into_bytes();
            other[place] = if other[place] == b'7' { b'8' } else { b'7' };
            assert!(!is_valid_short_id(&String::from_utf8(other).unwrap()), "place {place}");
        }
    }

    #[test]
    fn short_codes_are_padded_to_six_characters() {
        let id = prescription_short_id("0", "rq3k7", "f");
        assert_eq!(&id[..19], "000000-0RQ3K7-0000F");
        assert!(is_valid_short_id(&id));
    }

    #[test]
    fn texts_of_another_shape_are_not_ids() {
        for text in ["", "1A2B3C", "1A2B3CA200470FF1E0", "1A2B3C-A20047-0FF1é0", "1a2b3c-A20047-0FF1E0"] {
            assert!(!is_valid_short_id(text), "{text}");
        }
    }
}
