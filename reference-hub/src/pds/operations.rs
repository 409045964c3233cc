//! The operations of this interface and the published routes to them. Read by the listener and by the OpenAPI document.

use crate::operation::{KIB, Operation, Route};

/// All operations of this interface.
pub const OPERATIONS: &[Operation] = &[
    Operation::read("pds-retrieve"),
    Operation::read("pds-trace"),
    Operation::write("pds-update", 64 * KIB),
];

/// All routes of this interface.
pub const ROUTES: &[Route] = &[];
