//! The operations of this interface and the published routes to them. Read by the listener and by the OpenAPI document.

use crate::operation::{KIB, Operation, Route};

/// MESH takes at most 100 MB in one request (published limit).
const BODY_BYTES_MAX: u64 = 100 * 1000 * 1000;

/// All operations of this interface.
pub const OPERATIONS: &[Operation] = &[
    Operation::read("mesh-ping"),
    Operation::write("mesh-handshake", 64 * KIB),
    Operation::stream("mesh-send", BODY_BYTES_MAX),
    Operation::stream("mesh-send-chunk", BODY_BYTES_MAX),
    Operation::read("mesh-inbox"),
    Operation::read("mesh-count"),
    Operation::read("mesh-download"),
    Operation::read("mesh-download-chunk"),
    Operation::read("mesh-head"),
    Operation::write("mesh-acknowledge", 64 * KIB),
    Operation::read("mesh-track"),
    Operation::read("mesh-endpoint-lookup"),
    Operation::read("mesh-workflow-search"),
];

/// All routes of this interface.
pub const ROUTES: &[Route] = &[];
