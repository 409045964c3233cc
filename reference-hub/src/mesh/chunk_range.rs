//! The Mex-Chunk-Range header: `n:m`, chunk n of m.
//!
//! Called by `outbox`. Parses only.

use super::record::CHUNKS_MAX;

/// The chunk's number and the number of chunks, both from 1, or `None` when the header cannot be or does not agree
/// with the `number` in the path. An empty header means the one chunk of a whole message.
pub fn parse(header: &str, number: u32) -> Option<(u32, u32)> {
    let header = header.trim();
    if header.is_empty() {
        return (number == 1).then_some((1, 1));
    }
    let (chunk, chunks) = header.split_once(':')?;
    let (chunk, chunks) = (chunk.trim().parse::<u32>().ok()?, chunks.trim().parse::<u32>().ok()?);
    (chunk >= 1 && chunk <= chunks && chunks <= CHUNKS_MAX && chunk == number).then_some((chunk, chunks))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn ranges_are_read_and_nonsense_is_not() {
        assert_eq!(parse("", 1), Some((1, 1)));
        assert_eq!(parse(" 2 : 3 ", 2), Some((2, 3)));
        for (header, number) in
            [("", 2), ("1", 1), ("a:b", 1), ("0:2", 0), ("3:2", 3), ("1:2", 2), ("1:2:3", 1), ("1:100000", 1)]
        {
            assert_eq!(parse(header, number), None, "{header} as {number}");
        }
    }
}
