//! The operations of this interface and the published routes to them. Read by the listener and by the OpenAPI document.

use crate::operation::{Operation, Route};

/// All operations of this interface.
pub const OPERATIONS: &[Operation] = &[Operation::read("cis-validate")];

/// All routes of this interface.
pub const ROUTES: &[Route] = &[];
