//! The judge: end-to-end tests (`e2e/`) and the house rules (`tidy.rs`). This library is empty on purpose.
