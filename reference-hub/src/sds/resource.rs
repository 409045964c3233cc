//! The FHIR Device and Endpoint resources of a system, in the published shape.
//!
//! Called by `super` once a match. Ids are functions of ASID and interaction, so that a resource keeps its id.

use super::query::Query;
use super::seed::System;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const INTERACTION_EXTENSION: &str =
    "https://fhir.nhs.uk/StructureDefinition/Extension-SDS-NhsServiceInteractionId";

/// Address and host of the message handling service: SDS gives the Spine's own for every intermediary message.
const ADDRESS: &str = "https://msg.spine2.ncrs.nhs.uk/reliablemessaging/reliablerequest";
const HOST: &str = "msg.spine2.ncrs.nhs.uk";

fn identifier(system: &str, value: &str) -> Value {
    json!({"system": format!("https://fhir.nhs.uk/Id/{system}"), "value": value})
}

fn reference(url: &str, system: &str, value: &str) -> Value {
    json!({"url": url, "valueReference": {"identifier": identifier(system, value)}})
}

/// A UUID in upper case (version 4 in shape) out of a hash of the parts.
fn id(parts: [&str; 2]) -> String {
    let hash = Sha256::new().chain_update(parts[0]).chain_update(b"|").chain_update(parts[1]).finalize();
    let bits = hash.iter().take(16).fold(0_u128, |bits, &byte| bits << 8 | u128::from(byte));
    let bits = bits & !(0xf000_u128 << 64) & !(0xc000_u128 << 48) | 0x4000_u128 << 64 | 0x8000_u128 << 48;
    format!(
        "{:08X}-{:04X}-{:04X}-{:04X}-{:012X}",
        bits >> 96,
        bits >> 80 & 0xffff,
        bits >> 64 & 0xffff,
        bits >> 48 & 0xffff,
        bits & 0xffff_ffff_ffff
    )
}

/// The accredited system.
pub(super) fn device(system: &System) -> Value {
    let mut extensions = vec![reference(
        "https://fhir.nhs.uk/StructureDefinition/Extension-SDS-ManufacturingOrganisation",
        "ods-organization-code",
        &system.manufacturer,
    )];
    let interactions = system.interactions.iter();
    extensions.extend(interactions.map(|i| reference(INTERACTION_EXTENSION, "nhsServiceInteractionId", i)));
    json!({
        "resourceType": "Device",
        "id": id([&system.asid, "device"]),
        "identifier": [
            identifier("nhsSpineASID", &system.asid),
            identifier("nhsMhsPartyKey", &system.party_key),
        ],
        "extension": extensions,
        "owner": {"identifier": identifier("ods-organization-code", &system.ods)},
    })
}

/// Routing and reliability of the interaction that was looked for, or of all that the system serves.
pub(super) fn endpoints(system: &System, query: &Query) -> Vec<Value> {
    let wanted = |i: &&String| query.interaction.as_ref().is_none_or(|wanted| wanted == *i);
    system.interactions.iter().filter(wanted).map(|i| endpoint(system, i)).collect()
}

fn endpoint(system: &System, interaction: &str) -> Value {
    let reliability = Reliability::of(interaction);
    // CPA id: S and six digits of the ASID, A and six more; the published form.
    let (first, last) = system.asid.split_at(system.asid.len() / 2);
    let cpa = format!("S{first}A{last}");
    json!({
        "resourceType": "Endpoint",
        "id": id([&system.asid, interaction]),
        "status": "active",
        "connectionType": {
            "system": "http://terminology.hl7.org/CodeSystem/endpoint-connection-type",
            "code": "hl7-fhir-msg",
            "display": "HL7 FHIR Messaging",
        },
        "payloadType": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/endpoint-payload-type",
            "code": "any",
            "display": "Any",
        }]}],
        "address": ADDRESS,
        "managingOrganization": {"identifier": identifier("ods-organization-code", &system.ods)},
        "identifier": [
            identifier("nhsMhsFQDN", HOST),
            identifier("nhsMhsPartyKey", &system.party_key),
            identifier("nhsMhsCPAId", &cpa),
            identifier("nhsMHSId", &cpa),
            identifier("nhsSpineASID", &system.asid),
        ],
        "extension": [
            {
                "url": "https://fhir.nhs.uk/StructureDefinition/Extension-SDS-ReliabilityConfiguration",
                "extension": [
                    {"url": "nhsMHSSyncReplyMode", "valueString": reliability.sync_reply},
                    {"url": "nhsMHSRetryInterval", "valueString": "PT1M"},
                    {"url": "nhsMHSRetries", "valueInteger": reliability.retries},
                    {"url": "nhsMHSPersistDuration", "valueString": reliability.persist},
                    {"url": "nhsMHSDuplicateElimination", "valueString": reliability.always},
                    {"url": "nhsMHSAckRequested", "valueString": reliability.always},
                    {"url": "nhsMHSActor", "valueString": "urn:oasis:names:tc:ebxml-msg:actor:toPartyMSH"},
                ],
            },
            reference(INTERACTION_EXTENSION, "nhsServiceInteractionId", interaction),
        ],
    })
}

/// Reliability contract of an interaction.
struct Reliability {
    sync_reply: &'static str,
    retries: u32,
    persist: &'static str,
    always: &'static str,
}

impl Reliability {
    /// Synchronous queries are not retried; GP2GP persists longest (published persist durations).
    fn of(interaction: &str) -> Self {
        let service = interaction.rsplit(':').nth(1).unwrap_or("");
        match service {
            "gp2gp" => Reliability { sync_reply: "None", retries: 3, persist: "PT4H10M", always: "always" },
            s if s.ends_with("query") => {
                Reliability { sync_reply: "None", retries: 0, persist: "PT0S", always: "never" }
            }
            _ => Reliability { sync_reply: "MSHSignalsOnly", retries: 2, persist: "PT5M", always: "always" },
        }
    }
}
