//! Tree to spreadsheet formula. Every operation is written with the functions that all spreadsheets agree on, and every
//! operand in its own parentheses where precedence differs between them (a leading minus binds tighter than `^` in Excel).

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
    let sub = |inner: &Expr<R>| excel(inner, places);
    match tree {
        Expr::Number(value, _) => number(*value),
        Expr::Ref(r) => places.figure(r),
        Expr::Year => places.year(),
        Expr::Neg(inner) => format!("(-({}))", sub(inner)),
        Expr::Binary(op, left, right) => {
            let sign = match op {
                Op::Add => "+",
                Op::Sub => "-",
                Op::Mul => "*",
                Op::Div => "/",
                Op::Pow => "^",
            };
            format!("({}{sign}{})", sub(left), sub(right))
        }
        Expr::Min(all) => format!("MIN({})", joined(all, places)),
        Expr::Max(all) => format!("MAX({})", joined(all, places)),
        // INT rounds towards minus infinity everywhere; CEILING differs between spreadsheets.
        Expr::Ceil(inner) => format!("(-INT(-({})))", sub(inner)),
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
