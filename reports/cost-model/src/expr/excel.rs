//! Tree to spreadsheet formula. Every operation is written with the functions that all spreadsheets agree on. Parentheses
//! stand where they keep the order of computation, and no others, so that a reader can follow the formula.

use super::{Compare, Expr, How, Op};

/// Where figures lie in the workbook; each answer is a formula fragment.
pub trait Places<R> {
    /// The figure as seen from the cell that is written: a name for a single figure, the same year's cell for a yearly one.
    fn figure(&self, of: &R) -> String;
    /// All years of a yearly figure, such as `Costs!$D$7:$M$7`.
    fn all_years(&self, of: &R) -> String;
    /// The years of a yearly figure up to the cell that is written, such as `Costs!$D$7:F$7`.
    fn years_so_far(&self, of: &R) -> String;
    /// The number of the year that is written, from 0.
    fn year(&self) -> String;
}

/// The formula without its leading `=`.
pub fn excel<R>(tree: &Expr<R>, places: &impl Places<R>) -> String {
    written(tree, places, SUM)
}

/// How tightly an expression binds in every spreadsheet, loosest first.
type Strength = u8;
const SUM: Strength = 1;
const PRODUCT: Strength = 2;
const POWER: Strength = 3;
const SINGLE: Strength = 4;

/// The expression, in parentheses when it binds looser than `outer`.
fn written<R>(tree: &Expr<R>, places: &impl Places<R>, outer: Strength) -> String {
    let sub = |inner: &Expr<R>| excel(inner, places);
    match tree {
        Expr::Number(value, _) => number(*value),
        Expr::Ref(r) => places.figure(r),
        Expr::Year => places.year(),
        // In its own parentheses always: a leading minus binds tighter than `^` in a spreadsheet.
        Expr::Neg(inner) => format!("(-{})", written(inner, places, SINGLE)),
        Expr::Binary(op, left, right) => {
            let (sign, own) = match op {
                Op::Add => ("+", SUM),
                Op::Sub => ("-", SUM),
                Op::Mul => ("*", PRODUCT),
                Op::Div => ("/", PRODUCT),
                Op::Pow => ("^", POWER),
            };
            // Spreadsheets go from left to right among equals, powers too; a sum of a hundred lines stays flat.
            let left_outer = if own == POWER { SINGLE } else { own };
            let text =
                format!("{}{sign}{}", written(left, places, left_outer), written(right, places, own + 1));
            if own < outer { format!("({text})") } else { text }
        }
        Expr::Min(all) => format!("MIN({})", joined(all, places)),
        Expr::Max(all) => format!("MAX({})", joined(all, places)),
        // INT rounds towards minus infinity everywhere; CEILING differs between spreadsheets.
        Expr::Ceil(inner) => format!("(-INT(-{}))", written(inner, places, SINGLE)),
        Expr::If(compare, yes, no) => format!("IF({},{},{})", condition(compare, places), sub(yes), sub(no)),
        Expr::Sum(r) => format!("SUM({})", places.all_years(r)),
        Expr::Running(r) => format!("SUM({})", places.years_so_far(r)),
        Expr::Product(r) => format!("PRODUCT({})", places.years_so_far(r)),
    }
}

fn joined<R>(all: &[Expr<R>], places: &impl Places<R>) -> String {
    all.iter().map(|e| excel(e, places)).collect::<Vec<_>>().join(",")
}

fn condition<R>(compare: &Compare<R>, places: &impl Places<R>) -> String {
    let sign = match compare.how {
        How::Less => "<",
        How::LessOrEqual => "<=",
        How::Greater => ">",
        How::GreaterOrEqual => ">=",
        How::Equal => "=",
    };
    format!("{}{sign}{}", excel(&compare.left, places), excel(&compare.right, places))
}

/// A literal that every spreadsheet reads back to the same double.
fn number(value: f64) -> String {
    match value {
        v if v < 0.0 => format!("({v:?})"),
        v => format!("{v:?}").trim_end_matches(".0").to_owned(),
    }
}
