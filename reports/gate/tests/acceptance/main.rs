//! The gate's statistics against what they promise. Table of contents:
//!
//! | file | question |
//! |---|---|
//! | `exact` | is at most one gate of equal builds in a hundred red, and are known mistakes caught? |
//! | `power` | from simulated requests: are regressions found, and is noise called noise? |
//! | `golden` | does the gate judge 30 stored tables as the reference did, in as many blocks? |
//! | `invariants` | what must not change a verdict: swapped builds, units, order, threads, stopping and resuming |
//! | `contrast` | what the usual rules say of the same data; what a fixed order does |
//! | `fixed_limits` | budgets over several trials, shares of failures, how many samples a quantile needs |
//! | `edge_table` | failed and missing readings, zeros, least effects, too few samples: a test a row |
//! | `edges` | throughput, better candidates, wrong inputs |
//! | `noise` | is the simulated noise what it is meant to be? |
mod contrast;
mod edge_table;
mod edges;
mod exact;
mod fixed_limits;
mod golden;
mod invariants;
mod noise;
mod power;
mod support;
