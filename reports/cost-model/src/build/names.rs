//! Which figure a name in a formula means: an assumption or derived figure, shared by all options or of one.

use std::collections::{HashMap, HashSet};

use crate::expr::Expr;
use crate::{Model, NodeId};

/// Names of a model, and the figures they have got so far.
pub(crate) struct Names {
    /// Names whose figure differs between options.
    per_option: HashSet<String>,
    found: HashMap<(String, Option<usize>), NodeId>,
}

impl Names {
    /// Finds out which names differ between options: those that an option sets, and whatever rests on them.
    pub(crate) fn of(model: &Model) -> Names {
        let set = model.options.iter().flat_map(|option| option.set.iter().map(|(name, _)| name.clone()));
        let mut per_option: HashSet<String> = set.collect();
        loop {
            let before = per_option.len();
            for derived in &model.derived {
                let mut references = Vec::new();
                derived.formula.references(&mut references);
                if references.into_iter().any(|name| per_option.contains(name)) {
                    per_option.insert(derived.name.clone());
                }
            }
            if per_option.len() == before {
                return Names { per_option, found: HashMap::new() };
            }
        }
    }

    pub(crate) fn differs(&self, name: &str) -> bool {
        self.per_option.contains(name)
    }

    /// Gives a name its figure, of one option or of all.
    pub(crate) fn give(&mut self, name: &str, option: Option<usize>, id: NodeId) {
        self.found.insert((name.to_owned(), option), id);
    }

    /// The figure of a name as one option sees it.
    pub(crate) fn get(&self, name: &str, option: Option<usize>) -> Option<NodeId> {
        let of = |option| self.found.get(&(name.to_owned(), option)).copied();
        of(option).or_else(|| of(None))
    }

    /// The tree over figures, as one option sees it; `local` names come first.
    pub(crate) fn resolve(
        &self,
        tree: &Expr<String>,
        option: Option<usize>,
        local: &[(&str, NodeId)],
    ) -> Result<Expr<NodeId>, String> {
        tree.resolve(&mut |name: &String| {
            let own = local.iter().find(|(own, _)| own == name).map(|(_, id)| *id);
            own.or_else(|| self.get(name, option)).ok_or_else(|| match (option, self.differs(name)) {
                (None, true) => {
                    format!("{name:?} differs between options, allowed here: what is the same in all")
                }
                _ => format!("unknown name, got {name:?}, allowed: assumptions, derived figures and year"),
            })
        })
    }
}
