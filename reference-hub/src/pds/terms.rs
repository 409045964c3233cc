//! The published names: extension URLs, code systems and closed lists of the PDS Patient profile. Data only.

/// Nominated pharmacy.
pub(super) const NOMINATED_PHARMACY: &str =
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NominatedPharmacy";
/// Dispensing doctor.
pub(super) const DISPENSING_DOCTOR: &str =
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-PreferredDispenserOrganization";
/// Medical appliance supplier.
pub(super) const APPLIANCE_SUPPLIER: &str =
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-MedicalApplianceSupplier";
/// Death notification status.
pub(super) const DEATH_NOTIFICATION: &str =
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeathNotificationStatus";
/// Language and need of an interpreter.
pub(super) const COMMUNICATION: &str =
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSCommunication";
/// How the patient likes to be reached.
pub(super) const CONTACT_PREFERENCE: &str =
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-ContactPreference";
/// Place of birth.
pub(super) const BIRTH_PLACE: &str = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace";
/// Removal from registration; read only.
pub(super) const REMOVAL: &str =
    "https://fhir.nhs.uk/StructureDefinition/Extension-PDS-RemovalFromRegistration";

/// Key of an address in a national gazetteer, within an address.
pub(super) const ADDRESS_KEY: &str =
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AddressKey";
/// Who allocates an NHS number; in a creation only.
pub(super) const REGISTERING_AUTHORITY: &str =
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-RegisteringAuthority";
/// A related person is copied in on letters.
pub(super) const COPY_CORRESPONDENCE: &str =
    "https://fhir.nhs.uk/R4/StructureDefinition/Extension-UKCore-CopyCorrespondenceIndicator";
/// In which order related persons are tried.
pub(super) const CONTACT_RANK: &str =
    "https://fhir.nhs.uk/R4/StructureDefinition/Extension-UKCore-ContactRank";

/// Extensions that a creation takes and does not keep (published).
pub(super) const NOT_PERSISTED: [&str; 8] = [
    BIRTH_PLACE,
    DEATH_NOTIFICATION,
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-BirthSex",
    "http://hl7.org/fhir/StructureDefinition/patient-cadavericDonor",
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EthnicCategory",
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-ResidentialStatus",
    "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired",
    NHS_NUMBER_UNAVAILABLE,
];
/// Why a person had no NHS number; in a creation only.
const NHS_NUMBER_UNAVAILABLE: &str =
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberUnavailableReason";

/// Extensions that a restricted patient's record does not show.
pub(super) const LOCATION_EXTENSIONS: [&str; 4] =
    [NOMINATED_PHARMACY, DISPENSING_DOCTOR, APPLIANCE_SUPPLIER, BIRTH_PLACE];

/// NHS number identifier system.
pub(super) const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";
/// ODS code identifier system.
pub(super) const ODS: &str = "https://fhir.nhs.uk/Id/ods-organization-code";

/// Descriptions that a temporary address may have.
pub(super) const TEMPORARY_ADDRESSES: [&str; 7] = [
    "Second Home",
    "Student Accommodation",
    "Respite Care Address",
    "Temporary Residence Address",
    "Convalescence Home",
    "Mobile Home",
    "Holiday Home",
];

/// Elements of a record that a healthcare worker may update.
pub(super) const UPDATABLE: [&str; 11] = [
    "address",
    "birthDate",
    "contact",
    "deceasedDateTime",
    "extension",
    "gender",
    "generalPractitioner",
    "managingOrganization",
    "multipleBirthInteger",
    "name",
    "telecom",
];

/// Elements of a record that an update may look at, ascending.
pub(super) const ELEMENTS: [&str; 12] = [
    "address",
    "birthDate",
    "contact",
    "deceasedDateTime",
    "extension",
    "gender",
    "generalPractitioner",
    "id",
    "managingOrganization",
    "multipleBirthInteger",
    "name",
    "telecom",
];

/// Elements that are lists whose items have an object id (or, for `extension`, a URL).
pub(super) const LISTS: [&str; 6] =
    ["address", "contact", "extension", "generalPractitioner", "name", "telecom"];

/// Where a record is found, as published: the base of `fullUrl`.
pub(super) const PATIENT_URL: &str = "https://api.service.nhs.uk/personal-demographics/FHIR/R4/Patient/";

/// The base of all published addresses.
pub(super) const BASE_URL: &str = "https://api.service.nhs.uk/personal-demographics/FHIR/R4/";

/// The display of a language code that the synthetic population uses.
pub(super) fn language_name(code: &str) -> &'static str {
    match code {
        "ar" => "Arabic",
        "bn" => "Bengali",
        "fr" => "French",
        "gu" => "Gujarati",
        "pa" => "Panjabi",
        "pl" => "Polish",
        "pt" => "Portuguese",
        "so" => "Somali",
        "ur" => "Urdu",
        _ => "Other language",
    }
}
