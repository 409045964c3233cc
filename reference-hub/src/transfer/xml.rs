//! Reads XML that strangers send: no document type, no entity beyond the five that XML predefines, bounded depth.
//!
//! Called by the header's and the payload's checks. quick-xml reads; it expands nothing, and what it lets pass because
//! it does not look (entities, an unclosed document, two roots) is refused here. Never builds a tree.

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// Deepest nesting. 128: HL7 version 3 messages nest some 40 deep; a reader of bounded stack can follow.
pub(super) const DEPTH_MAX: usize = 128;

/// Longest tag with its attributes. 16 KiB: beyond any real one, so that comparing attributes with each other costs little.
const TAG_BYTES_MAX: usize = 16 * 1024;

/// Most attributes of a tag. 64: four times what real ones have; each is compared with all before it.
const ATTRIBUTES_MAX: usize = 64;

/// Why a document is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum XmlFault {
    /// It is not UTF-8.
    Encoding,
    /// It declares a document type, with or without entities.
    DocumentType,
    /// It refers to an entity that XML does not predefine.
    Entity,
    /// It nests deeper than [`DEPTH_MAX`], or has a longer tag or more attributes than are read.
    Depth,
    /// It is not well-formed.
    Malformed,
}

impl XmlFault {
    /// One sentence for a person.
    pub(super) fn sentence(self) -> &'static str {
        match self {
            XmlFault::Encoding => "The document is not UTF-8",
            XmlFault::DocumentType => "A document type declaration is not allowed",
            XmlFault::Entity => "Only the five predefined entities and character references are allowed",
            XmlFault::Depth => {
                "Elements are nested too deep, or a tag is too long; at most 128 levels are read"
            }
            XmlFault::Malformed => "The document is not well-formed XML",
        }
    }
}

/// Watches the events of one document.
#[derive(Debug, Default)]
pub(super) struct Guard {
    depth: usize,
    roots: usize,
}

impl Guard {
    /// Takes note of the next event.
    ///
    /// # Errors
    /// [`XmlFault`] when the document must be refused.
    pub(super) fn pass(&mut self, event: &Event<'_>) -> Result<(), XmlFault> {
        match event {
            Event::DocType(_) => return Err(XmlFault::DocumentType),
            Event::Start(tag) => {
                self.open(tag)?;
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return Err(XmlFault::Depth);
                }
            }
            Event::Empty(tag) => self.open(tag)?,
            Event::End(_) => self.depth = self.depth.checked_sub(1).ok_or(XmlFault::Malformed)?,
            Event::Text(text) if self.depth == 0 && !text.trim_ascii().is_empty() => {
                return Err(XmlFault::Malformed);
            }
            Event::CData(_) if self.depth == 0 => return Err(XmlFault::Malformed),
            Event::GeneralRef(reference) => {
                if self.depth == 0 {
                    return Err(XmlFault::Malformed);
                }
                character(reference)?;
            }
            Event::Eof if self.depth != 0 || self.roots != 1 => return Err(XmlFault::Malformed),
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), XmlFault> {
        if self.depth == 0 {
            self.roots += 1;
            if self.roots > 1 {
                return Err(XmlFault::Malformed);
            }
        }
        let attributes = tag.attributes_raw();
        if attributes.len() > TAG_BYTES_MAX {
            return Err(XmlFault::Depth);
        }
        for (at, _) in attributes.match_indices('&') {
            let name = attributes[at + 1..].split_once(';').ok_or(XmlFault::Malformed)?.0;
            character(name)?;
        }
        for (i, attribute) in tag.attributes().enumerate() {
            attribute.map_err(|_| XmlFault::Malformed)?;
            if i >= ATTRIBUTES_MAX {
                return Err(XmlFault::Depth);
            }
        }
        Ok(())
    }
}

/// The character that a reference stands for.
///
/// # Errors
/// [`XmlFault::Entity`] when it is neither predefined nor a character's number.
pub(super) fn character(name: &str) -> Result<char, XmlFault> {
    Ok(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#').ok_or(XmlFault::Entity)?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            code.ok().filter(|&c| c != 0).and_then(char::from_u32).ok_or(XmlFault::Entity)?
        }
    })
}

/// Reads a document to its end and gives its root's local name.
///
/// # Errors
/// [`XmlFault`] when it must be refused.
pub(super) fn root(document: &[u8]) -> Result<String, XmlFault> {
    let text = std::str::from_utf8(document).map_err(|_| XmlFault::Encoding)?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}').trim_start());
    let (mut guard, mut root) = (Guard::default(), None);
    loop {
        let event = reader.read_event().map_err(|_| XmlFault::Malformed)?;
        guard.pass(&event)?;
        match event {
            Event::Start(tag) | Event::Empty(tag) if root.is_none() => {
                root = Some(tag.local_name().into_inner().to_owned());
            }
            Event::Eof => return root.ok_or(XmlFault::Malformed),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(document: &str) -> XmlFault {
        root(document.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_well_formed_document_gives_its_root() {
        assert_eq!(
            root(b"<?xml version=\"1.0\"?>\n<a:b xmlns:a=\"u\"><c d='&amp;'>&#65;&lt;</c></a:b>\n").unwrap(),
            "b"
        );
        assert_eq!(root("\u{feff}<r/>".as_bytes()).unwrap(), "r");
    }

    #[test]
    fn an_entity_expansion_bomb_is_refused_before_anything_expands() {
        let mut bomb = String::from("<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\">");
        for level in 1..10 {
            let inner = format!("&lol{};", level - 1).repeat(10);
            bomb.push_str(&format!("<!ENTITY lol{level} \"{inner}\">"));
        }
        bomb.push_str("]><lolz>&lol9;</lolz>");
        assert_eq!(refused(&bomb), XmlFault::DocumentType);
    }

    #[test]
    fn external_and_unknown_entities_are_refused() {
        let external = "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><r>&x;</r>";
        assert_eq!(refused(external), XmlFault::DocumentType);
        assert_eq!(
            refused("<!DOCTYPE r SYSTEM \"http://elsewhere.invalid/d.dtd\"><r/>"),
            XmlFault::DocumentType
        );
        assert_eq!(refused("<r>&x;</r>"), XmlFault::Entity);
        assert_eq!(refused("<r a='&x;'/>"), XmlFault::Entity);
        assert_eq!(refused("<r>&#0;</r>"), XmlFault::Entity);
    }

    #[test]
    fn deep_nesting_is_refused_before_it_is_followed() {
        let deep = "<a>".repeat(1_000_000);
        assert_eq!(refused(&deep), XmlFault::Depth);
        let allowed = format!("{}{}", "<a>".repeat(DEPTH_MAX), "</a>".repeat(DEPTH_MAX));
        assert_eq!(root(allowed.as_bytes()).unwrap(), "a");
    }

    #[test]
    fn what_is_not_one_well_formed_document_is_refused() {
        for text in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>text",
            "</a>",
            "<a b=1/>",
            "<a b='1' b='2'/>",
            "<a>&amp</a>",
        ] {
            assert_eq!(refused(text), XmlFault::Malformed, "{text}");
        }
        assert_eq!(root(&[0xff, 0xfe, b'<']), Err(XmlFault::Encoding));
        let tag = format!("<a b='{}'/>", "x".repeat(TAG_BYTES_MAX));
        assert_eq!(refused(&tag), XmlFault::Depth);
    }
}
