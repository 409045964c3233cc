//! The request target: path segments and query pairs, percent-decoded. Called by the listener for every request.

/// Splits a path into its percent-decoded segments, or `None` when an escape is malformed or not UTF-8.
/// Leading, trailing and doubled slashes give no empty segments.
pub fn segments(path: &str) -> Option<Vec<String>> {
    let mut out = Vec::with_capacity(8);
    for segment in path.split('/').filter(|s| !s.is_empty()) {
        out.push(decoded(segment, false)?);
    }
    Some(out)
}

/// Splits a query into its decoded pairs in order (`+` means a space), or `None` when an escape is malformed.
pub fn query(query: &str) -> Option<Vec<(String, String)>> {
    let mut out = Vec::new();
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        out.push((decoded(name, true)?, decoded(value, true)?));
    }
    Some(out)
}

fn decoded(text: &str, plus_is_space: bool) -> Option<String> {
    if !text.bytes().any(|b| b == b'%' || (plus_is_space && b == b'+')) {
        return Some(text.to_owned());
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match first {
            b'%' => {
                let (pair, tail) = rest.split_first_chunk::<2>()?;
                let high = char::from(pair[0]).to_digit(16)?;
                let low = char::from(pair[1]).to_digit(16)?;
                out.push((high * 16 + low) as u8);
                rest = tail;
            }
            b'+' if plus_is_space => out.push(b' '),
            other => out.push(*other),
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_after_splitting() {
        assert_eq!(segments("/a//b%2Fc/$release/").unwrap(), ["a", "b/c", "$release"]);
        assert_eq!(
            query("organization=https://x%7CA1&family=O%27Neil+Smith&_fuzzy-match&=").unwrap(),
            [
                ("organization".to_owned(), "https://x|A1".to_owned()),
                ("family".to_owned(), "O'Neil Smith".to_owned()),
                ("_fuzzy-match".to_owned(), String::new()),
                (String::new(), String::new()),
            ]
        );
    }

    #[test]
    fn malformed_escapes_are_refused() {
        for path in ["/%", "/%4", "/%zz", "/%ff"] {
            assert_eq!(segments(path), None, "{path}");
        }
        assert_eq!(query("a=%f"), None);
    }
}
