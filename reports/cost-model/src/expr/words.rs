//! Tree to words that a reader of the report can follow: labels in place of names, typographic operators.

use super::{Compare, Expr, How, Op};

/// The formula in words; `label` names each figure.
pub fn words<R>(tree: &Expr<R>, label: &impl Fn(&R) -> String) -> String {
    said(tree, label, 0)
}

/// How tightly an expression binds: 1 sums, 2 products, 3 powers and signs, 4 what needs no parentheses.
fn strength<R>(tree: &Expr<R>) -> u8 {
    match tree {
        Expr::Binary(Op::Add | Op::Sub, ..) => 1,
        Expr::Binary(Op::Mul | Op::Div, ..) => 2,
        Expr::Binary(Op::Pow, ..) | Expr::Neg(_) => 3,
        _ => 4,
    }
}

fn said<R>(tree: &Expr<R>, label: &impl Fn(&R) -> String, outer: u8) -> String {
    let all = |list: &[Expr<R>]| list.iter().map(|e| said(e, label, 0)).collect::<Vec<_>>().join(", ");
    let text = match tree {
        Expr::Number(value, unit) if unit.is_one() => format!("{value}"),
        Expr::Number(value, unit) => format!("{value} {unit}"),
        Expr::Ref(r) => label(r),
        Expr::Year => "number of the year".to_owned(),
        Expr::Neg(inner) => format!("−{}", said(inner, label, 3)),
        Expr::Binary(op, left, right) => {
            let (sign, own) = match op {
                Op::Add => ("+", 1),
                Op::Sub => ("−", 1),
                Op::Mul => ("×", 2),
                Op::Div => ("÷", 2),
                Op::Pow => ("to the power of", 3),
            };
            // The right side of − and ÷, and both sides of a power, need parentheses at equal strength.
            let right_outer = if matches!(op, Op::Add | Op::Mul) { own } else { own + 1 };
            let left_outer = if matches!(op, Op::Pow) { own + 1 } else { own };
            format!("{} {sign} {}", said(left, label, left_outer), said(right, label, right_outer))
        }
        Expr::Min(list) => format!("the smallest of ({})", all(list)),
        Expr::Max(list) => format!("the largest of ({})", all(list)),
        Expr::Ceil(inner) => format!("({}) rounded up", said(inner, label, 0)),
        Expr::If(compare, yes, no) => {
            format!("({} if {}, else {})", said(yes, label, 0), condition(compare, label), said(no, label, 0))
        }
        Expr::Sum(r) => format!("the sum over all years of {}", label(r)),
        Expr::Running(r) => format!("the running sum of {}", label(r)),
        Expr::Product(r) => format!("the running product of {}", label(r)),
    };
    if strength(tree) < outer { format!("({text})") } else { text }
}

fn condition<R>(compare: &Compare<R>, label: &impl Fn(&R) -> String) -> String {
    let how = match compare.how {
        How::Less => "is below",
        How::LessOrEqual => "is at most",
        How::Greater => "is above",
        How::GreaterOrEqual => "is at least",
        How::Equal => "equals",
    };
    format!("{} {how} {}", said(&compare.left, label, 0), said(&compare.right, label, 0))
}
