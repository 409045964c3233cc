//! Addresses, postcodes and telephone numbers that have the right shape and reach nobody. People and organisations use it.

use crate::draw::Draw;
use crate::names::{COUNTIES, LOCALITIES, STREET_KINDS, STREETS, TOWN_FIRST, TOWN_SECOND};

/// A postal address: number and street, locality, post town, county; and the postcode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Four lines, none empty: number and street, locality, post town, county.
    pub lines: [String; 4],
    /// A postcode of valid shape that Royal Mail cannot have issued.
    pub postcode: String,
}

/// Letters that stand in the two last places of no real postcode (C I K M O V are never used there), so ours reach no door.
const INWARD_LETTERS: &[u8; 6] = b"CIKMOV";

/// Letters of the outward part, without those that are not used in first or second place.
const AREA_FIRST: &[u8; 20] = b"ABCDEFGHKLMNPRSTUWYZ";
const AREA_SECOND: &[u8; 18] = b"ABDEFGHLNOPRSTUWXY";

/// A synthetic address.
pub(crate) fn address(draw: &mut Draw) -> Address {
    let house = 1 + draw.below(240);
    // One hash decides the town, and the town its county and postcode area, so that neighbours agree.
    let town = draw.below((TOWN_FIRST.len() * TOWN_SECOND.len()) as u64) as usize;
    let (first, second) = (TOWN_FIRST[town % TOWN_FIRST.len()], TOWN_SECOND[town / TOWN_FIRST.len()]);
    Address {
        lines: [
            format!("{house} {} {}", draw.pick(&STREETS), draw.pick(&STREET_KINDS)),
            draw.pick(&LOCALITIES).to_owned(),
            [first, second].concat(),
            COUNTIES[town % COUNTIES.len()].to_owned(),
        ],
        postcode: postcode(town, draw),
    }
}

/// A postcode of the town: two letters that belong to the town, a district 1-29, a digit, two letters never used there.
fn postcode(town: usize, draw: &mut Draw) -> String {
    let area =
        [AREA_FIRST[town % AREA_FIRST.len()], AREA_SECOND[town / AREA_FIRST.len() % AREA_SECOND.len()]];
    format!(
        "{}{}{} {}{}{}",
        char::from(area[0]),
        char::from(area[1]),
        1 + draw.below(29),
        draw.below(10),
        char::from(draw.pick(INWARD_LETTERS)),
        char::from(draw.pick(INWARD_LETTERS))
    )
}

/// Ranges of landline numbers that Ofcom keeps free for drama: no subscriber has them.
const LANDLINES: [&str; 8] =
    ["01134960", "01144960", "01154960", "01164960", "01174960", "01184960", "01214960", "01632960"];

/// A landline number out of Ofcom's drama ranges, 11 digits.
pub(crate) fn landline(draw: &mut Draw) -> String {
    format!("{}{:03}", draw.pick(&LANDLINES), draw.below(1000))
}

/// A mobile number out of Ofcom's drama range 07700 900000 to 900999, 11 digits.
pub(crate) fn mobile(draw: &mut Draw) -> String {
    format!("07700900{:03}", draw.below(1000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Domain;

    #[test]
    fn postcodes_have_the_shape_of_postcodes_and_an_inward_part_never_issued() {
        for i in 0..5000 {
            let address = address(&mut Draw::new(3, Domain::PatientPlace, i));
            let (outward, inward) = address.postcode.split_once(' ').expect("one space");
            assert!(matches!(outward.len(), 3 | 4), "{outward}");
            assert!(outward[..2].bytes().all(|b| b.is_ascii_uppercase()));
            assert!(outward[2..].parse::<u32>().is_ok_and(|d| (1..30).contains(&d)));
            assert!(inward.as_bytes()[0].is_ascii_digit());
            assert!(inward[1..].bytes().all(|b| INWARD_LETTERS.contains(&b)));
            assert!(address.lines.iter().all(|l| !l.is_empty()));
        }
    }

    #[test]
    fn telephone_numbers_lie_in_the_drama_ranges() {
        for i in 0..1000 {
            let mut draw = Draw::new(3, Domain::PatientPlace, i);
            let (land, mob) = (landline(&mut draw), mobile(&mut draw));
            assert_eq!((land.len(), mob.len()), (11, 11));
            assert!(mob.starts_with("07700900") && LANDLINES.iter().any(|l| land.starts_with(l)));
        }
    }
}
