//! Writes a Summary Care Record of the published shape and size (about 48 KB of compact FHIR), for the summaries that are
//! there in a freshly seeded hub.
//!
//! Called by the seed. A pure function of its inputs; everything in it is synthetic.

use super::BASE;
use population::{NhsNumber, Organisation};
use std::fmt::Write;

/// What a summary is made of.
pub struct Document<'a> {
    /// Composition id, upper case UUID.
    pub composition_id: &'a str,
    /// Whose it is.
    pub patient: NhsNumber,
    /// Who wrote it.
    pub practice: &'a Organisation,
}

/// Time that the seeded summaries bear. Fixed, because a seed is a function of the population and knows no clock.
pub const WRITTEN: &str = "2025-01-01T09:00:00+00:00";

/// Sections: title, code, table id, column headings, rows. The numbers of rows make the document 48 KB.
const SECTIONS: [(&str, &str, &str, &[&str], usize); 6] = [
    (
        "Allergies and Adverse Reactions",
        "AllergiesHeader",
        "Allergies",
        &["Date", "Description", "Certainty", "Severity", "Supporting Information"],
        6,
    ),
    (
        "Acute Medications",
        "AcuteMedsHeader",
        "AcuteMeds",
        &["Type", "Date", "Medication Item", "Dosage Instructions", "Quantity"],
        18,
    ),
    (
        "Current Repeat Medications",
        "RepeatMedsHeader",
        "RepeatMeds",
        &["Type", "Date", "Medication Item", "Dosage Instructions", "Quantity"],
        18,
    ),
    ("Diagnoses", "DiagnosesHeader", "Diagnoses", &["Date", "Description", "Supporting Information"], 23),
    (
        "Problems and Issues",
        "ProblemsHeader",
        "Problems",
        &["Date", "Description", "Supporting Information"],
        23,
    ),
    (
        "Investigation Results",
        "InvestigationsHeader",
        "Investigations",
        &["Date", "Description", "Result", "Supporting Information"],
        18,
    ),
];

/// Phrases for table cells, taken in turn.
const PHRASES: [&str; 9] = [
    "Reviewed in surgery, no change to treatment and no new concerns raised",
    "Discussed with the patient, who understands and agrees with the plan",
    "Symptoms improving since last contact, continue as before and observe",
    "Within the expected range, repeat in twelve months or sooner if unwell",
    "Reported by the patient by telephone, confirmed at the next attendance",
    "Started after hospital discharge, to be reviewed at the annual check",
    "Advice given on diet, exercise and when to seek help, leaflet handed out",
    "Mild and intermittent, managed with over the counter remedies at home",
    "Long standing and stable, last specialist letter filed with the record",
];

/// Clinical entries that stand beside the text, each with an encounter and its author.
const CONDITIONS: usize = 14;

/// The summary as compact JSON, and how many entries it has.
pub fn write_document(document: &Document<'_>) -> (Vec<u8>, usize) {
    let mut writer = Writer {
        out: String::with_capacity(52 * 1024),
        stem: document
            .composition_id
            .get(..document.composition_id.len().saturating_sub(4))
            .unwrap_or_default(),
        phrase: 0,
        entries: 0,
    };
    let id = document.composition_id;
    writer.put(format_args!(
        r#"{{"resourceType":"Bundle","id":"{id}","identifier":{{"system":"https://tools.ietf.org/html/rfc4122","value":"{id}"}},"type":"document","timestamp":"{WRITTEN}","entry":["#
    ));
    writer.composition(document);
    writer.people(document);
    for i in 0..CONDITIONS {
        writer.condition(i);
    }
    writer.out.push_str("]}");
    (writer.out.into_bytes(), writer.entries)
}

struct Writer<'a> {
    out: String,
    /// A document's resource ids are its composition id with other last four digits.
    stem: &'a str,
    phrase: usize,
    entries: usize,
}

impl Writer<'_> {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        let _ = self.out.write_fmt(text); // writing into a String cannot fail
    }

    fn id(&self, kind: u32, n: usize) -> String {
        format!("{}{kind:02X}{n:02X}", self.stem)
    }

    /// Begins an entry up to the resource's id; the caller writes the rest and two closing braces.
    fn entry(&mut self, resource_type: &str, id: &str) {
        let comma = if self.entries == 0 { "" } else { "," };
        self.entries += 1;
        self.put(format_args!(
            r#"{comma}{{"fullUrl":"{BASE}/{resource_type}/{id}","resource":{{"resourceType":"{resource_type}","id":"{id}""#
        ));
    }

    fn composition(&mut self, document: &Document<'_>) {
        self.entry("Composition", document.composition_id);
        let (id, patient, author) = (document.composition_id, self.id(1, 0), self.id(2, 0));
        self.put(format_args!(
            r#","meta":{{"lastUpdated":"{WRITTEN}"}},"identifier":{{"system":"https://tools.ietf.org/html/rfc4122","value":"{id}"}},"status":"final","type":{{"coding":[{{"system":"http://snomed.info/sct","code":"196981000000101","display":"General Practice Summary"}}]}},"category":[{{"coding":[{{"system":"http://snomed.info/sct","code":"163171000000105","display":"Care Professional Documentation"}}]}}],"subject":{{"reference":"Patient/{patient}"}},"date":"{WRITTEN}","author":[{{"reference":"PractitionerRole/{author}"}}],"title":"General Practice Summary","section":["#
        ));
        for (i, (title, code, table, headings, rows)) in SECTIONS.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            self.put(format_args!(
                r#"{comma}{{"title":"{title}","code":{{"coding":[{{"code":"{code}"}}]}},"text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><table id=\"{table}\"><thead><tr>"#
            ));
            for heading in *headings {
                self.put(format_args!("<th>{heading}</th>"));
            }
            self.out.push_str("</tr></thead><tbody>");
            for row in 0..*rows {
                let class = if row % 2 == 0 { "oddRow" } else { "evenRow" };
                self.put(format_args!(r#"<tr class=\"{class}\">"#));
                for heading in *headings {
                    self.cell(heading, row);
                }
                self.out.push_str("</tr>");
            }
            self.out.push_str(r#"</tbody></table></div>"}}"#);
        }
        self.out.push_str("]}}");
    }

    fn cell(&mut self, heading: &str, row: usize) {
        match heading {
            "Date" => self.put(format_args!("<td>{:02}-Jun-2024</td>", row % 28 + 1)),
            "Type" | "Quantity" | "Certainty" | "Severity" => {
                let text = ["as before", "one month's supply", "likely", "moderate"][row % 4];
                self.put(format_args!("<td>{text}</td>"));
            }
            _ => {
                let phrase = PHRASES[self.phrase % PHRASES.len()];
                self.phrase += 1;
                self.put(format_args!("<td>{phrase}</td>"));
            }
        }
    }

    fn people(&mut self, document: &Document<'_>) {
        let (patient, role, practitioner, organization) =
            (self.id(1, 0), self.id(2, 0), self.id(3, 0), self.id(4, 0));
        let user = 100_000_000_000 + u64::from(document.practice.index);
        self.entry("Patient", &patient);
        let number = document.patient;
        self.put(format_args!(
            r#","identifier":[{{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{number}"}}]}}}}"#
        ));
        self.entry("PractitionerRole", &role);
        self.put(format_args!(
            r#","identifier":[{{"system":"http://fhir.nhs.net/Id/sds-role-profile-id","value":"{user}"}}],"practitioner":{{"reference":"Practitioner/{practitioner}"}},"organization":{{"reference":"Organization/{organization}"}},"code":[{{"coding":[{{"system":"https://fhir.nhs.uk/CodeSystem/NHSDigital-SDS-JobRoleCode","code":"R8000","display":"Clinical Practitioner Access Role"}}]}}]}}}}"#
        ));
        self.entry("Practitioner", &practitioner);
        self.put(format_args!(
            r#","identifier":[{{"system":"https://fhir.nhs.uk/Id/sds-user-id","value":"{user}"}}],"name":[{{"text":"PRESCRIBER, Synthetic (Dr)"}}]}}}}"#
        ));
        self.entry("Organization", &organization);
        let name = serde_json::to_string(&document.practice.name).unwrap_or_default(); // a string always serialises
        let address = serde_json::to_string(&document.practice.address.lines.join(", ")).unwrap_or_default();
        self.put(format_args!(
            r#","identifier":[{{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"{}"}}],"name":{name},"telecom":[{{"system":"phone","value":"{}"}}],"address":[{{"text":{address}}}]}}}}"#,
            document.practice.ods, document.practice.phone
        ));
    }

    fn condition(&mut self, n: usize) {
        let (condition, encounter, role) = (self.id(5, n), self.id(6, n), self.id(2, 0));
        self.entry("Condition", &condition);
        self.put(format_args!(
            r#","identifier":[{{"value":"{condition}"}}],"clinicalStatus":{{"coding":[{{"system":"http://hl7.org/fhir/ValueSet/condition-clinical","code":"active"}}]}},"category":[{{"coding":[{{"system":"http://snomed.info/sct","code":"163001000000103","display":"Diagnoses"}}]}}],"code":{{"coding":[{{"system":"http://snomed.info/sct","code":"404684003","display":"Clinical finding"}}]}},"encounter":{{"reference":"Encounter/{encounter}"}},"onsetDateTime":"2024-06-{:02}T10:00:00+00:00"}}}}"#,
            n % 28 + 1
        ));
        self.entry("Encounter", &encounter);
        self.put(format_args!(
            r#","status":"finished","class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-NullFlavor","code":"UNK","display":"Unknown"}},"participant":[{{"type":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"AUT","display":"author"}}]}}],"period":{{"start":"{WRITTEN}"}},"individual":{{"reference":"PractitionerRole/{role}"}}}}]}}}}"#
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use population::{OrgKind, Population, Sizes};

    #[test]
    fn a_summary_is_json_of_the_published_size() {
        let population = Population::new(42, Sizes::default()).unwrap();
        let practice = population.organisation_of(OrgKind::GpPractice, 3);
        let document = Document {
            composition_id: "12345678-1234-4234-8234-123456789ABC",
            patient: population.nhs_number(7),
            practice: &practice,
        };
        let (bytes, entries) = write_document(&document);
        assert!((45_000..52_000).contains(&bytes.len()), "{}", bytes.len());
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["entry"].as_array().unwrap().len(), entries);
        assert_eq!(value["entry"][0]["resource"]["resourceType"], "Composition");
    }
}
