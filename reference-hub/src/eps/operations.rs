//! The operations of this interface and the published routes to them. Read by the listener and by the OpenAPI document.

use crate::operation::{KIB, MIB, Operation, Route};

/// All operations of this interface.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("eps-prescribe", MIB),
    Operation::write("eps-cancel", MIB),
    Operation::write("eps-release", 64 * KIB),
    Operation::write("eps-dispense", MIB),
    Operation::write("eps-claim", MIB),
];

/// All routes of this interface.
pub const ROUTES: &[Route] = &[];
