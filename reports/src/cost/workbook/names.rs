//! Defined names: what a figure is called in the formulas of the workbook. Made once for a layout; valid in every
//! spreadsheet, unique without regard to case, and never to be taken for a cell.

use std::collections::HashSet;

/// Longest name, characters; a spreadsheet allows 255, and one that has to be told from another gets a number behind it.
const NAME_CHARS_MAX: usize = 240;
/// Stands before what would be taken for a cell, a row, a column or a truth value.
const PREFIX: &str = "n_";

/// Names given so far.
#[derive(Debug, Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// A valid name near to the wished one, given once only.
    pub(super) fn give(&mut self, wished: &str) -> String {
        let name = valid(wished);
        let mut candidate = name.clone();
        let mut number = 2;
        while !self.0.insert(candidate.to_lowercase()) {
            candidate = format!("{name}_{number}");
            number += 1;
        }
        candidate
    }
}

fn valid(wished: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '.' { c } else { '_' };
    let name: String = wished.chars().map(letter).take(NAME_CHARS_MAX).collect();
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    match starts_well && !reserved(&name) {
        true => name,
        false => format!("{PREFIX}{name}"),
    }
}

/// Whether a spreadsheet could take it for something else: `A1`, `R1C1`, `r`, `true`.
fn reserved(name: &str) -> bool {
    let lower = name.to_lowercase();
    let letters = lower.chars().take_while(char::is_ascii_alphabetic).count();
    let (head, tail) = lower.split_at(letters);
    let like_a_cell = letters <= 3 && !tail.is_empty() && tail.chars().all(|c| c.is_ascii_digit());
    let like_row_and_column = lower.starts_with(['r', 'c']) && {
        let rest = lower.trim_start_matches(|c: char| c == 'r' || c == 'c' || c.is_ascii_digit());
        rest.is_empty()
    };
    let truth = ["true", "false"].contains(&head) && tail.is_empty();
    like_a_cell || like_row_and_column || truth || lower.starts_with("_xl")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_cell_gets_a_prefix() {
        for taken in [
            "a1",
            "XFD1048576",
            "tps1800",
            "r1c1",
            "r",
            "C",
            "rc",
            "r2",
            "true",
            "_xlnm.Print_Area",
            "9lives",
            "",
        ] {
            let name = Names::default().give(taken);
            match taken {
                "tps1800" => assert_eq!(name, "n_tps1800"),
                _ => assert!(name.starts_with(PREFIX), "{taken:?} became {name:?}"),
            }
        }
    }

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for plain in ["peak_tps", "hub_ha3.cost.servers", "x.y", "race", "discount_rate_31"] {
            assert_eq!(Names::default().give(plain), plain);
        }
    }

    #[test]
    fn names_that_differ_in_case_or_signs_only_are_told_apart() {
        let mut names = Names::default();
        let given = ["Peak", "peak", "pe ak", "pe-ak"].map(|wished| names.give(wished));
        assert_eq!(given, ["Peak", "peak_2", "pe_ak", "pe_ak_2"]);
    }
}
