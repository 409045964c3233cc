//! Answers of the message service: the ebXML acknowledgement and the ebXML error list, as SOAP envelopes, and the plain
//! refusals of the queue.
//!
//! Called by every file of this folder. Error codes are those of the ebXML Message Service Specification 2.0, section
//! 4.2.3.4. Published handlers send an error list with status 500 as a SOAP fault; here it comes with the 4xx that says
//! whose fault it is, so that a fault of the hub stays told from one of the caller.

use super::header::{Header, is_conversation_id, is_guid};
use crate::domain::Context;
use crate::fhir;
use crate::message::Answer;
use crate::systems::is_party_key;
use quick_xml::escape::escape;

/// An element or attribute has a value that is not known.
pub(super) const VALUE_NOT_RECOGNIZED: &str = "ValueNotRecognized";
/// A version that is not spoken.
pub(super) const NOT_SUPPORTED: &str = "NotSupported";
/// Two things that were said do not go together, or not with the agreement.
pub(super) const INCONSISTENT: &str = "Inconsistent";
/// The XML itself is at fault.
pub(super) const OTHER_XML: &str = "OtherXml";
/// The message could not be delivered.
pub(super) const DELIVERY_FAILURE: &str = "DeliveryFailure";
/// The message came too late.
pub(super) const TIME_TO_LIVE_EXPIRED: &str = "TimeToLiveExpired";
/// The sender is not who it says it is.
pub(super) const SECURITY_FAILURE: &str = "SecurityFailure";
/// The MIME envelope is at fault.
pub(super) const MIME_PROBLEM: &str = "MimeProblem";

/// Media type of both kinds of answer.
pub(super) const XML: &str = "text/xml";

/// The party key under which the hub itself speaks: the Spine's own.
pub(super) const SPINE_PARTY: &str = "YES-0000806";

/// One `eb:Error`, always of severity Error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EbError {
    /// One of the codes above.
    pub code: &'static str,
    /// Where it is: an XPath, as the specification asks.
    pub location: &'static str,
    /// What is wrong.
    pub text: String,
}

/// A refusal: HTTP status and all errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// HTTP status.
    pub status: u16,
    /// What is wrong; never empty.
    pub errors: Vec<EbError>,
}

impl Refused {
    /// 400 with one error.
    pub(super) fn one(code: &'static str, location: &'static str, text: impl Into<String>) -> Refused {
        Refused { status: 400, errors: vec![EbError { code, location, text: text.into() }] }
    }

    /// The same with another status.
    pub(super) fn with_status(self, status: u16) -> Refused {
        Refused { status, ..self }
    }
}

/// What an answer's message header repeats of the message that it answers.
#[derive(Debug, Clone, Default)]
pub(super) struct Refers<'a> {
    /// Whom the answer is for.
    pub to: &'a str,
    /// The agreement.
    pub cpa_id: &'a str,
    /// The conversation.
    pub conversation_id: &'a str,
    /// The message that is answered.
    pub message_id: &'a str,
}

impl<'a> Refers<'a> {
    /// The answer to a message with this header. Values that are not of their form are not repeated.
    pub(super) fn to(header: &'a Header) -> Refers<'a> {
        let of_form = |text: &'a str, formed: bool| if formed { text } else { "" };
        Refers {
            to: of_form(&header.from, is_party_key(&header.from)),
            cpa_id: of_form(&header.cpa_id, is_party_key(&header.cpa_id)), // the same characters
            conversation_id: of_form(&header.conversation_id, is_conversation_id(&header.conversation_id)),
            message_id: of_form(&header.message_id, is_guid(&header.message_id)),
        }
    }
}

/// `2025-06-01T12:00:00Z` of a time in milliseconds since the Unix epoch.
pub(super) fn utc(ms: u64) -> String {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(ms).unwrap_or(i64::MAX));
    at.unwrap_or(jiff::Timestamp::MAX).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn envelope(refers: &Refers<'_>, action: &str, id: &str, at: &str, rest: &str) -> String {
    let [to, cpa, conversation, message] =
        [refers.to, refers.cpa_id, refers.conversation_id, refers.message_id].map(escape);
    let refers_to = match message.is_empty() {
        true => String::new(),
        false => format!("<eb:RefToMessageId>{message}</eb:RefToMessageId>"),
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <SOAP:Envelope xmlns:SOAP=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:eb=\"http://www.oasis-open.org/committees/ebxml-msg/schema/msg-header-2_0.xsd\">\
         <SOAP:Header><eb:MessageHeader SOAP:mustUnderstand=\"1\" eb:version=\"2.0\">\
         <eb:From><eb:PartyId eb:type=\"urn:nhs:names:partyType:ocs+serviceInstance\">{SPINE_PARTY}</eb:PartyId></eb:From>\
         <eb:To><eb:PartyId eb:type=\"urn:nhs:names:partyType:ocs+serviceInstance\">{to}</eb:PartyId></eb:To>\
         <eb:CPAId>{cpa}</eb:CPAId><eb:ConversationId>{conversation}</eb:ConversationId>\
         <eb:Service>urn:oasis:names:tc:ebxml-msg:service</eb:Service><eb:Action>{action}</eb:Action>\
         <eb:MessageData><eb:MessageId>{id}</eb:MessageId><eb:Timestamp>{at}</eb:Timestamp>{refers_to}</eb:MessageData>\
         </eb:MessageHeader>{rest}</SOAP:Header><SOAP:Body/></SOAP:Envelope>"
    )
}

/// The acknowledgement of a message that is durable: 202. A function of its arguments, so that a repetition of the
/// message is answered byte for byte alike.
pub(super) fn acknowledgement(refers: &Refers<'_>, id: &str, received_ms: u64) -> Answer {
    let (at, message) = (utc(received_ms), escape(refers.message_id));
    let rest = format!(
        "<eb:Acknowledgment SOAP:mustUnderstand=\"1\" eb:version=\"2.0\" \
         SOAP:actor=\"urn:oasis:names:tc:ebxml-msg:actor:toPartyMSH\"><eb:Timestamp>{at}</eb:Timestamp>\
         <eb:RefToMessageId>{message}</eb:RefToMessageId><eb:From><eb:PartyId \
         eb:type=\"urn:nhs:names:partyType:ocs+serviceInstance\">{SPINE_PARTY}</eb:PartyId></eb:From></eb:Acknowledgment>"
    );
    Answer::new(202, XML, envelope(refers, "Acknowledgment", id, &at, &rest))
}

/// An error list as a message of its own.
pub(super) fn error_message(refers: &Refers<'_>, id: &str, at_ms: u64, errors: &[EbError]) -> String {
    let list: String = errors
        .iter()
        .map(|error| {
            format!(
                "<eb:Error eb:codeContext=\"urn:oasis:names:tc:ebxml-msg:service:errors\" eb:errorCode=\"{}\" \
                 eb:severity=\"Error\" eb:location=\"{}\"><eb:Description xml:lang=\"en-GB\">{}</eb:Description></eb:Error>",
                error.code,
                escape(error.location),
                escape(error.text.as_str())
            )
        })
        .collect();
    let rest = format!(
        "<eb:ErrorList SOAP:mustUnderstand=\"1\" eb:version=\"2.0\" eb:highestSeverity=\"Error\">{list}</eb:ErrorList>"
    );
    envelope(refers, "MessageError", id, &utc(at_ms), &rest)
}

/// The refusal of a message.
pub(super) fn error_list(ctx: &Context<'_>, refused: &Refused, refers: &Refers<'_>) -> Answer {
    let id = ctx.ids.uuid().to_ascii_uppercase();
    Answer::new(refused.status, XML, error_message(refers, &id, ctx.now_ms, &refused.errors))
}

/// 403 of the queue: it is another organisation's.
pub(super) fn foreign() -> Answer {
    fhir::spine_error(
        403,
        "forbidden",
        "ACCESS_DENIED",
        "Access denied",
        "This queue belongs to another organisation",
    )
}

/// 404 of the queue.
pub(super) fn not_found(what: &str) -> Answer {
    fhir::spine_error(404, "not-found", "RESOURCE_NOT_FOUND", "Resource not found", what)
}

/// 400 of the queue: a parameter's value is not allowed.
pub(super) fn invalid(what: &str) -> Answer {
    fhir::spine_error(400, "value", "INVALID_VALUE", "Provided value is invalid", what)
}
