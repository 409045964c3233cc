//! The ebXML message header (ebXML Message Service Specification 2.0, in the profile of the NHS): read from its SOAP
//! envelope, and checked for what every message must say.
//!
//! Called by `super::receive`. Knows neither the directory nor the state; reports all faults at once.

use super::interaction::Interaction;
use super::refuse::{
    EbError, INCONSISTENT, NOT_SUPPORTED, OTHER_XML, TIME_TO_LIVE_EXPIRED, VALUE_NOT_RECOGNIZED,
};
use super::xml::{Guard, XmlFault, character};
use crate::systems::is_party_key;
use jiff::Timestamp;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

/// Largest envelope. 64 KiB: twenty times a real one; a manifest of 100 attachments takes 40 KB.
pub(super) const ENVELOPE_BYTES_MAX: usize = 64 * 1024;

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const EB: &str = "http://www.oasis-open.org/committees/ebxml-msg/schema/msg-header-2_0.xsd";
const XLINK: &str = "http://www.w3.org/1999/xlink";

/// Characters of an id that is kept: a GUID has 36.
const ID_CHARS_MAX: usize = 64;

/// What an envelope says, unchecked. An element that stands several times counts by its first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Header {
    /// Sender's party key.
    pub from: String,
    /// Addressee's party key.
    pub to: String,
    /// Agreement.
    pub cpa_id: String,
    /// Conversation.
    pub conversation_id: String,
    /// Service.
    pub service: String,
    /// Action.
    pub action: String,
    /// Message id.
    pub message_id: String,
    /// When it was made.
    pub timestamp: String,
    /// Until when it may be delivered; empty when it may always.
    pub time_to_live: String,
    /// `eb:version` of the message header.
    pub version: String,
    /// `eb:DuplicateElimination` is there.
    pub eliminates_duplicates: bool,
    /// `eb:AckRequested` is there.
    pub asks_acknowledgement: bool,
    /// What the manifest refers to.
    pub references: Vec<String>,
}

/// Reads an envelope.
///
/// # Errors
/// [`XmlFault`] when it is not one well-formed, harmless document.
pub(super) fn read(envelope: &[u8]) -> Result<Header, XmlFault> {
    if envelope.len() > ENVELOPE_BYTES_MAX {
        return Err(XmlFault::Depth);
    }
    let text = std::str::from_utf8(envelope).map_err(|_| XmlFault::Encoding)?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}').trim_start());
    let (mut guard, mut header) = (Guard::default(), Header::default());
    let (mut path, mut text): (Vec<String>, String) = (Vec::new(), String::new());
    loop {
        let event = reader.read_event().map_err(|_| XmlFault::Malformed)?;
        guard.pass(&event)?;
        match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                path.push(step(&reader, tag));
                header.opened(&path, tag, &reader);
                text.clear();
                if matches!(event, Event::Empty(_)) {
                    path.pop();
                }
            }
            Event::End(_) => {
                header.closed(&path, text.trim());
                path.pop();
                text.clear();
            }
            Event::Text(piece) => text.push_str(piece),
            Event::CData(piece) => text.push_str(piece),
            Event::GeneralRef(reference) => text.push(character(reference)?),
            Event::Eof => return Ok(header),
            _ => {}
        }
    }
}

/// An element's place in a path: `eb:From`, `soap:Header`, and `?` for what stands in other namespaces.
fn step(reader: &NsReader<&[u8]>, tag: &BytesStart<'_>) -> String {
    let (namespace, local) = reader.resolver().resolve_element(tag.name());
    let prefix = match namespace {
        ResolveResult::Bound(Namespace(EB)) => "eb:",
        ResolveResult::Bound(Namespace(SOAP)) => "soap:",
        _ => return "?".to_owned(),
    };
    [prefix, local.into_inner()].concat()
}

impl Header {
    fn opened(&mut self, path: &[String], tag: &BytesStart<'_>, reader: &NsReader<&[u8]>) {
        let attribute = |wanted: &str, name: &str| {
            tag.attributes().flatten().find_map(|a| {
                let (namespace, local) = reader.resolver().resolve_attribute(a.key);
                let same = matches!(namespace, ResolveResult::Bound(Namespace(n)) if n == wanted);
                (same && local.into_inner() == name).then(|| a.value.into_owned())
            })
        };
        let place: Vec<&str> = path.iter().map(String::as_str).collect();
        match place[..] {
            ["soap:Envelope", "soap:Header", "eb:MessageHeader"] => {
                self.version = attribute(EB, "version").unwrap_or_default();
            }
            ["soap:Envelope", "soap:Header", "eb:MessageHeader", "eb:DuplicateElimination"] => {
                self.eliminates_duplicates = true;
            }
            ["soap:Envelope", "soap:Header", "eb:AckRequested"] => self.asks_acknowledgement = true,
            ["soap:Envelope", "soap:Body", "eb:Manifest", "eb:Reference"] => {
                self.references.extend(attribute(XLINK, "href"));
            }
            _ => {}
        }
    }

    fn closed(&mut self, path: &[String], text: &str) {
        let place: Vec<&str> = path.iter().map(String::as_str).collect();
        let ["soap:Envelope", "soap:Header", "eb:MessageHeader", ref rest @ ..] = place[..] else { return };
        let field = match rest {
            ["eb:From", "eb:PartyId"] => &mut self.from,
            ["eb:To", "eb:PartyId"] => &mut self.to,
            ["eb:CPAId"] => &mut self.cpa_id,
            ["eb:ConversationId"] => &mut self.conversation_id,
            ["eb:Service"] => &mut self.service,
            ["eb:Action"] => &mut self.action,
            ["eb:MessageData", "eb:MessageId"] => &mut self.message_id,
            ["eb:MessageData", "eb:Timestamp"] => &mut self.timestamp,
            ["eb:MessageData", "eb:TimeToLive"] => &mut self.time_to_live,
            _ => return,
        };
        if field.is_empty() {
            text.clone_into(field);
        }
    }

    /// All that is wrong with a header by itself.
    pub(super) fn faults(&self, interaction: &Interaction, now: Timestamp) -> Vec<EbError> {
        let mut faults = Vec::new();
        let mut fault = |code, location, text: String| faults.push(EbError { code, location, text });
        if self.version != "2.0" {
            fault(NOT_SUPPORTED, "eb:MessageHeader/@eb:version", expected(&self.version, "2.0"));
        }
        for (value, location) in [(&self.from, "eb:From/eb:PartyId"), (&self.to, "eb:To/eb:PartyId")] {
            if !is_party_key(value) {
                fault(VALUE_NOT_RECOGNIZED, location, expected(value, "a party key, e.g. YES-0000806"));
            }
        }
        if !is_guid(&self.message_id) {
            let location = "eb:MessageData/eb:MessageId";
            fault(VALUE_NOT_RECOGNIZED, location, expected(&self.message_id, "a GUID in upper case"));
        }
        if !is_conversation_id(&self.conversation_id) {
            let wanted = "1 to 64 letters, digits and hyphens";
            fault(VALUE_NOT_RECOGNIZED, "eb:ConversationId", expected(&self.conversation_id, wanted));
        }
        if self.service != interaction.service {
            fault(INCONSISTENT, "eb:Service", expected(&self.service, "the service of SOAPAction"));
        }
        if self.action != interaction.action {
            fault(INCONSISTENT, "eb:Action", expected(&self.action, "the action of SOAPAction"));
        }
        if self.timestamp.parse::<Timestamp>().is_err() {
            let location = "eb:MessageData/eb:Timestamp";
            fault(VALUE_NOT_RECOGNIZED, location, expected(&self.timestamp, "a UTC date and time"));
        }
        if !self.eliminates_duplicates {
            let text = "The agreement says always, and the element is absent".to_owned();
            fault(INCONSISTENT, "eb:DuplicateElimination", text);
        }
        if !self.asks_acknowledgement {
            let text = "The agreement says always, and the element is absent".to_owned();
            fault(INCONSISTENT, "eb:AckRequested", text);
        }
        if self.references.is_empty() {
            let text = "There must be an eb:Manifest with a reference to the payload".to_owned();
            fault(OTHER_XML, "eb:Manifest/eb:Reference", text);
        }
        let location = "eb:MessageData/eb:TimeToLive";
        match self.time_to_live_ms() {
            Some(Some(until_ms)) if until_ms <= now.as_millisecond() => {
                fault(TIME_TO_LIVE_EXPIRED, location, "The message came after its time to live".to_owned());
            }
            None => {
                fault(VALUE_NOT_RECOGNIZED, location, expected(&self.time_to_live, "a UTC date and time"))
            }
            Some(_) => {}
        }
        faults
    }

    /// When the time to live ends, in milliseconds since the Unix epoch: `Some(None)` when none is given, `None` when it
    /// is no time.
    pub(super) fn time_to_live_ms(&self) -> Option<Option<i64>> {
        if self.time_to_live.is_empty() {
            return Some(None);
        }
        Some(Some(self.time_to_live.parse::<Timestamp>().ok()?.as_millisecond()))
    }
}

fn expected(got: &str, allowed: &str) -> String {
    let got: String = got.chars().take(ID_CHARS_MAX).collect(); // enough to find it
    if got.is_empty() {
        return format!("absent or empty, allowed: {allowed}");
    }
    format!("got {got:?}, allowed: {allowed}")
}

/// 8-4-4-4-12 hexadecimal digits in upper case.
pub(super) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_digit() || (b'A'..=b'F').contains(&b),
        })
}

/// 1 to 64 letters, digits and hyphens: a GUID in either case, as all senders take.
pub(super) fn is_conversation_id(text: &str) -> bool {
    (1..=ID_CHARS_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}
