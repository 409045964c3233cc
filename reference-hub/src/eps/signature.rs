//! The prescriber's signature on an order: is it there, is it an XML digital signature, and is it of this prescription?
//!
//! Called by eps-prescribe. What is checked: that a Provenance carries one, always; that it is base64 of an XML
//! `Signature`, except in the sandbox; and that its `DigestValue` is the digest which `$prepare` gives for the same order,
//! whenever it is such a signature (in the sandbox: made with SHA-256), whoever sends it. The signature value and the
//! certificate are not verified: the certificates of prescribers' smartcards are of an authority that a synthetic hub has
//! no part in.
//!
//! Never expands an entity: a document type or an entity of its own ends the reading.

use super::canonical::{self, SHA_256};
use super::refusal::{self, Refused};
use super::tape::Tape;
use super::wire::Bundle;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;

/// Characters of base64 looked at. 32 KiB: ten times a signature with its certificate.
const SIGNATURE_CHARS_MAX: usize = 32 * 1024;
/// Depth of elements. Eight: an XML signature has five.
const DEPTH_MAX: usize = 8;
/// Name space of XML signatures.
const XML_DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// What a signature says of what it signs.
#[derive(Debug, PartialEq, Eq)]
pub struct Signed {
    /// Algorithm of the digest.
    pub method: String,
    /// The digest in base64, without white space.
    pub value: String,
}

/// Checks the order's signature; `tape` is the body that `bundle` was made from.
///
/// # Errors
/// MISSING_DIGITAL_SIGNATURE, or FAILURE_TO_PROCESS_MESSAGE when it is of another prescription or not a signature at all.
pub fn check(tape: &Tape<'_>, bundle: &Bundle<'_>, sandbox: bool) -> Result<(), Refused> {
    let mut signatures = bundle.all("Provenance").flat_map(|p| p.signature.iter()).map(|s| &*s.data);
    let Some(data) = signatures.find(|data| !data.is_empty()) else {
        return Err(refusal::missing_signature());
    };
    let signed = match read(data) {
        Some(signed) => signed,
        None if sandbox => return Ok(()),
        None => {
            return Err(refusal::failure_to_process(
                "the digital signature is not an XML signature in base64",
            ));
        }
    };
    if sandbox && signed.method != SHA_256 {
        return Ok(());
    }
    if signed.method == SHA_256 && canonical::digest(tape).is_some_and(|own| own == signed.value) {
        return Ok(());
    }
    Err(refusal::failure_to_process("the digest of the digital signature is not that of the prescription"))
}

/// Reads the first digest of a signature; `None` when it is not base64 of a well-formed XML `Signature` within bounds.
pub fn read(data: &str) -> Option<Signed> {
    if data.len() > SIGNATURE_CHARS_MAX {
        return None;
    }
    let xml = String::from_utf8(STANDARD.decode(data.trim()).ok()?).ok()?;
    let mut reader = NsReader::from_str(&xml);
    reader.config_mut().expand_empty_elements = true;
    let mut path: Vec<String> = Vec::new();
    let (mut method, mut value) = (None, String::new());
    loop {
        let (space, event) = reader.read_resolved_event().ok()?;
        match event {
            Event::Start(start) => {
                let dsig = matches!(space, ResolveResult::Bound(ns) if ns.as_ref() == XML_DSIG);
                if !dsig || path.len() == DEPTH_MAX {
                    return None;
                }
                path.push(start.local_name().as_ref().to_owned());
                if method.is_none() && at(&path, &["SignedInfo", "Reference", "DigestMethod"]) {
                    let found = start.try_get_attribute("Algorithm").ok()??;
                    method = Some(found.value.into_owned());
                }
            }
            Event::Text(text) if at(&path, &["SignedInfo", "Reference", "DigestValue"]) => {
                value.push_str(&text);
            }
            Event::End(_) => {
                path.pop();
            }
            Event::Eof => break,
            Event::Text(_) | Event::Decl(_) | Event::Comment(_) | Event::Empty(_) => {}
            // A document type, an entity, an instruction: not in a signature, and never followed.
            Event::DocType(_) | Event::GeneralRef(_) | Event::PI(_) | Event::CData(_) => return None,
        }
    }
    value.retain(|c| !c.is_ascii_whitespace());
    let value = Some(value).filter(|v| !v.is_empty())?;
    path.is_empty().then_some(Signed { method: method?, value })
}

/// True when `path` is `Signature` and then these.
fn at(path: &[String], below: &[&str]) -> bool {
    path.len() == below.len() + 1
        && path[0] == "Signature"
        && path[1..].iter().zip(below).all(|(have, want)| have == want)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(digest: &str) -> String {
        format!(
            r##"<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><Reference><DigestMethod Algorithm="{SHA_256}"/>{digest}</Reference></SignedInfo></Signature>"##
        )
    }

    fn read_xml(xml: &str) -> Option<Signed> {
        read(&STANDARD.encode(xml))
    }

    #[test]
    fn the_digest_is_read_from_its_place_only() {
        let good = read_xml(&xml("<DigestValue> abc=\n</DigestValue>")).unwrap();
        assert_eq!((good.method.as_str(), good.value.as_str()), (SHA_256, "abc="));
        for bad in [
            xml(""),
            xml("<DigestValue></DigestValue>"),
            xml("<Other><DigestValue>abc=</DigestValue></Other>"),
            xml("<DigestValue>abc=</DigestValue>").replace("xmldsig#\"", "other#\""),
            xml("<DigestValue>abc=</DigestValue>").replace("</SignedInfo>", ""),
            String::from("not xml"),
            String::new(),
        ] {
            assert_eq!(read_xml(&bad), None, "{bad}");
        }
        assert_eq!(read("%%%"), None);
    }

    #[test]
    fn entities_and_document_types_are_never_followed() {
        let bomb = "<!DOCTYPE s [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
        assert_eq!(read_xml(&format!("{bomb}{}", xml("<DigestValue>&b;</DigestValue>"))), None);
        assert_eq!(read_xml(&format!("{bomb}{}", xml("<DigestValue>abc=</DigestValue>"))), None);
        assert_eq!(read_xml(&xml("<DigestValue>&b;</DigestValue>")), None);
        assert_eq!(read_xml(&xml("<DigestValue>&lt;</DigestValue>")), None);
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let deep = xml(&format!("{}{}", "<a>".repeat(100), "</a>".repeat(100)));
        assert_eq!(read_xml(&deep), None);
        assert_eq!(read(&"A".repeat(SIGNATURE_CHARS_MAX + 4)), None);
    }
}
