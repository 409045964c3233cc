//! The FHIR Patient document of a synthetic person: every element of the published profile, about 6,000 bytes compact.
//!
//! Called by the seed, 200,000 times and more, so it writes bytes by hand; keys stand in alphabetical order at every
//! level, as an update's serialiser puts them, so that a record keeps its shape for life. Never draws a name or a place:
//! the population does; only object ids and address keys are made here, as functions of the NHS number.

use super::terms;
use jiff::civil::Date;
use population::Patient;
use std::fmt::Write as _;

/// Bytes reserved for a document: above the longest, so that writing never grows the buffer.
const BYTES_RESERVED: usize = 7 * 1024;

/// Last day of temporary and correspondence addresses: a year after the population's reference date.
const AWAY_UNTIL: &str = "2025-12-31";

/// Family names before marriage; invented, and none of them a name of the population, so that a search of history is
/// told from a search of the present.
const MAIDEN_NAMES: [&str; 16] = [
    "Arrowmead",
    "Bellwether",
    "Cattermoor",
    "Dovecott",
    "Emberley",
    "Foxglade",
    "Gossamer",
    "Hollinside",
    "Inglebeck",
    "Jessamund",
    "Kittiwell",
    "Lovelock",
    "Merryweather",
    "Nightingate",
    "Ottershaw",
    "Primrowe",
];

/// The family name that a person had before, if the record has one: of women with the title Mrs.
pub(super) fn maiden_name(patient: &Patient) -> Option<&'static str> {
    let choice = (hash(patient, Part::Maiden) % MAIDEN_NAMES.len() as u64) as usize;
    (patient.title == "Mrs").then_some(MAIDEN_NAMES[choice])
}

/// The document of `patient` at a version, as stored in `Table::Patients`.
pub fn patient_document(patient: &Patient, version: u64) -> Vec<u8> {
    let mut w = Writer { out: String::with_capacity(BYTES_RESERVED) };
    let (registered, born) = (patient.registered.to_string(), patient.birth_date.to_string());
    w.raw(r#"{"address":["#);
    addresses(&mut w, patient, &registered);
    w.raw(r#"],"birthDate":"#).text(&born);
    w.raw(r#","contact":["#);
    contact(&mut w, hash(patient, Part::Contact), &registered, &patient.contact.phone);
    w.raw(",");
    let key = hash(patient, Part::SecondContact);
    contact(&mut w, key, &registered, &drama_number(key));
    w.raw("]");
    if let Some(day) = patient.deceased {
        w.raw(r#","deceasedDateTime":""#).date_time(day);
    }
    w.raw(r#","extension":["#);
    extensions(&mut w, patient);
    w.raw(r#"],"gender":"#).text(patient.gender);
    w.raw(r#","generalPractitioner":[{"id":"#).id(hash(patient, Part::Practice));
    w.raw(r#","identifier":{"period":{"start":"#).text(&registered);
    w.raw(r#"},"system":"#).text(terms::ODS).raw(r#","value":"#).text(&patient.gp_practice);
    w.raw(r#"},"type":"Organization"}],"id":""#).display(patient.nhs_number);
    w.raw(r#"","identifier":[{"extension":[{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus","valueCodeableConcept":{"coding":[{"code":"01","display":"Number present and verified","system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus","version":"1.0.0"}]}}],"system":"#);
    w.text(terms::NHS_NUMBER).raw(r#","value":""#).display(patient.nhs_number);
    w.raw(r#""}],"meta":{"security":[{"code":"U","display":"unrestricted","system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality"}],"versionId":""#);
    w.display(version).raw(r#""},"multipleBirthInteger":1,"name":["#);
    names(&mut w, patient, &registered, &born);
    w.raw(r#"],"resourceType":"Patient","telecom":["#);
    telecoms(&mut w, patient, &registered);
    w.raw("]}");
    w.out.into_bytes()
}

fn addresses(w: &mut Writer, patient: &Patient, registered: &str) {
    let [street, locality, town, county] = patient.address_lines.each_ref().map(String::as_str);
    let key = hash(patient, Part::Home);
    address(w, key, &[street, locality, town, county], &patient.postcode, Use::Home { since: registered });
    let key = hash(patient, Part::Away);
    let flat = format!("Flat {}", 1 + key % 98);
    let text = terms::TEMPORARY_ADDRESSES[(key >> 8) as usize % terms::TEMPORARY_ADDRESSES.len()];
    w.raw(",");
    address(
        w,
        key,
        &[&flat, street, locality, town, county],
        &patient.postcode,
        Use::Temp { since: registered, text },
    );
    w.raw(",");
    let care_of = format!("c/o {} {}", patient.contact.given, patient.contact.family);
    let key = hash(patient, Part::Billing);
    address(w, key, &[&care_of, street, town, county], &patient.postcode, Use::Billing { since: registered });
}

#[derive(Clone, Copy)]
enum Use<'a> {
    Home { since: &'a str },
    Temp { since: &'a str, text: &'a str },
    Billing { since: &'a str },
}

fn address(w: &mut Writer, key: u64, lines: &[&str], postcode: &str, kind: Use<'_>) {
    const KEY: &str = r#"{"extension":[{"url":"type","valueCoding":{"code":""#;
    const SYSTEM: &str = r#"","system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-AddressKeyType"}},{"url":"value","valueString":""#;
    const URL: &str =
        r#""}],"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AddressKey"}"#;
    w.raw(r#"{"extension":["#).raw(KEY).raw("PAF").raw(SYSTEM);
    w.digits(key, 8).raw(URL).raw(",").raw(KEY).raw("UPRN").raw(SYSTEM);
    w.digits(key.rotate_left(32), 12).raw(URL).raw(r#"],"id":"#).id(key);
    w.raw(r#","line":"#).list(lines);
    let (since, ends, text, name) = match kind {
        Use::Home { since } => (since, false, None, "home"),
        Use::Temp { since, text } => (since, true, Some(text), "temp"),
        Use::Billing { since } => (since, true, None, "billing"),
    };
    w.raw(r#","period":{"#);
    if ends {
        w.raw(r#""end":"#).text(AWAY_UNTIL).raw(",");
    }
    w.raw(r#""start":"#).text(since).raw(r#"},"postalCode":"#).text(postcode);
    if let Some(text) = text {
        w.raw(r#","text":"#).text(text);
    }
    w.raw(r#","use":"#).text(name).raw("}");
}

fn extensions(w: &mut Writer, patient: &Patient) {
    for (url, ods) in [
        (terms::NOMINATED_PHARMACY, &patient.nominated_pharmacy),
        (terms::DISPENSING_DOCTOR, &patient.gp_practice),
        (terms::APPLIANCE_SUPPLIER, &patient.nominated_pharmacy),
    ] {
        w.raw(r#"{"url":"#).text(url).raw(r#","valueReference":{"identifier":{"system":"#).text(terms::ODS);
        w.raw(r#","value":"#).text(ods).raw("}}},");
    }
    if let Some(day) = patient.deceased {
        w.raw(r#"{"extension":[{"url":"deathNotificationStatus","valueCodeableConcept":{"coding":[{"code":"2","display":"Formal - death notice received from Registrar of Deaths","system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-DeathNotificationStatus","version":"1.0.0"}]}},{"url":"systemEffectiveDate","valueDateTime":""#);
        w.date_time(day).raw(r#"}],"url":"#).text(terms::DEATH_NOTIFICATION).raw("},");
    }
    if patient.language != "en" {
        // Published: a preferred language is recorded only when it is not English.
        w.raw(r#"{"extension":[{"url":"language","valueCodeableConcept":{"coding":[{"code":"#)
            .text(patient.language);
        w.raw(r#","display":"#).text(terms::language_name(patient.language));
        w.raw(r#","system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-HumanLanguage","version":"1.0.0"}]}},{"url":"interpreterRequired","valueBoolean":"#);
        w.raw(if patient.interpreter_required { "true" } else { "false" });
        w.raw(r#"}],"url":"#).text(terms::COMMUNICATION).raw("},");
    }
    let preference = hash(patient, Part::Preference);
    let (method, method_name) =
        [("1", "Letter"), ("3", "Telephone"), ("4", "E-mail")][(preference % 3) as usize];
    let time = ["Not after 7pm", "Mornings only", "Any time on weekdays"][(preference >> 8) as usize % 3];
    w.raw(r#"{"extension":[{"url":"PreferredWrittenCommunicationFormat","valueCodeableConcept":{"coding":[{"code":"11","display":"Large print","system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-PreferredWrittenCommunicationFormat"}]}},{"url":"PreferredContactMethod","valueCodeableConcept":{"coding":[{"code":"#);
    w.text(method).raw(r#","display":"#).text(method_name);
    w.raw(r#","system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-PreferredContactMethod"}]}},{"url":"PreferredContactTimes","valueString":"#);
    w.text(time)
        .raw(r#"}],"url":"#)
        .text(terms::CONTACT_PREFERENCE)
        .raw(r#"},{"url":"#)
        .text(terms::BIRTH_PLACE);
    w.raw(r#","valueAddress":{"city":"#).text(&patient.address_lines[2]);
    w.raw(r#","country":"GBR","district":"#).text(&patient.address_lines[3]).raw("}}");
}

fn contact(w: &mut Writer, key: u64, since: &str, phone: &str) {
    w.raw(r#"{"id":"#).id(key).raw(r#","period":{"start":"#).text(since);
    w.raw(r#"},"relationship":[{"coding":[{"code":"C","display":"Emergency Contact","system":"http://terminology.hl7.org/CodeSystem/v2-0131"}]}],"telecom":[{"system":"phone","value":"#);
    w.text(phone).raw("}]}");
}

/// A telephone number that Ofcom keeps free for drama.
fn drama_number(key: u64) -> String {
    format!("01632960{:03}", key % 1000)
}

fn names(w: &mut Writer, patient: &Patient, registered: &str, born: &str) {
    let [first, second] = patient.given;
    name(w, hash(patient, Part::Name), &patient.family, &[first, second], born, (patient.title, "usual"));
    w.raw(",");
    name(
        w,
        hash(patient, Part::Nickname),
        &patient.family,
        &[second],
        registered,
        (patient.title, "nickname"),
    );
    if let Some(family) = maiden_name(patient) {
        w.raw(",");
        name(w, hash(patient, Part::Maiden), family, &[first, second], born, ("Miss", "maiden"));
    }
}

fn name(w: &mut Writer, id: u64, family: &str, given: &[&str], since: &str, (prefix, kind): (&str, &str)) {
    w.raw(r#"{"family":"#).text(family).raw(r#","given":"#).list(given).raw(r#","id":"#).id(id);
    w.raw(r#","period":{"start":"#).text(since).raw(r#"},"prefix":"#).list(&[prefix]);
    w.raw(r#","use":"#).text(kind).raw("}");
}

fn telecoms(w: &mut Writer, patient: &Patient, registered: &str) {
    let work = drama_number(hash(patient, Part::Work));
    for (part, system, place, value) in [
        (Part::Phone, "phone", "home", &patient.phone),
        (Part::Mobile, "phone", "mobile", &patient.mobile),
        (Part::Email, "email", "home", &patient.email),
        (Part::Work, "phone", "work", &work),
    ] {
        w.raw(r#"{"id":"#).id(hash(patient, part)).raw(r#","period":{"start":"#).text(registered);
        w.raw(r#"},"system":"#)
            .text(system)
            .raw(r#","use":"#)
            .text(place)
            .raw(r#","value":"#)
            .text(value)
            .raw("},");
    }
    w.raw(r#"{"extension":[{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-OtherContactSystem","valueCoding":{"code":"textphone","display":"Minicom (Textphone)","system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-OtherContactSystem"}}],"id":"#);
    w.id(hash(patient, Part::Textphone)).raw(r#","period":{"start":"#).text(registered);
    w.raw(r#"},"system":"other","use":"home","value":"#).text(&patient.phone).raw("}");
}

/// What an object id or address key is made for.
#[derive(Clone, Copy)]
enum Part {
    Home,
    Away,
    Billing,
    Contact,
    SecondContact,
    Practice,
    Preference,
    Name,
    Nickname,
    Maiden,
    Phone,
    Mobile,
    Email,
    Work,
    Textphone,
}

/// 64 bits that belong to a part of a person's record (MurmurHash3 fmix64 of NHS number and part).
fn hash(patient: &Patient, part: Part) -> u64 {
    let mut x = patient.nhs_number.value() ^ (part as u64 + 1) << 48;
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        x = (x ^ x >> 33).wrapping_mul(factor);
    }
    x ^ x >> 33
}

/// JSON by hand: structure through `raw`, values through the rest, which quote and escape.
struct Writer {
    out: String,
}

impl Writer {
    fn raw(&mut self, json: &str) -> &mut Self {
        self.out.push_str(json);
        self
    }

    fn text(&mut self, value: &str) -> &mut Self {
        self.out.push('"');
        if value.bytes().any(|b| b < 0x20 || matches!(b, b'"' | b'\\')) {
            for c in value.chars() {
                match c {
                    '"' | '\\' => self.out.extend(['\\', c]),
                    c if c < ' ' => {
                        self.display(format_args!("\\u{:04x}", u32::from(c)));
                    }
                    c => self.out.push(c),
                }
            }
        } else {
            self.out.push_str(value);
        }
        self.out.push('"');
        self
    }

    fn display(&mut self, value: impl std::fmt::Display) -> &mut Self {
        let _ = write!(self.out, "{value}"); // writing to a String cannot fail
        self
    }

    fn list(&mut self, values: &[&str]) -> &mut Self {
        for (i, value) in values.iter().enumerate() {
            self.raw(if i == 0 { "[" } else { "," }).text(value);
        }
        self.raw("]")
    }

    /// An object id: eight hexadecimal digits, quoted.
    fn id(&mut self, bits: u64) -> &mut Self {
        self.display(format_args!("\"{:08X}\"", bits >> 32))
    }

    /// Exactly `count` decimal digits.
    fn digits(&mut self, bits: u64, count: u32) -> &mut Self {
        self.display(format_args!("{:0width$}", bits % 10_u64.pow(count), width = count as usize))
    }

    /// Midnight of a day and the closing quote.
    fn date_time(&mut self, day: Date) -> &mut Self {
        self.display(day).raw(r#"T00:00:00+00:00""#)
    }
}
