//! What is compared: one list. Called by the command.
//!
//! To add a comparison: a function of this shape in a file of its own, and a row here.

use crate::bench::Bench;
use crate::generators::{saturation, stall, steady};
use crate::hubs;
use crate::table::Table;

/// One comparison.
#[derive(Clone, Copy)]
pub struct Comparison {
    /// Its name on the command line and of its files: letters, digits and hyphens.
    pub name: &'static str,
    /// What it compares, one line.
    pub about: &'static str,
    /// Measures. A peer that cannot be had or fails is left out of the table with a sentence in the method; an error is only
    /// what makes the whole comparison impossible.
    pub run: fn(&Bench) -> Result<Table, String>,
}

/// All comparisons, in the order in which they run.
pub const COMPARISONS: &[Comparison] = &[
    Comparison { name: "floors", about: "what this machine itself takes", run: crate::floors::compare },
    Comparison { name: "saturation", about: "generators: the cost of a request", run: saturation::compare },
    Comparison { name: "steady-1800", about: "generators: keeping a steady rate", run: steady::compare },
    Comparison { name: "stall-1800", about: "generators: the truth about a freeze", run: stall::compare },
    Comparison {
        name: "pds-retrieve",
        about: "hub: PDS retrieve from a million people, beside a raw epoll echo of equal size",
        run: hubs::pds_retrieve::run,
    },
    Comparison {
        name: "people",
        about: "hub: cost of a read, of opening, memory and disk, from 0.1 to 1 (or more) million people",
        run: hubs::people::run,
    },
    Comparison {
        name: "durable-writes",
        about: "hub: durable PDS updates and MESH sends, beside PostgreSQL and bare writes",
        run: hubs::durable_writes::run,
    },
    Comparison {
        name: "mesh-trips",
        about: "hub: whole lives of MESH messages, beside NHS England's sandbox",
        run: hubs::mesh_trips::run,
    },
    Comparison {
        name: "connections",
        about: "hub and harness: cost of a request at 64 and at up to 28,000 connections",
        run: hubs::connections::run,
    },
    Comparison {
        name: "one-core-limit",
        about: "hub: the full mix within its budgets on one core",
        run: hubs::one_core_limit::run,
    },
    Comparison {
        name: "report",
        about: "reports of a run that took an hour: time and memory",
        run: hubs::report::run,
    },
];

/// Those asked for by name, in the order of the list; all when nothing is asked for.
///
/// # Errors
/// A sentence with the names that there are, when one is unknown.
pub fn chosen(only: &[String]) -> Result<Vec<Comparison>, String> {
    let known: Vec<&str> = COMPARISONS.iter().map(|c| c.name).collect();
    if let Some(strange) = only.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("--only: unknown comparison, got {strange:?}, allowed: {}", known.join(", ")));
    }
    let wanted = |c: &&Comparison| only.is_empty() || only.iter().any(|name| name == c.name);
    Ok(COMPARISONS.iter().filter(wanted).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_comparison_is_refused_with_the_names_that_there_are() {
        let error = chosen(&["nothing-like-it".to_owned()]).err().expect("refused");
        assert!(error.contains("nothing-like-it"), "{error}");
        assert!(COMPARISONS.iter().all(|c| error.contains(c.name)), "{error}");
        assert_eq!(chosen(&[]).expect("all").len(), COMPARISONS.len());
    }
}
