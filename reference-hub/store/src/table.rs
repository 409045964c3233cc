//! The closed list of tables. An engine maps each to its own keyspace; a new table is one row here.

/// A table of the hub's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// NHS number -> FHIR Patient document.
    Patients,
    /// Search index: `FAMILY|yyyy-mm-dd|gender|nhs` -> empty.
    PatientIndex,
    /// Prescription short id -> prescription record.
    Prescriptions,
    /// `pharmacy ODS|prescription short id` -> empty: nominated and waiting for release.
    PharmacyQueue,
    /// Claim id -> claim record.
    Claims,
    /// `NHS number|composition id` -> Summary Care Record bundle.
    Summaries,
    /// `NHS number|time in ms, 14 digits|event id` -> change of permission or access alert of a summary.
    SummaryEvents,
    /// Mailbox id -> mailbox record.
    Mailboxes,
    /// MESH message id -> message metadata.
    Messages,
    /// `message id|chunk number` -> chunk bytes or blob reference.
    Chunks,
    /// `mailbox|message id` -> empty: delivered and not acknowledged.
    Inbox,
    /// `mailbox|local id|message id` -> empty: for tracking by local id.
    LocalIds,
    /// Directory look-up key -> device or end point record.
    Directory,
    /// Session token -> session record.
    Sessions,
    /// Idempotency key -> stored answer.
    Idempotency,
    /// Sequence number (big endian) -> audit event.
    Audit,
    /// Last sequence number of a batch (big endian) -> chain link.
    Chain,
    /// Facts about this data folder (format version, population).
    Meta,
    /// `due time in ms (big endian)|kind|id` -> empty or what is to be done: what time itself brings about.
    Timers,
    /// `NHS number|related person id` -> FHIR RelatedPerson.
    RelatedPersons,
    /// `NHS number|coverage id` -> FHIR Coverage.
    Coverages,
    /// NHS number -> what the patient consents to: having a summary, and its being viewed.
    Permissions,
    /// GP2GP and other forward-reliable messages: message id -> record.
    Transfers,
    /// e-RS: referral id -> record.
    Referrals,
    /// Client id -> registered application: its public keys and its organisation.
    Clients,
}

impl Table {
    /// The table's place in [`TABLES`], for arrays that hold something for every table.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The stable name on disk.
    pub fn name(self) -> &'static str {
        TABLES[self.index()].1
    }
}

/// Every table with its stable name on disk.
pub const TABLES: &[(Table, &str)] = &[
    (Table::Patients, "patients"),
    (Table::PatientIndex, "patient-index"),
    (Table::Prescriptions, "prescriptions"),
    (Table::PharmacyQueue, "pharmacy-queue"),
    (Table::Claims, "claims"),
    (Table::Summaries, "summaries"),
    (Table::SummaryEvents, "summary-events"),
    (Table::Mailboxes, "mailboxes"),
    (Table::Messages, "messages"),
    (Table::Chunks, "chunks"),
    (Table::Inbox, "inbox"),
    (Table::LocalIds, "local-ids"),
    (Table::Directory, "directory"),
    (Table::Sessions, "sessions"),
    (Table::Idempotency, "idempotency"),
    (Table::Audit, "audit"),
    (Table::Chain, "chain"),
    (Table::Meta, "meta"),
    (Table::Timers, "timers"),
    (Table::RelatedPersons, "related-persons"),
    (Table::Coverages, "coverages"),
    (Table::Permissions, "permissions"),
    (Table::Transfers, "transfers"),
    (Table::Referrals, "referrals"),
    (Table::Clients, "clients"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_stands_at_its_index_under_a_name_of_its_own() {
        let mut names = std::collections::BTreeSet::new();
        for (i, (table, name)) in TABLES.iter().enumerate() {
            assert_eq!(table.index(), i, "{name}");
            assert!(names.insert(*name), "{name} stands twice");
        }
    }
}
