//! The model as a list of figures, each an input or a formula over earlier ones: acyclic by construction, checked for
//! units as it grows. Evaluated by `crate::evaluate`.

use crate::Unit;
use crate::expr::Expr;

/// Number of a figure in its graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

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

    /// The label of a single figure that something asks to be summed over the years. Over one year single and yearly are
    /// the same.
    fn spread_over(&self, tree: &Expr<NodeId>) -> Option<&str> {
        match tree {
            Expr::Sum(id) | Expr::Running(id) | Expr::Product(id) => {
                (!self.node(*id).yearly && self.years > 1).then(|| self.node(*id).label.as_str())
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
}
