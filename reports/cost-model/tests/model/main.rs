//! What a model file may be, from the first key to hostile files. Table of contents:

/// A small model with every key, and ways to break it.
mod small;

/// Every key on the page and in the small model.
mod keys;

/// Reading: what lands where, what is refused and at which line.
mod read;

/// Thousands of mutated files, no panic.
mod mutations;

/// The linter: one refusal a test.
mod check;
