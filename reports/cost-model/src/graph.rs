//! The model as a list of figures, each an input or a formula over earlier ones: acyclic by construction, checked for
//! units as it grows. One evaluator serves the single result (one lane) and the Monte Carlo draws (many lanes at once).

use crate::Unit;
use crate::expr::{Compare, Expr, How, Op};

/// Number of a figure in its graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    /// Its place in the graph's list.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a figure's value comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// Given: one value, or one for each year.
    Input(Vec<f64>),
    /// Computed from earlier figures.
    Formula(Expr<NodeId>),
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Unique name: lower-case letters, digits, underscores and dots, such as `hub_ha3.cost.servers`.
    pub name: String,
    /// What a reader calls it.
    pub label: String,
    /// Its unit.
    pub unit: Unit,
    /// Whether it has one value for each year.
    pub yearly: bool,
    /// Where its value comes from.
    pub source: Source,
}

/// All figures of a model in the order of computation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    nodes: Vec<Node>,
    years: usize,
}

/// Values of all figures of a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    lanes: usize,
    of: Vec<Vec<f64>>,
}

/// Values that replace an input: one for each lane, whatever the year.
pub type Override<'a> = (NodeId, &'a [f64]);

impl Graph {
    /// An empty graph over this many years.
    pub fn new(years: usize) -> Graph {
        Graph { nodes: Vec::new(), years }
    }

    /// Years of a yearly figure.
    pub fn years(&self) -> usize {
        self.years
    }

    /// All figures in the order of computation.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// All numbers, in order.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// A figure.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The figure of this name.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.nodes.iter().position(|node| node.name == name).map(|at| NodeId(at as u32))
    }

    /// Adds an input of one value, or of one for each year.
    pub fn input(&mut self, name: &str, label: &str, unit: Unit, values: Vec<f64>) -> NodeId {
        debug_assert!(values.len() == 1 || values.len() == self.years);
        // Over one year a row of one value cannot be told from a single figure, and need not be.
        let yearly = values.len() != 1 || self.years == 1;
        self.push(Node {
            name: name.into(),
            label: label.into(),
            unit,
            yearly,
            source: Source::Input(values),
        })
    }

    /// Adds a formula; its unit is computed, and must be `expected` where one is given. The error is a sentence.
    pub fn formula(
        &mut self,
        name: &str,
        label: &str,
        expected: Option<&Unit>,
        tree: Expr<NodeId>,
    ) -> Result<NodeId, String> {
        let unit = tree.unit(&|id: &NodeId| self.node(*id).unit.clone())?;
        let zero = matches!(&tree, Expr::Number(value, unit) if *value == 0.0 && unit.is_one());
        let unit = match expected {
            Some(expected) if *expected != unit && !zero => {
                return Err(format!("the formula gives {unit}, allowed: {expected}"));
            }
            Some(expected) => expected.clone(),
            None => unit,
        };
        if let Some(single) = self.spread_over(&tree) {
            return Err(format!(
                "{single} has one value only, allowed in sum(), running(), product(): a yearly figure"
            ));
        }
        let yearly = self.is_yearly(&tree);
        Ok(self.push(Node {
            name: name.into(),
            label: label.into(),
            unit,
            yearly,
            source: Source::Formula(tree),
        }))
    }

    fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(self.nodes.len() as u32 - 1)
    }

    /// Whether an expression differs from year to year.
    pub fn is_yearly(&self, tree: &Expr<NodeId>) -> bool {
        match tree {
            Expr::Number(..) | Expr::Sum(_) => false,
            Expr::Year | Expr::Running(_) | Expr::Product(_) => true,
            Expr::Ref(id) => self.node(*id).yearly,
            Expr::Neg(of) | Expr::Ceil(of) => self.is_yearly(of),
            Expr::Binary(_, left, right) => self.is_yearly(left) || self.is_yearly(right),
            Expr::Min(all) | Expr::Max(all) => all.iter().any(|e| self.is_yearly(e)),
            Expr::If(compare, yes, no) => {
                [&compare.left, &compare.right, yes, no].into_iter().any(|e| self.is_yearly(e))
            }
        }
    }

    /// The label of a single figure that something asks to be summed over the years.
    fn spread_over(&self, tree: &Expr<NodeId>) -> Option<&str> {
        match tree {
            Expr::Sum(id) | Expr::Running(id) | Expr::Product(id) => {
                (!self.node(*id).yearly).then(|| self.node(*id).label.as_str())
            }
            Expr::Number(..) | Expr::Year | Expr::Ref(_) => None,
            Expr::Neg(of) | Expr::Ceil(of) => self.spread_over(of),
            Expr::Binary(_, left, right) => self.spread_over(left).or_else(|| self.spread_over(right)),
            Expr::Min(all) | Expr::Max(all) => all.iter().find_map(|e| self.spread_over(e)),
            Expr::If(compare, yes, no) => {
                [&compare.left, &compare.right, yes, no].into_iter().find_map(|e| self.spread_over(e))
            }
        }
    }

    /// Everything that these figures rest on, themselves included, as a flag for each figure.
    pub fn needed_for(&self, wanted: &[NodeId]) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        wanted.iter().for_each(|id| needed[id.index()] = true);
        for at in (0..self.nodes.len()).rev() {
            if let (true, Source::Formula(tree)) = (needed[at], &self.nodes[at].source) {
                let mut references = Vec::new();
                tree.references(&mut references);
                references.into_iter().for_each(|id| needed[id.index()] = true);
            }
        }
        needed
    }

    /// Evaluates every figure once, with these inputs replaced.
    pub fn evaluate(&self, overrides: &[(NodeId, f64)]) -> Values {
        let lanes: Vec<Override<'_>> =
            overrides.iter().map(|(id, value)| (*id, std::slice::from_ref(value))).collect();
        self.evaluate_lanes(1, &lanes, &vec![true; self.nodes.len()])
    }

    /// Evaluates the needed figures for many draws at once; every override holds one value for each lane.
    pub fn evaluate_lanes(&self, lanes: usize, overrides: &[Override<'_>], needed: &[bool]) -> Values {
        let mut values = Values { lanes, of: Vec::with_capacity(self.nodes.len()) };
        let mut work = Work { years: self.years, lanes, spare: Vec::new() };
        for (at, node) in self.nodes.iter().enumerate() {
            let replaced = overrides.iter().find(|(id, _)| id.index() == at);
            let length = lanes * if node.yearly { self.years } else { 1 };
            let computed = match (&node.source, replaced, needed[at]) {
                (_, _, false) => Vec::new(),
                (_, Some((_, given)), _) => given.iter().copied().cycle().take(length).collect(),
                (Source::Input(given), None, _) => {
                    given.iter().flat_map(|v| std::iter::repeat_n(*v, lanes)).collect()
                }
                (Source::Formula(tree), None, _) => work.spread(tree, &values, length),
            };
            values.of.push(computed);
        }
        values
    }
}

impl Values {
    /// The value of a single figure, or of a yearly one's first year.
    pub fn one(&self, id: NodeId) -> f64 {
        self.of[id.index()].first().copied().unwrap_or(f64::NAN)
    }

    /// The values of a figure: one, or one for each year.
    pub fn years(&self, id: NodeId) -> Vec<f64> {
        self.of[id.index()].chunks(self.lanes).map(|year| year[0]).collect()
    }

    /// A single figure's value in every lane.
    pub fn lanes(&self, id: NodeId) -> &[f64] {
        &self.of[id.index()]
    }

    /// Figures that came out as no number (a division by zero, an overflow), in order.
    pub fn not_finite(&self) -> impl Iterator<Item = NodeId> + '_ {
        let bad = self.of.iter().enumerate().filter(|(_, v)| v.iter().any(|x| !x.is_finite()));
        bad.map(|(at, _)| NodeId(at as u32))
    }
}

/// Evaluates trees over lanes; buffers are kept for reuse, so that a draw allocates nothing once it is warm.
struct Work {
    years: usize,
    lanes: usize,
    spare: Vec<Vec<f64>>,
}

impl Work {
    /// The tree's value at the wanted length: a value that is the same in all years is repeated.
    fn spread(&mut self, tree: &Expr<NodeId>, values: &Values, length: usize) -> Vec<f64> {
        let mut value = self.value(tree, values);
        while value.len() < length {
            value.extend_from_within(..self.lanes.min(length - value.len()));
        }
        value
    }

    fn take(&mut self) -> Vec<f64> {
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.clear();
        buffer
    }

    fn value(&mut self, tree: &Expr<NodeId>, values: &Values) -> Vec<f64> {
        let mut out = self.take();
        match tree {
            Expr::Number(value, _) => out.extend(std::iter::repeat_n(*value, self.lanes)),
            Expr::Ref(id) => out.extend_from_slice(&values.of[id.index()]),
            Expr::Year => {
                (0..self.years).for_each(|year| out.extend(std::iter::repeat_n(year as f64, self.lanes)));
            }
            Expr::Neg(inner) => {
                self.spare.push(out);
                out = self.value(inner, values);
                out.iter_mut().for_each(|x| *x = -*x);
            }
            Expr::Ceil(inner) => {
                self.spare.push(out);
                out = self.value(inner, values);
                out.iter_mut().for_each(|x| *x = x.ceil());
            }
            Expr::Binary(op, left, right) => {
                self.spare.push(out);
                let (left, right) = (self.value(left, values), self.value(right, values));
                out = match op {
                    Op::Add => self.zip(left, right, |a, b| a + b),
                    Op::Sub => self.zip(left, right, |a, b| a - b),
                    Op::Mul => self.zip(left, right, |a, b| a * b),
                    Op::Div => self.zip(left, right, |a, b| a / b),
                    Op::Pow => self.zip(left, right, f64::powf),
                };
            }
            Expr::Min(all) => {
                self.spare.push(out);
                out = self.fold(all, values, |a, b| if a.is_nan() || a < b { a } else { b });
            }
            Expr::Max(all) => {
                self.spare.push(out);
                out = self.fold(all, values, |a, b| if a.is_nan() || a > b { a } else { b });
            }
            Expr::If(compare, yes, no) => {
                self.spare.push(out);
                let holds = self.holds(compare, values);
                let (yes, no) = (self.value(yes, values), self.value(no, values));
                let length = holds.len().max(yes.len()).max(no.len());
                out = self.take();
                let chosen = (0..length).map(|i| match holds[i % holds.len()] {
                    holds if holds.is_nan() => f64::NAN,
                    0.0 => no[i % no.len()],
                    _ => yes[i % yes.len()],
                });
                out.extend(chosen);
                self.spare.extend([holds, yes, no]);
            }
            Expr::Sum(id) => {
                out.resize(self.lanes, 0.0);
                for year in values.of[id.index()].chunks(self.lanes) {
                    out.iter_mut().zip(year).for_each(|(sum, x)| *sum += x);
                }
            }
            Expr::Running(id) => self.scan(&mut out, &values.of[id.index()], |sum, x| sum + x),
            Expr::Product(id) => self.scan(&mut out, &values.of[id.index()], |product, x| product * x),
        }
        out
    }

    fn scan(&self, out: &mut Vec<f64>, of: &[f64], step: impl Fn(f64, f64) -> f64) {
        out.extend_from_slice(of);
        for at in self.lanes..out.len() {
            out[at] = step(out[at - self.lanes], out[at]);
        }
    }

    fn fold(&mut self, all: &[Expr<NodeId>], values: &Values, step: fn(f64, f64) -> f64) -> Vec<f64> {
        let mut so_far: Option<Vec<f64>> = None;
        for inner in all {
            let next = self.value(inner, values);
            so_far = Some(match so_far {
                Some(left) => self.zip(left, next, step),
                None => next,
            });
        }
        so_far.unwrap_or_default()
    }

    fn holds(&mut self, compare: &Compare<NodeId>, values: &Values) -> Vec<f64> {
        let (left, right) = (self.value(&compare.left, values), self.value(&compare.right, values));
        let how: fn(&f64, &f64) -> bool = match compare.how {
            How::Less => f64::lt,
            How::LessOrEqual => f64::le,
            How::Greater => f64::gt,
            How::GreaterOrEqual => f64::ge,
            How::Equal => f64::eq,
        };
        // What is no number must not choose a branch: it stays no number, as in a spreadsheet.
        self.zip(left, right, |a, b| match a.is_nan() || b.is_nan() {
            true => f64::NAN,
            false => f64::from(u8::from(how(&a, &b))),
        })
    }

    /// Joins two values; one that is the same in all years goes with every year of the other.
    fn zip(&mut self, mut left: Vec<f64>, mut right: Vec<f64>, op: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        if left.len() < right.len() {
            for year in right.chunks_mut(left.len()) {
                year.iter_mut().zip(&left).for_each(|(r, l)| *r = op(*l, *r));
            }
            self.spare.push(left);
            return right;
        }
        for year in left.chunks_mut(right.len()) {
            year.iter_mut().zip(&right).for_each(|(l, r)| *l = op(*l, *r));
        }
        self.spare.push(right);
        left
    }
}
