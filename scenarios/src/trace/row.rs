//! One row of recorded traffic: which columns there are and what their values mean. Called by the check when a scenario is
//! loaded and by the reader while it is replayed, so that both read alike. It allocates for what is wrong and for nothing else.

use crate::draw::name_of_bytes;
use crate::inputs::Given;
use csv::ByteRecord;
use population::{NhsNumber, OrgKind, Population};

/// Columns of a trace. One of the offsets and `interaction` have to be there.
pub(crate) const COLUMNS: [&str; 9] = [
    "offset_ns",
    "offset_us",
    "offset_ms",
    "offset_s",
    "interaction",
    "organisation",
    "patient",
    "endpoint",
    "status",
];
/// Nanoseconds in the unit of each of the offsets, which are the first columns.
const UNITS_NS: [u64; 4] = [1, 1_000, 1_000_000, 1_000_000_000];
/// Latest offset: a year, as everywhere in a scenario. Its nanoseconds fit 64 bits 500 times over.
const OFFSET_MAX_NS: u64 = 366 * 86_400 * 1_000_000_000;
/// Characters of a value that a fault shows: enough to find it, too few to fill a screen.
const SHOWN_MAX: usize = 60;
/// Longest code of an organisation, bytes: what the reference hub keeps in an audit event.
const CODE_BYTES_MAX: usize = 64;
/// Highest HTTP status; 0 is a request that got no answer.
const STATUS_MAX: u64 = 599;

/// Something wrong in a row or in the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bad {
    /// The column.
    pub what: &'static str,
    pub problem: &'static str,
    pub got: String,
    pub allowed: &'static str,
}

impl Bad {
    fn new(what: &'static str, problem: &'static str, got: &[u8], allowed: &'static str) -> Self {
        Bad { what, problem, got: shown(got), allowed }
    }
}

/// A value as a fault shows it: one line, not too long.
pub(crate) fn shown(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let mut short: String =
        text.chars().take(SHOWN_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > SHOWN_MAX {
        short.push_str("...");
    }
    short
}

/// Where the columns stand.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    offset: usize,
    unit_ns: u64,
    interaction: usize,
    organisation: Option<usize>,
    patient: Option<usize>,
    endpoint: Option<usize>,
    status: Option<usize>,
    width: usize,
}

/// A row as read; the name is still a text of the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'r> {
    pub offset_ns: u64,
    pub name: &'r [u8],
    pub given: Given,
}

impl Columns {
    /// Reads the header.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) fn of(header: &ByteRecord) -> Result<Columns, Vec<Bad>> {
        let mut bad = Vec::new();
        let names: Vec<&[u8]> = header.iter().map(<[u8]>::trim_ascii).collect();
        for (at, name) in names.iter().enumerate() {
            if !COLUMNS.iter().any(|c| c.as_bytes() == *name) {
                let allowed =
                    "offset_ns (or _us, _ms, _s), interaction, organisation, patient, endpoint, status";
                bad.push(Bad::new("", "unknown column", name, allowed));
            } else if names[..at].contains(name) {
                bad.push(Bad::new("", "column stands twice", name, "each column once"));
            }
        }
        let at = |column: &str| names.iter().position(|name| *name == column.as_bytes());
        let offsets: Vec<(usize, u64)> =
            COLUMNS.iter().zip(UNITS_NS).filter_map(|(c, unit_ns)| Some((at(c)?, unit_ns))).collect();
        let form = "one of offset_ns, offset_us, offset_ms, offset_s";
        if offsets.len() != 1 {
            let got = if offsets.is_empty() { "none" } else { "several" };
            bad.push(Bad::new("offset", "not one column of offsets", got.as_bytes(), form));
        }
        if at("interaction").is_none() {
            bad.push(Bad::new("interaction", "column is missing", b"", "a column interaction"));
        }
        match (offsets.first(), at("interaction")) {
            (Some(&(offset, unit_ns)), Some(interaction)) if bad.is_empty() => Ok(Columns {
                offset,
                unit_ns,
                interaction,
                organisation: at("organisation"),
                patient: at("patient"),
                endpoint: at("endpoint"),
                status: at("status"),
                width: names.len(),
            }),
            _ => Err(bad),
        }
    }

    /// Reads a row that does not come before `after_ns`; what is wrong with it goes to `bad`.
    pub(crate) fn row<'r>(
        &self,
        record: &'r ByteRecord,
        after_ns: u64,
        population: &Population,
        bad: &mut Vec<Bad>,
    ) -> Option<Row<'r>> {
        if record.len() != self.width {
            let problem = "row has another number of fields than the header";
            bad.push(Bad::new("", problem, record.len().to_string().as_bytes(), "as many as the header"));
            return None;
        }
        let before = bad.len();
        let field = |at: usize| record.get(at).map_or(&b""[..], <[u8]>::trim_ascii);
        let present = |at: Option<usize>| at.map(field).filter(|value| !value.is_empty());
        let offset_ns = offset_ns(field(self.offset), self.unit_ns);
        match offset_ns {
            None => {
                let allowed = "a number without sign, of whole nanoseconds, a year at most";
                bad.push(Bad::new("offset", "not an offset", field(self.offset), allowed));
            }
            Some(ns) if ns < after_ns => {
                let allowed = "rows in the order of time";
                bad.push(Bad::new("offset", "earlier than the row before", field(self.offset), allowed));
            }
            Some(_) => {}
        }
        let name = field(self.interaction);
        let mut given = Given::default();
        if let Some(code) = present(self.organisation) {
            match acting(code, population) {
                Some(found) => given = found,
                None => {
                    let allowed = "an ODS code or a MESH mailbox of 64 letters, digits, - . _ at most";
                    bad.push(Bad::new("organisation", "not a code of an organisation", code, allowed));
                }
            }
        }
        if let Some(number) = present(self.patient) {
            given.patient = patient(number, population, bad);
        }
        if let Some(asid) = present(self.endpoint) {
            given.endpoint = endpoint(asid, population);
            if given.endpoint.is_none() {
                let allowed = "an accredited system id of 12 digits";
                bad.push(Bad::new("endpoint", "not an end point", asid, allowed));
            }
        }
        if let Some(status) = present(self.status)
            && whole(status).is_none_or(|n| n > STATUS_MAX)
        {
            bad.push(Bad::new("status", "not a status", status, "0 to 599"));
        }
        (bad.len() == before).then_some(Row { offset_ns: offset_ns?, name, given })
    }
}

/// Digits alone as a number.
fn whole(text: &[u8]) -> Option<u64> {
    let digit = |n: u64, b: &u8| {
        let digit = b.is_ascii_digit().then(|| u64::from(b - b'0'))?;
        n.checked_mul(10)?.checked_add(digit)
    };
    if text.is_empty() { None } else { text.iter().try_fold(0, digit) }
}

/// A number of units as nanoseconds, exactly: `1.5` of offset_ms is 1,500,000.
fn offset_ns(text: &[u8], unit_ns: u64) -> Option<u64> {
    let (units, part) = match text.iter().position(|b| *b == b'.') {
        Some(dot) => (&text[..dot], &text[dot + 1..]),
        None => (text, &b"0"[..]),
    };
    let mut rest = whole(part)?;
    let mut place_ns = unit_ns;
    // Places below a nanosecond must be zeros.
    let mut places = part.len();
    while place_ns > 1 && places > 0 {
        place_ns /= 10;
        places -= 1;
    }
    let below = 10_u64.checked_pow(u32::try_from(places).ok()?)?;
    if !rest.is_multiple_of(below) {
        return None;
    }
    rest /= below;
    let total = whole(units)?.checked_mul(unit_ns)?.checked_add(rest.checked_mul(place_ns)?)?;
    (total <= OFFSET_MAX_NS).then_some(total)
}

fn patient(number: &[u8], population: &Population, bad: &mut Vec<Bad>) -> Option<u64> {
    let read = std::str::from_utf8(number).ok().and_then(|text| NhsNumber::parse(text).ok());
    let found = read.filter(|n| n.is_synthetic()).and_then(|n| population.patient_index(n));
    if found.is_none() {
        let (problem, allowed) = match read {
            None => ("not an NHS number", "ten digits, the last of which checks the others"),
            Some(n) if !n.is_synthetic() => (
                "an NHS number that may belong to a person",
                "9000000000 to 9999999999, which are set aside for synthetic people",
            ),
            Some(_) => ("nobody in the population has this number", "numbers of the scenario's population"),
        };
        bad.push(Bad::new("patient", problem, number, allowed));
    }
    found
}

/// Who acts: an organisation by its ODS code, or an end point by its MESH mailbox, as the reference hub records them. What
/// the population does not know stands for one of its organisations, always the same.
fn acting(code: &[u8], population: &Population) -> Option<Given> {
    let text = std::str::from_utf8(code).ok()?;
    if let Some(organisation) = population.organisation_with(text) {
        return Some(Given { organisation: Some(organisation), ..Given::default() });
    }
    let sizes = population.sizes();
    if let Some(endpoint) = population.endpoint_with_mailbox(text) {
        let organisation = Some(endpoint % sizes.organisations);
        return Some(Given { organisation, endpoint: Some(endpoint), ..Given::default() });
    }
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-._".contains(b);
    let person = NhsNumber::parse(text).is_ok_and(|n| !n.is_synthetic());
    if code.len() > CODE_BYTES_MAX || !code.iter().all(plain) || person {
        return None;
    }
    // Of the kind that the code's form says: a practice's has a letter and five digits, a pharmacy's begins with F.
    let digits = code.iter().filter(|b| b.is_ascii_digit()).count();
    let kind = match code {
        [first, ..] if code.len() == 6 && digits == 5 && first.is_ascii_alphabetic() => OrgKind::GpPractice,
        [b'F' | b'f', ..] if code.len() == 5 => OrgKind::Pharmacy,
        _ => OrgKind::Trust,
    };
    let rank = name_of_bytes(code) % u64::from(population.organisation_count(kind).max(1));
    let organisation = Some(population.organisation_index(kind, rank as u32));
    Some(Given { organisation, ..Given::default() })
}

/// The end point of an ASID; one that the population does not know stands for one of its end points, always the same.
fn endpoint(asid: &[u8], population: &Population) -> Option<u32> {
    let text = std::str::from_utf8(asid).ok().filter(|t| t.len() == 12)?;
    whole(asid)?;
    let stand_in = || (name_of_bytes(asid) % u64::from(population.sizes().endpoints)) as u32;
    Some(population.endpoint_with_asid(text).unwrap_or_else(stand_in))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_of_every_unit_are_read_to_the_nanosecond_or_refused() {
        for (text, unit, ns) in [
            ("0", 1, Some(0)),
            ("1500", 1, Some(1_500)),
            ("1.5", 1_000_000, Some(1_500_000)),
            ("1.000001", 1_000_000, Some(1_000_001)),
            ("0.123456789", 1_000_000_000, Some(123_456_789)),
            ("0.1234567890", 1_000_000_000, Some(123_456_789)),
            ("1.0", 1, Some(1)),
            ("1.5", 1, None),
            ("1.", 1_000, None),
            (".5", 1_000, None),
            ("-1", 1, None),
            ("+1", 1, None),
            ("1e3", 1, None),
            ("", 1, None),
            ("18446744073709551616", 1, None),
            ("18446744073709551615", 1_000, None),
            ("31622400", 1_000_000_000, Some(OFFSET_MAX_NS)),
            ("31622401", 1_000_000_000, None),
        ] {
            assert_eq!(offset_ns(text.as_bytes(), unit), ns, "{text} of {unit} ns");
        }
    }

    #[test]
    fn a_code_leads_to_its_organisation_and_a_mailbox_to_its_end_point() {
        let p = Population::new(42, population::Sizes::default()).unwrap();
        let end_point = p.endpoint(77);
        let given = acting(end_point.ods.as_bytes(), &p).unwrap();
        assert_eq!(given, Given { organisation: Some(77), ..Given::default() });
        let given = acting(end_point.mailbox.as_bytes(), &p).unwrap();
        assert_eq!((given.endpoint, given.organisation), (Some(77), Some(77)));
        assert_eq!(endpoint(end_point.asid.as_bytes(), &p), Some(77));
    }

    #[test]
    fn what_the_population_does_not_know_stands_for_the_same_organisation_of_its_kind_each_time() {
        let p = Population::new(42, population::Sizes::default()).unwrap();
        for (code, kind) in
            [("A81001", OrgKind::GpPractice), ("FK123", OrgKind::Pharmacy), ("X26ABC1", OrgKind::Trust)]
        {
            assert_eq!(p.organisation_with(code), None, "{code}");
            let given = acting(code.as_bytes(), &p).unwrap();
            assert_eq!(acting(code.as_bytes(), &p), Some(given));
            assert_eq!(p.organisation_kind(given.organisation.unwrap()).0, kind, "{code}");
        }
        assert_eq!(endpoint(b"200000000985", &p), endpoint(b"200000000985", &p));
        assert_eq!((endpoint(b"20000000098", &p), endpoint(b"20000000098x", &p)), (None, None));
        assert_eq!(acting(b"a b", &p), None);
        assert_eq!(acting(&[b'a'; 65], &p), None);
    }
}
