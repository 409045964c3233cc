//! `latency.hlog`: the histograms as HdrHistogram interval log V2, one line each, tag = `INTERACTION.KIND`, so that the
//! standard HdrHistogram tools of any language read it. Never holds anything that only our own reader understands.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::interval_log::{
    IntervalLogIterator, IntervalLogWriterBuilder, LogEntry, Tag,
};
use hdrhistogram::serialization::{Deserializer, V2DeflateSerializer};

use crate::{Kind, NamedHistogram, new_histogram};

/// What the tools divide the values by before they print a maximum: nanoseconds to milliseconds.
const MAX_VALUE_DIVISOR_NS_PER_MS: f64 = 1e6;

/// The bytes of an interval log. `started` is the first planned instant of the run, `from` and `length` say when the
/// measured phases lay after it. An interaction whose name holds a comma, a space or a line break cannot be a tag and
/// is an error.
pub fn write_hlog(
    histograms: &[NamedHistogram],
    started: SystemTime,
    from: Duration,
    length: Duration,
) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let mut builder = IntervalLogWriterBuilder::new();
    builder
        .add_comment("[Histogram log format version 1.3]")
        .add_comment("[values in nanoseconds; tag = interaction.kind, kind = response | service | send_lag]")
        .with_start_time(started)
        .with_base_time(started)
        .with_max_value_divisor(MAX_VALUE_DIVISOR_NS_PER_MS);
    let mut log = builder.begin_log_with(&mut bytes, &mut serializer).map_err(|e| e.to_string())?;
    for named in histograms {
        let text = format!("{}.{}", named.interaction, named.kind);
        let tag = Tag::new(&text).ok_or_else(|| {
            format!(
                "interaction name {:?} cannot be a tag, allowed: no comma, space or line break",
                named.interaction
            )
        })?;
        log.write_histogram(&named.histogram, from, length, Some(tag)).map_err(|e| e.to_string())?;
    }
    drop(log);
    Ok(bytes)
}

/// The histograms of an interval log, in its order. Lines without a tag of ours, damaged lines, and histograms with
/// other bounds than [`new_histogram`]'s are errors that name the line's number.
pub fn read_hlog(bytes: &[u8]) -> Result<Vec<NamedHistogram>, String> {
    let mut found = Vec::new();
    let mut deserializer = Deserializer::new();
    for entry in IntervalLogIterator::new(bytes) {
        let number = found.len() + 1;
        let entry = entry.map_err(|_| format!("interval {number} is damaged"))?;
        let LogEntry::Interval(interval) = entry else { continue };
        let tag = interval.tag().map(|tag| tag.as_str().to_owned()).unwrap_or_default();
        let (interaction, kind) = tag
            .rsplit_once('.')
            .and_then(|(name, word)| Some((name.to_owned(), Kind::from_word(word)?)))
            .ok_or_else(|| format!("interval {number} has tag {tag:?}, allowed: INTERACTION.KIND"))?;
        let packed = STANDARD
            .decode(interval.encoded_histogram())
            .map_err(|e| format!("interval {number} ({tag}) is not base64: {e}"))?;
        let histogram = deserializer
            .deserialize(&mut packed.as_slice())
            .map_err(|e| format!("interval {number} ({tag}) is damaged: {e}"))?;
        // Adding brings it to the record's bounds and refuses what would not fit them.
        let mut ours = new_histogram();
        ours.add(&histogram).map_err(|e| format!("interval {number} ({tag}) has foreign bounds: {e}"))?;
        found.push(NamedHistogram { interaction, kind, histogram: ours });
    }
    Ok(found)
}
