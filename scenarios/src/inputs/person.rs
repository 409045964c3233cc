//! What a request says of a person: of the patient it is about, or of one whom no record knows yet. Called by `inputs` while
//! a request is rendered; it draws nobody whom no template asks for.

use super::Inputs;
use crate::time::padded;
use crate::variable::OfPatient;
use population::Patient;

impl Inputs<'_> {
    pub(super) fn write_patient(&mut self, of: OfPatient, out: &mut Vec<u8>) {
        let index = self.patient_index();
        let population = self.cx.population;
        write(self.patient.get_or_insert_with(|| population.patient(index)), of, out);
    }

    /// Each arrival has its own.
    pub(super) fn write_newborn(&mut self, of: OfPatient, out: &mut Vec<u8>) {
        let (population, n) = (self.cx.population, self.cx.seq);
        write(self.newborn.get_or_insert_with(|| population.newborn(n)), of, out);
    }
}

fn write(patient: &Patient, of: OfPatient, out: &mut Vec<u8>) {
    let born = patient.birth_date;
    out.extend_from_slice(
        match of {
            OfPatient::NhsNumber => return out.extend_from_slice(&patient.nhs_number.digits()),
            OfPatient::BirthYear => return padded(out, born.year() as u64, 4),
            OfPatient::BirthDate => {
                padded(out, born.year() as u64, 4);
                out.push(b'-');
                padded(out, born.month() as u64, 2);
                out.push(b'-');
                return padded(out, born.day() as u64, 2);
            }
            OfPatient::Title => patient.title,
            OfPatient::Given(n) => patient.given[n],
            OfPatient::Family => &patient.family,
            OfPatient::Gender => patient.gender,
            OfPatient::Address(n) => &patient.address_lines[n],
            OfPatient::Postcode => &patient.postcode,
            OfPatient::Phone => &patient.phone,
            OfPatient::Mobile => &patient.mobile,
            OfPatient::Email => &patient.email,
        }
        .as_bytes(),
    );
}
