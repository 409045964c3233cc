//! `{{prescription.signature}}`: the signature of the order in whose body it stands, as base64 of an XML signature.
//!
//! Called by `inputs` while a body is written (a placeholder of the final length) and by `render` once it is whole (the
//! digest of what stands there). The digest is real; signature value and certificate are filler of the usual length, as the
//! keys of prescribers' smartcards are not ours to have.

use crate::signed_form;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::LazyLock;

/// The XML before the digest.
const BEFORE: &str = r##"<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><Reference><DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue>"##;
/// The XML after it.
const AFTER: &str = "</DigestValue></Reference></SignedInfo><SignatureValue>yY3Xo1Gx4Lrym+MW9wInzLXAUaeJjAqD0T+ZayYaPcR+A6HtYqC/ImCARbe0p4TZSfu7mPttlW6QHSG/uKAfWcjZBwgwT5GRA1bYo+CCPoN2Jo8dRM9F69gSXkviPb8DEV0ImjLDh6kW1tjmEaeM3ayCTqKKV1DD2mmBiaYpZOs=</SignatureValue><KeyInfo><X509Data><X509Certificate>V/M7dY2h0ueT9hFkCAOvHhk7fGXOExKMcVdrow6QEklmgWjiRzTMA0xYWj1ivTUmDJokH7cpP2sDN+6tShZ8Hu/Cj6k9/Eh6InT8bdopBhRmVbUv+dfWEBbI6/zhkCryWtfIJ8JRr6eJxVlfMGNBW1HWj0V2JcSv</X509Certificate></X509Data></KeyInfo></Signature>";

/// What stands there until the body is whole: a signature with a digest of zeros, which is of no order.
static PLACEHOLDER: LazyLock<String> = LazyLock::new(|| signature(&[0; 32]));

/// Base64 of the signature with a digest; always of one length.
fn signature(digest: &[u8; 32]) -> String {
    STANDARD.encode([BEFORE, &STANDARD.encode(digest), AFTER].concat())
}

/// Appends the placeholder.
pub(crate) fn write_placeholder(out: &mut Vec<u8>) {
    out.extend_from_slice(PLACEHOLDER.as_bytes());
}

/// Signs a body, which begins at `start` of `out`: puts the signature of what stands there at each of `places` (positions in
/// `out`). A body that is not a JSON object keeps the placeholder. Costs one pass over the body, and nothing without places.
pub(crate) fn sign(out: &mut [u8], start: usize, places: &[usize]) {
    if places.is_empty() {
        return;
    }
    let Some(digest) = signed_form::digest(&out[start..]) else { return };
    let signature = signature(&digest);
    for at in places {
        if let Some(place) = out.get_mut(*at..*at + signature.len()) {
            place.copy_from_slice(signature.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_takes_the_place_of_its_placeholder_and_nothing_else_changes() {
        let mut out = b"head {\"a\":\"".to_vec();
        let place = out.len();
        write_placeholder(&mut out);
        out.extend_from_slice(b"\"}");
        let before = out.clone();
        sign(&mut out, 5, &[]);
        assert_eq!(out, before);
        sign(&mut out, 5, &[place]);
        let end = place + PLACEHOLDER.len();
        assert_eq!((&out[..place], &out[end..]), (&before[..place], &before[end..]));
        let xml = String::from_utf8(STANDARD.decode(&out[place..end]).unwrap()).unwrap();
        let digest = STANDARD.encode(signed_form::digest(b"{}").unwrap());
        assert_eq!(xml, [BEFORE, &digest, AFTER].concat());
        out[5] = b'[';
        let broken = out.clone();
        sign(&mut out, 5, &[place]);
        assert_eq!(out, broken);
    }
}
