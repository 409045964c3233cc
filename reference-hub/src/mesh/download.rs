//! Downloading: the message or one of its chunks, and its headers alone.
//!
//! Called by `mesh::decide`. Content goes out as it came in unless the client's Accept-Encoding asks otherwise: gzip
//! content is unpacked for clients that do not take gzip, and version 2 packs plain content for clients that do.
//! Only content in memory is ever packed or unpacked, and never beyond [`UNPACKED_BYTES_MAX`]; larger content is sent
//! as it is stored, with its Content-Encoding said.

use super::Call;
use super::fault::{self, Fault, Refused};
use super::record::{self, Message, Status};
use super::version::Version;
use crate::domain::Decision;
use crate::message::{Answer, Body};
use flate2::Compression;
use flate2::read::{GzEncoder, MultiGzDecoder};
use hub_store::Table;
use std::io::Read;

/// Bytes that an unpacked chunk may have. 16 MiB: 64 times the largest inline chunk, far above what text packs to, and
/// all that a gzip bomb can make the hub allocate for one request.
const UNPACKED_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Plain content shorter than this is not packed: gzip's own 18 bytes and a fixed block eat the gain.
const PACK_BYTES_MIN: usize = 128;

/// How hard version 2 packs: the fastest level, as one core packs about 100 MB/s with it.
const PACK_LEVEL: u32 = 1;

/// The whole message, or its first chunk.
pub fn message(call: &Call<'_>) -> Result<Decision, Refused> {
    download(call, 1)
}

/// One chunk of a message.
pub fn chunk(call: &Call<'_>) -> Result<Decision, Refused> {
    let number: u32 = call.segment(4).parse().map_err(|_| {
        Fault::field("path", "chunk_number", "int_parsing", "Input should be a valid integer above 0")
    })?;
    if number == 0 {
        return Err(Fault::field(
            "path",
            "chunk_number",
            "greater_than_equal",
            "Input should be greater than or equal to 1",
        ));
    }
    download(call, number)
}

fn download(call: &Call<'_>, number: u32) -> Result<Decision, Refused> {
    let id = call.message_id();
    let (message, _) =
        record::message(call.ctx.view, &id)?.ok_or_else(|| Fault::new(404, fault::NO_MESSAGE))?;
    if message.to != call.mailbox.id {
        return Err(Fault::new(403, fault::FOREIGN));
    }
    if message.status != Status::Accepted {
        return Err(Fault::new(410, fault::GONE));
    }
    if message.report {
        // Published: a report has headers and an empty body.
        let mut answer = Answer::empty(200).with("content-type", "application/octet-stream");
        push_headers(&mut answer, &message, number, false);
        return Ok(call.read(answer));
    }
    if number > message.chunks {
        return Err(Fault::new(404, fault::NO_MESSAGE));
    }
    // An accepted message has all its chunks: one that is not there is the hub's fault.
    let row =
        call.ctx.view.get(Table::Chunks, &record::chunk_key(&id, number))?.ok_or_else(Fault::internal)?;
    let stored = record::decode_chunk(&row.value).ok_or_else(Fault::internal)?;
    let (body, gzip) = encoded_for(call, stored, message.gzip);
    let status = if number < message.chunks { 206 } else { 200 };
    let content_type = match &message.said.content_type {
        Some(said) if call.version == Version::V2 && message.chunks == 1 => said,
        _ => "application/octet-stream",
    };
    let mut answer = Answer { status, headers: Vec::with_capacity(24), body }
        .with("content-type", content_type.to_owned());
    push_headers(&mut answer, &message, number, gzip);
    Ok(call.read(answer))
}

/// The headers of a message, for its recipient and for its sender.
pub fn head(call: &Call<'_>) -> Result<Decision, Refused> {
    let not_found = || Fault::new(404, fault::NO_MESSAGE);
    let (message, _) = record::message(call.ctx.view, &call.message_id())?.ok_or_else(not_found)?;
    let (received, sent) = (message.to == call.mailbox.id, message.from == call.mailbox.id);
    if !received && !sent {
        return Err(not_found());
    }
    if received && message.status != Status::Accepted {
        return Err(Fault::new(410, fault::GONE));
    }
    let mut answer = Answer::empty(200).with("content-type", call.version.media_type());
    push_headers(&mut answer, &message, 1, false);
    Ok(call.read(answer))
}

/// The body as this client takes it, and whether that is gzip.
fn encoded_for(call: &Call<'_>, stored: Body, stored_gzip: bool) -> (Body, bool) {
    let takes_gzip = takes_gzip(call.request.header("accept-encoding").unwrap_or(""));
    let Body::Inline(bytes) = &stored else { return (stored, stored_gzip) };
    let changed = match (stored_gzip, takes_gzip) {
        (true, false) => unpack(bytes),
        (false, true) if call.version == Version::V2 && bytes.len() >= PACK_BYTES_MIN => pack(bytes),
        _ => None,
    };
    match changed {
        Some(bytes) => (Body::Inline(bytes.into()), !stored_gzip),
        None => (stored, stored_gzip),
    }
}

/// True when Accept-Encoding names gzip and does not rule it out with `q=0`.
fn takes_gzip(accept: &str) -> bool {
    accept.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let weight = parts.find_map(|p| p.strip_prefix("q=")).and_then(|q| q.parse::<f32>().ok());
        named && weight != Some(0.0)
    })
}

/// Unpacked, or `None` when it is not gzip or too large.
fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    MultiGzDecoder::new(bytes).take(UNPACKED_BYTES_MAX + 1).read_to_end(&mut out).ok()?;
    (out.len() as u64 <= UNPACKED_BYTES_MAX).then_some(out)
}

/// Packed, or `None` when that does not make it smaller.
fn pack(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len() / 2);
    GzEncoder::new(bytes, Compression::new(PACK_LEVEL)).read_to_end(&mut out).ok()?;
    (out.len() < bytes.len()).then_some(out)
}

fn push_headers(answer: &mut Answer, message: &Message, number: u32, gzip: bool) {
    let said = &message.said;
    let mut push = |name: &'static str, value: &str| {
        if !value.is_empty() {
            answer.headers.push((name, value.to_owned().into()));
        }
    };
    push("mex-from", &message.from);
    push("mex-workflowid", &message.workflow);
    push("mex-addresstype", "ALL");
    push("mex-localid", said.local_id.as_deref().unwrap_or(""));
    push("mex-partnerid", said.partner_id.as_deref().unwrap_or(""));
    push("mex-filename", &message.file_name());
    push("mex-subject", said.subject.as_deref().unwrap_or(""));
    push("mex-version", "1.0");
    push("mex-messagetype", message.kind());
    push("mex-messageid", &message.id);
    match message.failure.as_deref().filter(|_| message.report) {
        None => {
            push("mex-to", &message.to);
            push("mex-chunk-range", &format!("{number}:{}", message.chunks));
            push("mex-total-chunks", &message.chunks.to_string());
            push("mex-statuscode", "00");
            push("mex-statusevent", "TRANSFER");
            push("mex-statusdescription", "Transferred to recipient mailbox");
            push("mex-statussuccess", "SUCCESS");
            push("mex-statustimestamp", &compact_time(message.accepted_ms.unwrap_or(message.created_ms)));
        }
        Some(failure) => {
            // Published: in a report Mex-To is whom the failed message was for.
            push("mex-to", failure.intended.as_deref().unwrap_or(&message.to));
            push("mex-linkedmsgid", failure.linked.as_deref().unwrap_or(""));
            push("mex-statuscode", &failure.code);
            push("mex-statusevent", &failure.event);
            push("mex-statusdescription", &failure.text);
            push("mex-statussuccess", "ERROR");
            push("mex-statustimestamp", &compact_time(failure.at_ms));
        }
    }
    push("mex-content-compressed", if said.compressed || gzip { "Y" } else { "" });
    push("mex-content-encrypted", if said.encrypted { "Y" } else { "" });
    push("mex-content-checksum", said.checksum.as_deref().unwrap_or(""));
    push("mex-content-type", said.content_type.as_deref().unwrap_or(""));
    push("last-modified", &time(message.changed_ms, "%a, %d %b %Y %H:%M:%S GMT"));
    push("etag", &format!("\"{}.{number}{}\"", message.id, if gzip { ".gz" } else { "" }));
    push("content-encoding", if gzip { "gzip" } else { "" });
}

/// A moment as `yyyyMMddHHmmss`, UTC.
pub fn compact_time(at_ms: u64) -> String {
    time(at_ms, "%Y%m%d%H%M%S")
}

/// A moment in a `strftime` format, UTC; empty when no calendar has it.
pub fn time(at_ms: u64, format: &str) -> String {
    let at = i64::try_from(at_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.map_or_else(String::new, |t| t.strftime(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_encoding_is_read_with_its_weights() {
        for (accept, takes) in [
            ("gzip", true),
            ("deflate, gzip;q=0.5", true),
            ("GZIP", true),
            ("gzip;q=0", false),
            ("identity", false),
            ("", false),
        ] {
            assert_eq!(takes_gzip(accept), takes, "{accept}");
        }
    }

    #[test]
    fn a_gzip_bomb_is_not_unpacked() {
        let zeros = vec![0; UNPACKED_BYTES_MAX as usize + 1];
        let bomb = pack(&zeros).unwrap();
        assert!(bomb.len() < 256 * 1024);
        assert_eq!(unpack(&bomb), None);
        assert_eq!(unpack(&pack(&zeros[1..]).unwrap()).map(|b| b.len() as u64), Some(UNPACKED_BYTES_MAX));
        assert_eq!(unpack(b"not gzip"), None);
    }
}
