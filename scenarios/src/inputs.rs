//! The values of one request's variables: which patient, practice, pharmacy, end point and session it is about. Each is
//! drawn from the population when a template first asks for it, and not at all when none does. Everything is a function of
//! (seed, arrival number, ordinal, hand-over, time).

mod given;
mod mesh;
mod person;
mod session;
mod speaker;

pub use speaker::Speaker;

use crate::draw::{Draw, name_of};
use crate::prose::Fill;
use crate::signature;
use crate::stage::HandOver;
use crate::time::{Moment, plain};
use crate::variable::{OfEndPoint, OfOrg, OfPatient, Org, Variable};
use population::{
    OrgKind, Organisation, Patient, Population, STREAM_PHARMACY, Session, Short, mod37_2_check,
};

/// Inputs that are settled before the interaction's own rules choose: by a journey, whose steps are about the same person,
/// or by a row of a trace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Given {
    /// Index of the patient.
    pub patient: Option<u64>,
    /// Index of the organisation that the request acts for.
    pub organisation: Option<u32>,
    /// Index of the end point.
    pub endpoint: Option<u32>,
}

/// What a request is made from.
#[derive(Debug, Clone, Copy)]
pub struct RenderContext<'a> {
    /// The population that the hub was seeded with.
    pub population: &'a Population,
    /// The scenario's seed.
    pub seed: u64,
    /// Number of the arrival in the run, from 0.
    pub seq: u64,
    /// Number of the arrival among those of its interaction, from 0.
    pub ordinal: u64,
    /// What was taken from a stage, for interactions that take.
    pub taken: Option<&'a HandOver>,
    /// What is settled beforehand; the default settles nothing.
    pub given: Given,
    /// The time at which it is sent.
    pub now: jiff::Timestamp,
    /// Host and port for the `Host` header.
    pub host: &'a str,
}

/// How one input is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Each in turn in a pseudo-random order, none twice before all were used.
    Each,
    /// By chance, repeats included.
    Random,
    /// Of the hand-over.
    Capture,
    /// Of the patient: the practice of registration, the pharmacy that was nominated.
    Patient,
    /// The pharmacy whose turn in `each` comes after those that the backlog supplies, two arrivals for each.
    Ahead,
    /// The end point's mailbox.
    EndPoint,
    /// The recipient's mailbox.
    Recipient,
    /// A session of the organisation that the request acts for.
    ActsFor(Actor),
}

/// For whom a request acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    Organisation(Org),
    /// The organisation that runs the end point.
    EndPoint,
}

/// How all inputs of an interaction are chosen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub patient: Rule,
    pub practice: Rule,
    pub pharmacy: Rule,
    pub organisation: Rule,
    pub endpoint: Rule,
    pub session: Rule,
    pub mailbox: Rule,
    /// Takes from no stage, so that in a journey it follows what the journey hands on.
    pub takes_nothing: bool,
    /// What it takes names the person it is about.
    pub takes_person: bool,
    /// Keeps the order of `each` and the chance of one interaction apart from another's.
    pub stream: u64,
}

/// Places of the draws that choose inputs; far from FNV names by being tiny.
const DRAW_PATIENT: u64 = 1;
const DRAW_ORG: u64 = 2; // and the next two, one for each kind
const DRAW_ENDPOINT: u64 = 5;
const DRAW_RECIPIENT: u64 = 6;
const DRAW_SESSION: u64 = 7;
const DRAW_NONCE: u64 = 8;
const DRAW_PRESCRIPTION: u64 = 9;
const DRAW_SERVED: u64 = 10;

/// The inputs of one request.
pub(crate) struct Inputs<'a> {
    cx: &'a RenderContext<'a>,
    rules: &'a Rules,
    draw: Draw,
    patient_index: Option<u64>,
    patient: Option<Patient>,
    newborn: Option<Patient>,
    ods: [Option<Short>; 3],
    organisations: [Option<Organisation>; 3],
    mailboxes: [Option<Short>; 2],
    session_index: Option<u32>,
    session: Option<Session>,
    moment: Option<Moment>,
    /// Where in the request signatures stand, which are made when the body is whole.
    pub(crate) signatures: Vec<usize>,
    /// Where long texts go that need not be copied; `None` where all of a request has to lie together.
    pub(crate) fills: Option<&'a mut Vec<Fill>>,
}

impl<'a> Inputs<'a> {
    /// The inputs of an interaction for one arrival; nothing is drawn yet.
    pub(crate) fn new(cx: &'a RenderContext<'a>, rules: &'a Rules) -> Self {
        Inputs {
            cx,
            rules,
            draw: Draw::new(cx.seed, cx.seq, rules.stream),
            patient_index: None,
            patient: None,
            newborn: None,
            ods: [None, None, None],
            organisations: [None, None, None],
            mailboxes: [None, None],
            session_index: None,
            session: None,
            moment: None,
            signatures: Vec::new(),
            fills: None,
        }
    }

    /// What the request is made from.
    pub(crate) fn context(&self) -> &'a RenderContext<'a> {
        self.cx
    }

    /// Appends a variable's value, not escaped.
    pub(crate) fn write(&mut self, variable: &Variable, out: &mut Vec<u8>) {
        match variable {
            Variable::Patient(OfPatient::NhsNumber) => {
                let index = self.patient_index();
                out.extend_from_slice(&self.cx.population.nhs_number(index).digits());
            }
            Variable::Patient(of) => self.write_patient(*of, out),
            Variable::Newborn(of) => self.write_newborn(*of, out),
            Variable::Organisation(org, OfOrg::Ods) => out.extend_from_slice(self.ods(*org).as_bytes()),
            Variable::Organisation(org, of) => {
                let found = self.organisation(*org);
                out.extend_from_slice(match of {
                    OfOrg::Ods => found.ods.as_bytes(),
                    OfOrg::Name => found.name.as_bytes(),
                    OfOrg::Address(line) => found.address.lines[*line].as_bytes(),
                    OfOrg::Postcode => found.address.postcode.as_bytes(),
                    OfOrg::Phone => found.phone.as_bytes(),
                });
            }
            Variable::EndPoint { recipient, of } => {
                let (population, index) = (self.cx.population, self.endpoint_of(*recipient));
                let text = match of {
                    OfEndPoint::CpaId => population.short_cpa_id(index),
                    OfEndPoint::Token => population.short_endpoint_token(index),
                    OfEndPoint::Ods => population.short_endpoint_ods(index),
                    OfEndPoint::Asid => population.short_asid(index),
                    OfEndPoint::PartyKey => population.short_party_key(index),
                    OfEndPoint::Mailbox => self.mailbox(*recipient),
                    OfEndPoint::MailboxPassword => population.short_mailbox_password(index),
                    OfEndPoint::Interaction => {
                        let all = population.interactions_of(index);
                        let served = self.draw.bits(DRAW_SERVED, 0) as usize;
                        return out.extend_from_slice(all[served % all.len()].as_bytes());
                    }
                };
                out.extend_from_slice(text.as_bytes());
            }
            Variable::Session(of) => self.write_session(*of, out),
            Variable::MeshAuthorization => self.write_mesh(out),
            Variable::OwnMesh(from) => self.write_own_mesh(from, out),
            Variable::Credential(named) => {
                if let Some(cell) = &named.cell {
                    cell.write(out);
                }
            }
            Variable::Uuid { place, upper } => uuid(out, self.draw, *place, *upper),
            Variable::Digits { place, count } => self.characters(out, *place, *count, b"0123456789"),
            Variable::Hex { place, count } => self.characters(out, *place, *count, b"0123456789ABCDEF"),
            Variable::Text { place, bytes } => {
                crate::prose::write(out, self.draw.bits(*place, 0), *bytes, self.fills.as_deref_mut());
            }
            Variable::PrescriptionId => self.write_prescription_id(out),
            Variable::PrescriptionSignature => {
                self.signatures.push(out.len());
                signature::write_placeholder(out);
            }
            Variable::ReferralUbrn => {
                let organisation = self.rank(Org::Any);
                out.extend_from_slice(self.cx.population.ubrn(organisation).as_bytes());
            }
            Variable::Now => self.moment().instant(out),
            Variable::NowMesh => self.moment().mesh(out),
            Variable::Today => self.moment().date(out),
            Variable::Seq => plain(out, self.cx.seq),
            Variable::Capture(name) => out.extend_from_slice(self.captured(name).as_bytes()),
        }
    }

    fn captured(&self, name: &str) -> &'a str {
        self.cx.taken.and_then(|t| t.get(name)).unwrap_or("")
    }

    fn moment(&mut self) -> Moment {
        *self.moment.get_or_insert_with(|| Moment::of(self.cx.now))
    }

    /// Rank of the practice or pharmacy among its kind, or index of any organisation.
    fn rank(&mut self, org: Org) -> u32 {
        let population = self.cx.population;
        let (rule, count, stream) = match org {
            Org::Practice => {
                (self.rules.practice, population.organisation_count(OrgKind::GpPractice), self.rules.stream)
            }
            // Pharmacies come in the order in which the backlog lies ready for them.
            Org::Pharmacy => {
                (self.rules.pharmacy, population.organisation_count(OrgKind::Pharmacy), STREAM_PHARMACY)
            }
            Org::Any => (self.rules.organisation, population.sizes().organisations, self.rules.stream),
        };
        if let Some(rank) = self.given_rank(org) {
            return rank;
        }
        let ordinal = self.cx.ordinal;
        let rank = match self.settled_rule(rule, org) {
            Rule::Patient => {
                let patient = self.patient_index();
                return match org {
                    Org::Pharmacy => population.nominated_pharmacy_rank(patient),
                    _ => population.practice_rank(patient),
                };
            }
            Rule::Random => self.draw.below(DRAW_ORG + org as u64, count.into()),
            Rule::Ahead => {
                population.permuted(population.backlog().nominated / 2 + ordinal / 2, count.into(), stream)
            }
            _ => population.permuted(ordinal, count.into(), stream),
        };
        rank as u32
    }

    fn ods(&mut self, org: Org) -> &str {
        let rule = match org {
            Org::Practice => self.rules.practice,
            Org::Pharmacy => self.rules.pharmacy,
            Org::Any => self.rules.organisation,
        };
        if rule == Rule::Capture {
            return self.captured(if org == Org::Pharmacy { "pharmacy" } else { "practice" });
        }
        let slot = org as usize;
        if self.ods[slot].is_none() && self.organisations[slot].is_none() && org != Org::Any {
            let rank = self.rank(org);
            let kind = if org == Org::Pharmacy { OrgKind::Pharmacy } else { OrgKind::GpPractice };
            let population = self.cx.population;
            self.ods[slot] = Some(population.short_ods(population.organisation_index(kind, rank)));
        }
        if self.ods[slot].is_none() {
            self.organisation(org);
        }
        match (&self.ods[slot], &self.organisations[slot]) {
            (Some(ods), _) => ods,
            (None, Some(found)) => &found.ods,
            (None, None) => "",
        }
    }

    fn organisation(&mut self, org: Org) -> &Organisation {
        let slot = org as usize;
        let found = match self.organisations[slot].take() {
            Some(found) => found,
            None => {
                let rank = self.rank(org);
                let population = self.cx.population;
                match org {
                    Org::Practice => population.organisation_of(OrgKind::GpPractice, rank),
                    Org::Pharmacy => population.organisation_of(OrgKind::Pharmacy, rank),
                    Org::Any => population.organisation(rank),
                }
            }
        };
        self.organisations[slot].insert(found)
    }

    /// Six hexadecimal digits, the practice's code, five more, the check character: 44 bits of chance beside the code.
    fn write_prescription_id(&mut self, out: &mut Vec<u8>) {
        let bits = self.draw.bits(DRAW_PRESCRIPTION, 0);
        let mut plain = [b'0'; 17];
        let (first, last) = plain.split_at_mut(12);
        for (i, place) in first[..6].iter_mut().chain(last).enumerate() {
            *place = b"0123456789ABCDEF"[(bits >> (i * 4)) as usize & 15];
        }
        let ods = self.ods(Org::Practice).as_bytes();
        let ods = &ods[..ods.len().min(6)];
        plain[12 - ods.len()..12].copy_from_slice(ods);
        plain.make_ascii_uppercase();
        let check = std::str::from_utf8(&plain).map_or('0', mod37_2_check);
        for part in [&plain[..6], b"-", &plain[6..12], b"-", &plain[12..]] {
            out.extend_from_slice(part);
        }
        out.push(check as u8);
    }

    fn characters(&self, out: &mut Vec<u8>, place: u64, count: usize, alphabet: &[u8]) {
        for i in 0..count as u64 {
            let bits = self.draw.bits(place, i);
            out.push(alphabet[((u128::from(bits) * alphabet.len() as u128) >> 64) as usize]);
        }
    }
}

/// A version-4 shaped UUID.
fn uuid(out: &mut Vec<u8>, draw: Draw, place: u64, upper: bool) {
    let high = draw.bits(place, 0) & !0xf000 | 0x4000;
    let low = draw.bits(place, 1) & (u64::MAX >> 2) | 1 << 63;
    let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    let mut text = [b'-'; 36];
    let mut at = 0;
    for word in [high, low] {
        for shift in (0..16).rev() {
            if matches!(at, 8 | 13 | 18 | 23) {
                at += 1;
            }
            text[at] = digits[(word >> (shift * 4)) as usize & 15];
            at += 1;
        }
    }
    out.extend_from_slice(&text);
}

/// The stream of an interaction's name.
pub(crate) fn stream_of(interaction: &str) -> u64 {
    name_of(interaction)
}
