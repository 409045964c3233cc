//! Every operation the hub answers, by the stable name it counts, logs and audits under.

/// An operation's row.
pub struct Operation {
    /// The stable name, e.g. `pds-retrieve`.
    pub name: &'static str,
    /// True when a successful call changes state.
    pub writes: bool,
    /// Largest request body accepted, in bytes; larger ones get 413 before they are read.
    pub body_bytes_max: u64,
    /// True when a body over `limits::INLINE_BYTES_MAX` goes to a blob file instead of memory.
    pub streams: bool,
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * 1024;
/// MESH takes at most 100 MB in one request (published limit, facts A.2).
const MESH_BODY_BYTES_MAX: u64 = 100 * 1000 * 1000;

const fn read(name: &'static str) -> Operation {
    Operation { name, writes: false, body_bytes_max: 64 * KIB, streams: false }
}

const fn write(name: &'static str, body_bytes_max: u64) -> Operation {
    Operation { name, writes: true, body_bytes_max, streams: false }
}

/// All operations. A new interaction that the hub answers is a row here and a handler in its interface.
pub const OPERATIONS: &[Operation] = &[
    read("pds-retrieve"),
    read("pds-trace"),
    write("pds-update", 64 * KIB),
    read("sds-device"),
    read("sds-endpoint"),
    read("cis-validate"),
    write("eps-prescribe", MIB),
    write("eps-cancel", MIB),
    write("eps-release", 64 * KIB),
    write("eps-dispense", MIB),
    write("eps-claim", MIB),
    write("scr-upload", MIB),
    read("scr-list"),
    read("scr-retrieve"),
    read("mesh-ping"),
    write("mesh-handshake", 64 * KIB),
    Operation { name: "mesh-send", writes: true, body_bytes_max: MESH_BODY_BYTES_MAX, streams: true },
    Operation { name: "mesh-send-chunk", writes: true, body_bytes_max: MESH_BODY_BYTES_MAX, streams: true },
    read("mesh-inbox"),
    read("mesh-count"),
    read("mesh-download"),
    read("mesh-download-chunk"),
    read("mesh-head"),
    write("mesh-acknowledge", 64 * KIB),
    read("mesh-track"),
    read("mesh-endpoint-lookup"),
    read("mesh-workflow-search"),
];
