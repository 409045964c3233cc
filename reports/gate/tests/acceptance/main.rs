//! The gate's statistics against what they promise. Table of contents:
//!
//! | file | question |
//! |---|---|
//! | `golden` | does the gate judge 30 stored tables as the reference did, in as many blocks? |
//! | `noise` | is the simulated noise what it is meant to be? |
mod golden;
mod noise;
mod power;
mod support;
