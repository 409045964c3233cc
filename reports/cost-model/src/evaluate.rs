//! The one evaluator of a graph, for the single result (one lane) and for the draws (many lanes at once). Pure: the same
//! inputs give the same bits, whatever the number of lanes. What no replaced input reaches is computed once for all lanes.

use crate::expr::{Compare, Expr, How, Op};
use crate::{Graph, NodeId, Source};

/// Values of all figures of a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    lanes: usize,
    of: Vec<Figure>,
}

/// Values that replace an input: one for each lane, whatever the year.
pub type Override<'a> = (NodeId, &'a [f64]);

/// Values of one figure: one year or every year, and in each year one number for all lanes or one for each.
#[derive(Debug, Clone, Default, PartialEq)]
struct Figure {
    numbers: Vec<f64>,
    /// Numbers of one year.
    stride: usize,
}

impl Figure {
    fn years(&self) -> usize {
        self.numbers.len() / self.stride.max(1)
    }

    /// The numbers of a year; those of the only one where all years are the same.
    fn year(&self, year: usize) -> &[f64] {
        let year = if self.years() == 1 { 0 } else { year };
        &self.numbers[year * self.stride..(year + 1) * self.stride]
    }

    fn at(&self, year: usize, lane: usize) -> f64 {
        self.year(year)[if self.stride == 1 { 0 } else { lane }]
    }
}

impl Graph {
    /// Evaluates every figure once, with these inputs replaced.
    pub fn evaluate(&self, overrides: &[(NodeId, f64)]) -> Values {
        let lanes: Vec<Override<'_>> =
            overrides.iter().map(|(id, value)| (*id, std::slice::from_ref(value))).collect();
        self.evaluate_lanes(1, &lanes, &vec![true; self.nodes().len()])
    }

    /// Evaluates the needed figures for many draws at once; every override holds one value for each lane.
    pub fn evaluate_lanes(&self, lanes: usize, overrides: &[Override<'_>], needed: &[bool]) -> Values {
        let mut replaced: Vec<Option<&[f64]>> = vec![None; self.nodes().len()];
        overrides.iter().for_each(|(id, values)| replaced[id.index()] = Some(values));
        let mut values = Values { lanes, of: Vec::with_capacity(self.nodes().len()) };
        let mut work = Work { years: self.years(), spare: Vec::new() };
        for (at, node) in self.nodes().iter().enumerate() {
            let mut figure = match (&node.source, replaced[at]) {
                _ if !needed[at] => Figure::default(),
                (_, Some(given)) => Figure { numbers: given.to_vec(), stride: lanes },
                (Source::Input(given), None) => Figure { numbers: given.clone(), stride: 1 },
                (Source::Formula(tree), None) => match work.value(tree, &values.of) {
                    Operand::Known(figure) => figure.clone(),
                    Operand::Made(figure) => figure,
                },
            };
            if node.yearly && needed[at] && figure.years() == 1 {
                figure.numbers = figure.numbers.repeat(self.years());
            }
            values.of.push(figure);
        }
        values
    }
}

impl Values {
    /// The value of a single figure, or of a yearly one's first year.
    pub fn one(&self, id: NodeId) -> f64 {
        self.of[id.index()].numbers.first().copied().unwrap_or(f64::NAN)
    }

    /// The values of a figure: one, or one for each year.
    pub fn years(&self, id: NodeId) -> Vec<f64> {
        let figure = &self.of[id.index()];
        (0..figure.years()).map(|year| figure.at(year, 0)).collect()
    }

    /// The values of a figure in every lane, year by year; a single figure has one year, and what was not needed none.
    pub fn lanes(&self, id: NodeId) -> impl Iterator<Item = Vec<f64>> + '_ {
        let figure = &self.of[id.index()];
        (0..figure.years()).map(|year| match figure.stride == self.lanes {
            true => figure.year(year).to_vec(),
            false => vec![figure.at(year, 0); self.lanes],
        })
    }

    /// Figures that came out as no number (a division by zero, an overflow), in order.
    pub fn not_finite(&self) -> impl Iterator<Item = NodeId> + '_ {
        let bad = self.of.iter().enumerate().filter(|(_, f)| f.numbers.iter().any(|x| !x.is_finite()));
        bad.map(|(at, _)| NodeId(at as u32))
    }
}

/// What a part of a tree comes to: a figure as it stands, or one made on the way.
enum Operand<'v> {
    Known(&'v Figure),
    Made(Figure),
}

impl std::ops::Deref for Operand<'_> {
    type Target = Figure;

    fn deref(&self) -> &Figure {
        match self {
            Operand::Known(figure) => figure,
            Operand::Made(figure) => figure,
        }
    }
}

/// Evaluates trees; buffers of what was made on the way are used again.
struct Work {
    years: usize,
    spare: Vec<Vec<f64>>,
}

impl Work {
    fn buffer(&mut self) -> Vec<f64> {
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.clear();
        buffer
    }

    fn made<'v>(&mut self, stride: usize, numbers: impl Iterator<Item = f64>) -> Operand<'v> {
        let mut buffer = self.buffer();
        buffer.extend(numbers);
        Operand::Made(Figure { numbers: buffer, stride })
    }

    fn done(&mut self, operand: Operand<'_>) {
        if let Operand::Made(figure) = operand {
            self.spare.push(figure.numbers);
        }
    }

    fn value<'v>(&mut self, tree: &Expr<NodeId>, known: &'v [Figure]) -> Operand<'v> {
        match tree {
            Expr::Number(value, _) => self.made(1, std::iter::once(*value)),
            Expr::Ref(id) => Operand::Known(&known[id.index()]),
            Expr::Year => self.made(1, (0..self.years).map(|year| year as f64)),
            Expr::Neg(inner) => self.each(inner, known, |x| -x),
            Expr::Ceil(inner) => self.each(inner, known, f64::ceil),
            Expr::Binary(op, left, right) => {
                let (left, right) = (self.value(left, known), self.value(right, known));
                match op {
                    Op::Add => self.join(left, right, |a, b| a + b),
                    Op::Sub => self.join(left, right, |a, b| a - b),
                    Op::Mul => self.join(left, right, |a, b| a * b),
                    Op::Div => self.join(left, right, |a, b| a / b),
                    Op::Pow => self.join(left, right, f64::powf),
                }
            }
            Expr::Min(all) => self.fold(all, known, |a, b| if a.is_nan() || a < b { a } else { b }),
            Expr::Max(all) => self.fold(all, known, |a, b| if a.is_nan() || a > b { a } else { b }),
            Expr::If(compare, yes, no) => self.choose(compare, yes, no, known),
            Expr::Sum(id) => {
                let of = &known[id.index()];
                let mut sums = self.buffer();
                sums.resize(of.stride, 0.0);
                for year in of.numbers.chunks_exact(of.stride) {
                    sums.iter_mut().zip(year).for_each(|(sum, x)| *sum += x);
                }
                Operand::Made(Figure { numbers: sums, stride: of.stride })
            }
            Expr::Running(id) => self.scan(&known[id.index()], |sum, x| sum + x),
            Expr::Product(id) => self.scan(&known[id.index()], |product, x| product * x),
        }
    }

    fn each<'v>(&mut self, inner: &Expr<NodeId>, known: &'v [Figure], step: fn(f64) -> f64) -> Operand<'v> {
        let inner = self.value(inner, known);
        let out = self.made(inner.stride, inner.numbers.iter().map(|x| step(*x)));
        self.done(inner);
        out
    }

    /// Goes on from year to year in every lane.
    fn scan<'v>(&mut self, of: &Figure, step: impl Fn(f64, f64) -> f64) -> Operand<'v> {
        let mut out = self.made(of.stride, of.numbers.iter().copied());
        if let Operand::Made(figure) = &mut out {
            for at in of.stride..figure.numbers.len() {
                figure.numbers[at] = step(figure.numbers[at - of.stride], figure.numbers[at]);
            }
        }
        out
    }

    fn fold<'v>(
        &mut self,
        all: &[Expr<NodeId>],
        known: &'v [Figure],
        step: impl Fn(f64, f64) -> f64 + Copy,
    ) -> Operand<'v> {
        let Some((first, rest)) = all.split_first() else { return self.made(1, std::iter::once(f64::NAN)) };
        let first = self.value(first, known);
        rest.iter().fold(first, |so_far, next| {
            let next = self.value(next, known);
            self.join(so_far, next, step)
        })
    }

    /// One branch where the comparison is the same everywhere, else each number from the branch that it chooses.
    fn choose<'v>(
        &mut self,
        compare: &Compare<NodeId>,
        yes: &Expr<NodeId>,
        no: &Expr<NodeId>,
        known: &'v [Figure],
    ) -> Operand<'v> {
        let holds = self.holds(compare, known);
        if let [only] = holds.numbers[..] {
            match only {
                0.0 => return self.value(no, known),
                1.0 => return self.value(yes, known),
                _ => return holds,
            }
        }
        let (yes, no) = (self.value(yes, known), self.value(no, known));
        let years = holds.years().max(yes.years()).max(no.years());
        let stride = holds.stride.max(yes.stride).max(no.stride);
        let mut numbers = self.buffer();
        let of = |year: &[f64], lane: usize| year[if year.len() == 1 { 0 } else { lane }];
        for year in 0..years {
            let (holds, yes, no) = (holds.year(year), yes.year(year), no.year(year));
            numbers.extend((0..stride).map(|lane| match of(holds, lane) {
                0.0 => of(no, lane),
                1.0 => of(yes, lane),
                not_a_number => not_a_number,
            }));
        }
        [holds, yes, no].into_iter().for_each(|operand| self.done(operand));
        Operand::Made(Figure { numbers, stride })
    }

    /// 1 where the comparison holds, 0 where not.
    fn holds<'v>(&mut self, compare: &Compare<NodeId>, known: &'v [Figure]) -> Operand<'v> {
        let (left, right) = (self.value(&compare.left, known), self.value(&compare.right, known));
        let how: fn(&f64, &f64) -> bool = match compare.how {
            How::Less => f64::lt,
            How::LessOrEqual => f64::le,
            How::Greater => f64::gt,
            How::GreaterOrEqual => f64::ge,
            How::Equal => f64::eq,
        };
        // What is no number must not choose a branch: it stays no number, as in a spreadsheet.
        self.join(left, right, |a, b| match a.is_nan() || b.is_nan() {
            true => f64::NAN,
            false => f64::from(u8::from(how(&a, &b))),
        })
    }

    /// Joins two values; one that is the same in all years or lanes goes with every year or lane of the other.
    fn join<'v>(
        &mut self,
        left: Operand<'v>,
        right: Operand<'v>,
        op: impl Fn(f64, f64) -> f64,
    ) -> Operand<'v> {
        let years = left.years().max(right.years());
        let mut out = self.buffer();
        for year in 0..years {
            match (left.year(year), right.year(year)) {
                ([a], others) => out.extend(others.iter().map(|b| op(*a, *b))),
                (others, [b]) => out.extend(others.iter().map(|a| op(*a, *b))),
                (left, right) => out.extend(left.iter().zip(right).map(|(a, b)| op(*a, *b))),
            }
        }
        let stride = left.stride.max(right.stride);
        [left, right].into_iter().for_each(|operand| self.done(operand));
        Operand::Made(Figure { numbers: out, stride })
    }
}
