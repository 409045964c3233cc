//! The operations of this interface and the published routes to them. Read by the listener and by the OpenAPI document.

use crate::operation::{MIB, Operation, Route};

/// All operations of this interface.
pub const OPERATIONS: &[Operation] =
    &[Operation::write("scr-upload", MIB), Operation::read("scr-list"), Operation::read("scr-retrieve")];

/// All routes of this interface.
pub const ROUTES: &[Route] = &[];
