//! Rows as the hub stores them, for both benches of engines.

use std::io::Write as _;

/// A Patient document, compact.
pub const PATIENT_BYTES: usize = 6_000;
/// An audit event.
pub const AUDIT_BYTES: usize = 300;

/// As compressible as a Patient document: repeated names of fields, values of its own.
pub fn document(i: u64, bytes: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes + 100);
    let mut x = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    while out.len() < bytes {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        let _ = write!(
            out,
            r#"{{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{x:016x}","use":"home"}},"#
        );
    }
    out.truncate(bytes);
    out
}
