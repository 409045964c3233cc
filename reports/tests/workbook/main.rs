//! What the workbook promises: every formula gives what the engine gives, whatever the inputs are; nothing computed is typed
//! in; no text becomes a formula; the same results give the same bytes.
//!
//! `recalculated` changes inputs at random and computes the workbook anew with an independent engine; `office` does the same
//! with an office program where one is installed; `inert` looks at what is written.

mod inert;
mod made;
mod office;
mod opened;
mod recalculated;
