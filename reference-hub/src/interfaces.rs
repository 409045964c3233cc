//! The published interfaces in one slice, and the rows they fill a new store with. A new interface is a module, a row of
//! [`INTERFACES`] and, when it keeps state, rows of [`SEEDS`].

use crate::domain::Interface;
use crate::seed::{Seed, SeedRow};
use crate::{cis, dbs, eps, ers, mesh, nems, pds, scr, sds, ssp, systems, transfer};

/// All interfaces, the busiest first (routing looks in this order).
pub const INTERFACES: &[&Interface] = &[
    &pds::INTERFACE,
    &eps::INTERFACE,
    &mesh::INTERFACE,
    &scr::INTERFACE,
    &sds::INTERFACE,
    &cis::INTERFACE,
    &ers::INTERFACE,
    &ssp::INTERFACE,
    &transfer::INTERFACE,
    &nems::INTERFACE,
    &dbs::INTERFACE,
];

/// What fills a new store, in this order.
pub const SEEDS: &[Seed] = &[
    Seed { what: "patients", rows: pds::seed::patients },
    Seed { what: "the patient index", rows: pds::seed::patient_index },
    Seed { what: "former NHS numbers", rows: pds::seed::former_numbers },
    Seed { what: "related people", rows: pds::seed::related_persons },
    Seed { what: "coverage", rows: pds::seed::coverages },
    Seed { what: "the directory", rows: sds::seed::directory },
    Seed { what: "sessions", rows: cis::seed::sessions },
    Seed { what: "systems by ASID", rows: systems::asid_rows },
    Seed { what: "sessions of systems", rows: systems::session_rows },
    Seed { what: "record transfers", rows: transfer::seed::conversations },
    Seed { what: "referrals", rows: ers::seed_rows },
    Seed { what: "prescriptions", rows: eps::seed_rows },
    Seed { what: "summaries", rows: scr::seed_rows },
    Seed { what: "mailboxes", rows: |p| Box::new(mesh::seed::mailbox_rows(p)) },
    Seed { what: "messages", rows: |p| Box::new(mesh::seed::message_rows(p)) },
    Seed { what: "message contents", rows: |p| Box::new(mesh::seed::chunk_rows(p)) },
    Seed { what: "inboxes", rows: |p| Box::new(mesh::seed::inbox_rows(p)) },
];

/// What the open sandbox has besides: published patients, their summaries, systems of the directory, and mailboxes.
pub fn sandbox_rows() -> Vec<SeedRow> {
    let mut rows = pds::sandbox_rows();
    rows.extend(scr::sandbox_rows());
    rows.extend(sds::seed::sandbox_rows());
    rows.extend(mesh::seed::sandbox_rows());
    rows.extend(systems::sandbox_rows());
    rows.extend(ers::sandbox_rows());
    rows
}
