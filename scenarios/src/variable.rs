//! The variables of templates: the closed list, what each is, and how its name is read. `template` parses with it, `inputs`
//! gives the values, the README's table is checked against it.

use crate::credentials::{FromMesh, Named, OfMesh};

/// A variable as the documentation lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VariableHelp {
    /// Its name; `N` and `NAME` stand for what the user chooses.
    pub name: &'static str,
    /// What it gives.
    pub what: &'static str,
}

const fn help(name: &'static str, what: &'static str) -> VariableHelp {
    VariableHelp { name, what }
}

/// All variables.
pub const VARIABLES: &[VariableHelp] = &[
    help("patient.nhs_number", "NHS number, ten digits"),
    help("patient.title", "title, e.g. Mrs"),
    help("patient.given.N", "given name 1 or 2"),
    help("patient.family", "family name"),
    help("patient.gender", "female or male"),
    help("patient.birth_date", "date of birth, yyyy-mm-dd"),
    help("patient.birth_year", "year of birth"),
    help("patient.address.N", "line 1 to 4: number and street, locality, town, county"),
    help("patient.postcode", "postcode"),
    help("patient.phone", "landline"),
    help("patient.mobile", "mobile"),
    help("patient.email", "e-mail address"),
    help("newborn.title", "the same of a person whom no record knows yet, another in every request"),
    help("newborn.given.N", "as above"),
    help("newborn.family", "as above"),
    help("newborn.gender", "as above"),
    help("newborn.birth_date", "date of birth in 2025, after all of the population"),
    help("newborn.birth_year", "as above"),
    help("newborn.address.N", "line 1 to 4"),
    help("newborn.postcode", "postcode"),
    help("newborn.phone", "landline"),
    help("newborn.mobile", "mobile"),
    help("newborn.email", "e-mail address"),
    help("practice.ods", "ODS code of the practice"),
    help("practice.name", "its name"),
    help("practice.address.N", "line 1 to 4"),
    help("practice.postcode", "postcode"),
    help("practice.phone", "telephone"),
    help("pharmacy.ods", "ODS code of the pharmacy"),
    help("pharmacy.name", "its name"),
    help("pharmacy.address.N", "line 1 to 4"),
    help("pharmacy.postcode", "postcode"),
    help("pharmacy.phone", "telephone"),
    help("organisation.ods", "ODS code of an organisation of any kind"),
    help("organisation.name", "its name"),
    help("organisation.address.N", "line 1 to 4"),
    help("organisation.postcode", "postcode"),
    help("organisation.phone", "telephone"),
    help("endpoint.ods", "ODS code of the organisation that runs the end point"),
    help("endpoint.asid", "accredited system id, 12 digits"),
    help("endpoint.party_key", "MHS party key"),
    help("endpoint.mailbox", "MESH mailbox"),
    help("endpoint.mailbox_password", "its password"),
    help("endpoint.cpa_id", "id of the agreement under which messages reach it"),
    help("endpoint.token", "access token of the system itself, without a user"),
    help("endpoint.interaction", "an interaction id it is accredited for"),
    help("recipient.ods", "the same of another end point than `endpoint`"),
    help("recipient.asid", "as above"),
    help("recipient.party_key", "as above"),
    help("recipient.mailbox", "as above"),
    help("recipient.mailbox_password", "as above"),
    help("recipient.cpa_id", "as above"),
    help("recipient.token", "as above"),
    help("recipient.interaction", "as above"),
    help("referral.ubrn", "booking reference of a referral to which `organisation` is a party, 12 digits"),
    help("session.token", "token of a live session"),
    help("session.user_id", "its user, 12 digits"),
    help("session.role_profile_id", "its role profile, 12 digits"),
    help("session.role_code", "its job role, e.g. R8000"),
    help("session.role_name", "what the code means"),
    help("session.ods", "where its user works"),
    help(
        "mesh.authorization",
        "NHSMESH token for the mailbox of [inputs] mailbox; not in [expect] and [capture]",
    ),
    help("uuid", "a fresh UUID at each place"),
    help("uuid.NAME", "one UUID of that name within the request"),
    help("uuid.upper.NAME", "the same UUID in upper case"),
    help("digits.N", "N fresh decimal digits"),
    help("hex.N", "N fresh hexadecimal digits in upper case"),
    help("text.N", "N bytes of synthetic clinical-looking prose"),
    help(
        "prescription.id",
        "a fresh EPS id of the practice with its check character; one within the request",
    ),
    help(
        "prescription.signature",
        "base64 of an XML signature with the digest of the order that the body is; in JSON bodies only",
    ),
    help("now", "the time, yyyy-mm-ddThh:mm:ss+00:00; not in [expect] and [capture]"),
    help("now.mesh", "the time, yyyymmddhhmm; not in [expect] and [capture]"),
    help("today", "the date, yyyy-mm-dd; not in [expect] and [capture]"),
    help("seq", "number of the arrival in the run, from 0"),
    help("credential.NAME", "a value of [credentials]; not in [expect] and [capture]"),
    help("capture.NAME", "what the interaction before left at the stage this one takes from"),
];

/// An attribute of a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OfPatient {
    NhsNumber,
    Title,
    Given(usize),
    Family,
    Gender,
    BirthDate,
    BirthYear,
    Address(usize),
    Postcode,
    Phone,
    Mobile,
    Email,
}

/// Which organisation is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Org {
    Practice,
    Pharmacy,
    Any,
}

/// An attribute of an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OfOrg {
    Ods,
    Name,
    Address(usize),
    Postcode,
    Phone,
}

/// An attribute of an end point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OfEndPoint {
    Ods,
    Asid,
    PartyKey,
    CpaId,
    Token,
    Mailbox,
    MailboxPassword,
    Interaction,
}

/// An attribute of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OfSession {
    Token,
    UserId,
    RoleProfileId,
    RoleCode,
    RoleName,
    Ods,
}

/// A variable; `place` numbers tell fresh values apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Variable {
    Patient(OfPatient),
    Newborn(OfPatient),
    Organisation(Org, OfOrg),
    EndPoint {
        recipient: bool,
        of: OfEndPoint,
    },
    Session(OfSession),
    MeshAuthorization,
    Uuid {
        place: u64,
        upper: bool,
    },
    Digits {
        place: u64,
        count: usize,
    },
    Hex {
        place: u64,
        count: usize,
    },
    Text {
        place: u64,
        bytes: usize,
    },
    PrescriptionId,
    PrescriptionSignature,
    ReferralUbrn,
    Now,
    NowMesh,
    Today,
    Seq,
    Credential(Named),
    /// Of the user's own mailbox; no name is read as this, a template gets it in exchange.
    OwnMesh(FromMesh),
    Capture(Box<str>),
}

/// Digits that one variable may ask for: longer identifiers do not exist.
const DIGITS_MAX: usize = 64;
/// Bytes of prose that one variable may ask for: 10 MB, above every published message limit but MESH's.
const TEXT_MAX: usize = 10_000_000;

impl Variable {
    /// Reads a name; `fresh` is the place to use if it asks for a fresh value.
    pub(crate) fn parse(name: &str, fresh: u64) -> Option<Variable> {
        if name.ends_with('.') {
            return None;
        }
        let (head, tail) = name.split_once('.').unwrap_or((name, ""));
        Some(match (head, tail) {
            ("uuid", "") => Variable::Uuid { place: fresh, upper: false },
            ("now", "") => Variable::Now,
            ("now", "mesh") => Variable::NowMesh,
            ("today", "") => Variable::Today,
            ("seq", "") => Variable::Seq,
            ("mesh", "authorization") => Variable::MeshAuthorization,
            ("prescription", "id") => Variable::PrescriptionId,
            ("prescription", "signature") => Variable::PrescriptionSignature,
            ("referral", "ubrn") => Variable::ReferralUbrn,
            ("uuid", named) => {
                let (upper, name) = named.strip_prefix("upper.").map_or((false, named), |name| (true, name));
                Variable::Uuid { place: crate::draw::name_of(word(name)?), upper }
            }
            ("digits", n) => Variable::Digits { place: fresh, count: number(n, DIGITS_MAX)? },
            ("hex", n) => Variable::Hex { place: fresh, count: number(n, DIGITS_MAX)? },
            ("text", n) => Variable::Text { place: fresh, bytes: number(n, TEXT_MAX)? },
            ("credential", name) => Variable::Credential(Named { name: word(name)?.into(), cell: None }),
            ("capture", name) => Variable::Capture(word(name)?.into()),
            ("patient", of) => Variable::Patient(OfPatient::parse(of)?),
            // Whom no record knows has no number yet.
            ("newborn", of) => {
                Variable::Newborn(OfPatient::parse(of).filter(|of| *of != OfPatient::NhsNumber)?)
            }
            ("practice" | "pharmacy" | "organisation", of) => {
                let org = match head {
                    "practice" => Org::Practice,
                    "pharmacy" => Org::Pharmacy,
                    _ => Org::Any,
                };
                let of = match of {
                    "ods" => OfOrg::Ods,
                    "name" => OfOrg::Name,
                    "postcode" => OfOrg::Postcode,
                    "phone" => OfOrg::Phone,
                    _ => OfOrg::Address(number(of.strip_prefix("address.")?, 4)? - 1),
                };
                Variable::Organisation(org, of)
            }
            ("endpoint" | "recipient", of) => Variable::EndPoint {
                recipient: head == "recipient",
                of: match of {
                    "ods" => OfEndPoint::Ods,
                    "asid" => OfEndPoint::Asid,
                    "party_key" => OfEndPoint::PartyKey,
                    "cpa_id" => OfEndPoint::CpaId,
                    "token" => OfEndPoint::Token,
                    "mailbox" => OfEndPoint::Mailbox,
                    "mailbox_password" => OfEndPoint::MailboxPassword,
                    "interaction" => OfEndPoint::Interaction,
                    _ => return None,
                },
            },
            ("session", of) => Variable::Session(match of {
                "token" => OfSession::Token,
                "user_id" => OfSession::UserId,
                "role_profile_id" => OfSession::RoleProfileId,
                "role_code" => OfSession::RoleCode,
                "role_name" => OfSession::RoleName,
                "ods" => OfSession::Ods,
                _ => return None,
            }),
            _ => return None,
        })
    }

    /// True when the value depends on the clock.
    pub(crate) fn is_time(&self) -> bool {
        match self {
            Variable::OwnMesh(from) => from.of == OfMesh::Authorization,
            _ => matches!(
                self,
                Variable::Now | Variable::NowMesh | Variable::Today | Variable::MeshAuthorization
            ),
        }
    }

    /// True when no value of it ever needs escaping, wherever it may stand.
    pub(crate) fn is_safe(&self) -> bool {
        matches!(
            self,
            Variable::Uuid { .. }
                | Variable::Digits { .. }
                | Variable::Hex { .. }
                | Variable::Seq
                | Variable::PrescriptionSignature
                | Variable::Today
                | Variable::NowMesh
                | Variable::Patient(OfPatient::NhsNumber | OfPatient::BirthDate | OfPatient::BirthYear)
                | Variable::Newborn(OfPatient::BirthDate | OfPatient::BirthYear)
                | Variable::Session(OfSession::Token)
        )
    }
}

impl OfPatient {
    fn parse(of: &str) -> Option<OfPatient> {
        Some(match of {
            "nhs_number" => OfPatient::NhsNumber,
            "title" => OfPatient::Title,
            "family" => OfPatient::Family,
            "gender" => OfPatient::Gender,
            "birth_date" => OfPatient::BirthDate,
            "birth_year" => OfPatient::BirthYear,
            "postcode" => OfPatient::Postcode,
            "phone" => OfPatient::Phone,
            "mobile" => OfPatient::Mobile,
            "email" => OfPatient::Email,
            _ => match of.split_once('.')? {
                ("given", n) => OfPatient::Given(number(n, 2)? - 1),
                ("address", n) => OfPatient::Address(number(n, 4)? - 1),
                _ => return None,
            },
        })
    }
}

/// A number from 1 to `most`.
fn number(text: &str, most: usize) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse::<usize>().ok())?.filter(|n| (1..=most).contains(n))
}

/// A name that a user chose: letters, digits, hyphens and underscores.
pub(crate) fn word(text: &str) -> Option<&str> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (!text.is_empty() && text.bytes().all(fits)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_variable_is_read_and_others_are_not() {
        for variable in VARIABLES {
            let name = variable.name.replace("NAME", "mine");
            let name = name.strip_suffix(".N").map_or(name.clone(), |stem| format!("{stem}.2"));
            assert!(Variable::parse(&name, 1).is_some(), "{name}");
        }
        for name in [
            "",
            "patient",
            "patient.",
            "patient.nhs",
            "patient.given.3",
            "newborn.nhs_number",
            "newborn",
            "patient.address.0",
            "uuid.",
            "uuid.a b",
            "digits",
            "digits.x",
            "digits.0",
            "digits.65",
            "text.99999999",
            "capture.",
            "credential",
            "credential.",
            "credential.a b",
            "now.then",
            "Patient.family",
            "uuid.upper.",
        ] {
            assert_eq!(Variable::parse(name, 1), None, "{name}");
        }
    }

    #[test]
    fn the_readme_lists_every_variable() {
        let readme = include_str!("../README.md");
        for variable in VARIABLES {
            assert!(readme.contains(&format!("`{}`", variable.name)), "README lacks {}", variable.name);
        }
    }
}
