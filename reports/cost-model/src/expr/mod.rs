//! The expression tree that everything priced goes through: checked for units here, evaluated by [`crate::graph`], emitted
//! as a spreadsheet formula by [`excel`], printed in words by [`words`]. References are generic: names when parsed, node
//! numbers once they are resolved.

pub mod excel;
mod parse;
pub mod words;

pub use parse::parse;

use crate::Unit;

/// A formula over references of type `R`.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr<R> {
    /// A literal with its unit; dimensionless unless written `3600[s/h]`. A literal 0 goes with every unit.
    Number(f64, Unit),
    /// Another figure.
    Ref(R),
    /// Number of the year, from 0; dimensionless.
    Year,
    /// Sign turned round.
    Neg(Box<Expr<R>>),
    /// Two operands.
    Binary(Op, Box<Expr<R>>, Box<Expr<R>>),
    /// The smallest of at least one.
    Min(Vec<Expr<R>>),
    /// The largest of at least one.
    Max(Vec<Expr<R>>),
    /// The next whole number that is not less.
    Ceil(Box<Expr<R>>),
    /// The first branch where the comparison holds, else the second.
    If(Box<Compare<R>>, Box<Expr<R>>, Box<Expr<R>>),
    /// The sum over all years of a yearly figure.
    Sum(R),
    /// The running sum of a yearly figure, this year included.
    Running(R),
    /// The running product of a yearly figure, this year included; dimensionless.
    Product(R),
}

/// An operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `^`
    Pow,
}

/// A comparison: the condition of [`Expr::If`].
#[derive(Debug, Clone, PartialEq)]
pub struct Compare<R> {
    /// How the two sides are compared.
    pub how: How,
    /// Left side.
    pub left: Expr<R>,
    /// Right side, in the same unit.
    pub right: Expr<R>,
}

/// A way to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `==`
    Equal,
}

impl<R> Expr<R> {
    /// A dimensionless literal.
    pub fn number(value: f64) -> Expr<R> {
        Expr::Number(value, Unit::one())
    }

    /// Two operands joined.
    pub fn binary(op: Op, left: Expr<R>, right: Expr<R>) -> Expr<R> {
        Expr::Binary(op, Box::new(left), Box::new(right))
    }

    /// The product of all; 1 of none.
    pub fn product_of(factors: impl IntoIterator<Item = Expr<R>>) -> Expr<R> {
        let joined = factors.into_iter().reduce(|left, right| Expr::binary(Op::Mul, left, right));
        joined.unwrap_or(Expr::number(1.0))
    }

    /// The sum of all; 0 of none.
    pub fn sum_of(terms: impl IntoIterator<Item = Expr<R>>) -> Expr<R> {
        let joined = terms.into_iter().reduce(|left, right| Expr::binary(Op::Add, left, right));
        joined.unwrap_or(Expr::number(0.0))
    }

    /// Every reference, in the order written.
    pub fn references<'a>(&'a self, to: &mut Vec<&'a R>) {
        match self {
            Expr::Number(..) | Expr::Year => {}
            Expr::Ref(r) | Expr::Sum(r) | Expr::Running(r) | Expr::Product(r) => to.push(r),
            Expr::Neg(of) | Expr::Ceil(of) => of.references(to),
            Expr::Binary(_, left, right) => {
                left.references(to);
                right.references(to);
            }
            Expr::Min(of) | Expr::Max(of) => of.iter().for_each(|e| e.references(to)),
            Expr::If(compare, yes, no) => {
                compare.left.references(to);
                compare.right.references(to);
                yes.references(to);
                no.references(to);
            }
        }
    }

    /// The same tree over other references; the first that cannot be resolved ends it.
    pub fn resolve<S, E>(&self, with: &mut impl FnMut(&R) -> Result<S, E>) -> Result<Expr<S>, E> {
        Ok(match self {
            Expr::Number(value, unit) => Expr::Number(*value, unit.clone()),
            Expr::Year => Expr::Year,
            Expr::Ref(r) => Expr::Ref(with(r)?),
            Expr::Sum(r) => Expr::Sum(with(r)?),
            Expr::Running(r) => Expr::Running(with(r)?),
            Expr::Product(r) => Expr::Product(with(r)?),
            Expr::Neg(of) => Expr::Neg(Box::new(of.resolve(with)?)),
            Expr::Ceil(of) => Expr::Ceil(Box::new(of.resolve(with)?)),
            Expr::Binary(op, left, right) => Expr::binary(*op, left.resolve(with)?, right.resolve(with)?),
            Expr::Min(of) => Expr::Min(of.iter().map(|e| e.resolve(with)).collect::<Result<_, E>>()?),
            Expr::Max(of) => Expr::Max(of.iter().map(|e| e.resolve(with)).collect::<Result<_, E>>()?),
            Expr::If(compare, yes, no) => {
                let (left, right) = (compare.left.resolve(with)?, compare.right.resolve(with)?);
                let compare = Compare { how: compare.how, left, right };
                Expr::If(Box::new(compare), Box::new(yes.resolve(with)?), Box::new(no.resolve(with)?))
            }
        })
    }

    /// The unit of the result, given those of the references, or a sentence on what does not match.
    pub fn unit(&self, of: &impl Fn(&R) -> Unit) -> Result<Unit, String> {
        match self {
            Expr::Number(_, unit) => Ok(unit.clone()),
            Expr::Year => Ok(Unit::one()),
            Expr::Ref(r) | Expr::Sum(r) | Expr::Running(r) => Ok(of(r)),
            Expr::Product(r) => match of(r) {
                unit if unit.is_one() => Ok(unit),
                unit => Err(format!("product() of a figure in {unit}, allowed: one without a dimension")),
            },
            Expr::Neg(inner) | Expr::Ceil(inner) => inner.unit(of),
            Expr::Binary(Op::Add, left, right) => Self::same("+", &[left, right], of),
            Expr::Binary(Op::Sub, left, right) => Self::same("-", &[left, right], of),
            Expr::Binary(Op::Mul, left, right) => Ok(left.unit(of)?.times(&right.unit(of)?)),
            Expr::Binary(Op::Div, left, right) => Ok(left.unit(of)?.over(&right.unit(of)?)),
            Expr::Binary(Op::Pow, left, right) => {
                let (base, power) = (left.unit(of)?, right.unit(of)?);
                match (&**right, base.is_one() && power.is_one()) {
                    (_, true) => Ok(base),
                    (Expr::Number(p, _), false) if power.is_one() && p.fract() == 0.0 && p.abs() <= 9.0 => {
                        Ok(base.power(*p as i32))
                    }
                    _ => Err(format!(
                        "{base} ^ {power}, allowed: figures without a dimension, or a whole power up to 9"
                    )),
                }
            }
            Expr::Min(all) => Self::same("min()", &all.iter().collect::<Vec<_>>(), of),
            Expr::Max(all) => Self::same("max()", &all.iter().collect::<Vec<_>>(), of),
            Expr::If(compare, yes, no) => {
                Self::same("a comparison", &[&compare.left, &compare.right], of)?;
                Self::same("the branches of if()", &[yes, no], of)
            }
        }
    }

    /// The one unit of all operands; a literal 0 goes with every unit.
    fn same(what: &str, operands: &[&Expr<R>], of: &impl Fn(&R) -> Unit) -> Result<Unit, String> {
        let mut found: Option<Unit> = None;
        for operand in operands {
            let unit = operand.unit(of)?;
            if matches!(operand, Expr::Number(value, unit) if *value == 0.0 && unit.is_one()) {
                continue;
            }
            match &found {
                Some(first) if *first != unit => {
                    return Err(format!("units differ in {what}: {first} and {unit}, allowed: one unit"));
                }
                _ => found = Some(unit),
            }
        }
        Ok(found.unwrap_or_default())
    }
}
