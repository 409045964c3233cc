//! The life of one item of a prescription: its published status codes, and what a dispense notification may tell about it.
//!
//! Called by the EPS handlers. Pure and closed, like the table of prescriptions in [`super::state`].

use super::state::Refusal;

/// An item's status (published code list `medicationdispense-type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Line {
    /// 0001: fully dispensed.
    Dispensed,
    /// 0002: not dispensed.
    NotDispensed,
    /// 0003: dispensed in part.
    Part,
    /// 0004: not dispensed, owing.
    Owing,
    /// 0005: cancelled.
    Cancelled,
    /// 0006: expired.
    Expired,
    /// 0007: to be dispensed.
    ToBeDispensed,
    /// 0008: with a dispenser.
    WithDispenser,
}

/// Every item status with its published code and display text.
pub const LINES: [(Line, &str, &str); 8] = [
    (Line::Dispensed, "0001", "Item fully dispensed"),
    (Line::NotDispensed, "0002", "Item not dispensed"),
    (Line::Part, "0003", "Item dispensed - partial"),
    (Line::Owing, "0004", "Item not dispensed owing"),
    (Line::Cancelled, "0005", "Item cancelled"),
    (Line::Expired, "0006", "Expired"),
    (Line::ToBeDispensed, "0007", "Item to be dispensed"),
    (Line::WithDispenser, "0008", "Item with dispenser"),
];

impl Line {
    /// The published four-digit code.
    pub fn code(self) -> &'static str {
        LINES[self as usize].1
    }

    /// The published display text.
    pub fn display(self) -> &'static str {
        LINES[self as usize].2
    }

    /// The item status of a published code.
    pub fn from_code(code: &str) -> Option<Line> {
        LINES.iter().find(|(_, c, _)| *c == code).map(|(line, _, _)| *line)
    }

    /// True when nothing more can be handed out for this item.
    pub fn is_settled(self) -> bool {
        match self {
            Line::Dispensed | Line::NotDispensed | Line::Cancelled | Line::Expired => true,
            Line::Part | Line::Owing | Line::ToBeDispensed | Line::WithDispenser => false,
        }
    }
}

/// The item's status after a dispense notification told `told` about it. A later notification may repeat what is settled.
///
/// # Errors
/// [`Refusal::InvalidLineTransition`] when the item cannot go there.
pub fn line_told(line: Line, told: Line) -> Result<Line, Refusal> {
    let possible = match line {
        Line::WithDispenser | Line::Part | Line::Owing => match told {
            Line::Dispensed | Line::NotDispensed | Line::Part | Line::Owing => true,
            Line::Expired => line != Line::Part,
            Line::Cancelled | Line::ToBeDispensed | Line::WithDispenser => false,
        },
        Line::Dispensed | Line::NotDispensed | Line::Cancelled | Line::Expired => told == line,
        Line::ToBeDispensed => false,
    };
    if possible { Ok(told) } else { Err(Refusal::InvalidLineTransition) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_at_their_index_under_their_code() {
        for (i, (line, code, _)) in LINES.iter().enumerate() {
            assert_eq!(*line as usize, i);
            assert_eq!(Line::from_code(code), Some(*line));
            assert_eq!(line.code(), *code);
        }
    }

    #[test]
    fn a_settled_item_stays_and_an_open_one_moves_on() {
        for (from, code, _) in LINES {
            for (told, told_code, _) in LINES {
                let done = line_told(from, told);
                if from.is_settled() {
                    assert_eq!(done.is_ok(), from == told, "{code} {told_code}");
                } else if from == Line::ToBeDispensed {
                    assert!(done.is_err(), "not released: {told_code}");
                } else {
                    let open = !matches!(told, Line::Cancelled | Line::ToBeDispensed | Line::WithDispenser);
                    assert_eq!(done.is_ok(), open && !(from == Line::Part && told == Line::Expired));
                }
            }
        }
    }
}
