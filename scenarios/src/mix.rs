//! A mix: which interactions are asked in which shares, from a CSV of published traffic or from weights in the scenario.
//! Rows that no interaction answers yet are listed, and their share goes to the others in proportion, for all to see.

use crate::document::{Log, Section, Source};
use crate::fault::{Fault, list};
use crate::library::{Found, Library};
use crate::scenario::InteractionId;

/// What is asked, in which shares.
#[derive(Debug, Clone, Default)]
pub struct Mix {
    /// The rows that are replayed; their `share`s sum to 1.
    pub rows: Vec<MixRow>,
    /// The rows that are not.
    pub not_replayed: Vec<NotReplayed>,
}

/// What one arrival of the plan is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Item {
    /// Which.
    pub what: What,
    /// Arrivals of this item for each request of the mix.
    pub share: f64,
}

/// A single request or the beginning of a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// This interaction, on its own.
    Single(InteractionId),
    /// The journey of this index.
    Journey(usize),
}

/// A row that is replayed.
#[derive(Debug, Clone)]
pub struct MixRow {
    /// Which interaction answers it.
    pub interaction: InteractionId,
    /// Share of all arrivals as replayed, 0 to 1.
    pub share: f64,
    /// Share as the mix states it, before the shares of rows not replayed were handed out.
    pub share_stated: f64,
    /// True when a person waits for the answer.
    pub attended: bool,
    /// Mean response time of the system before Spine 2, milliseconds.
    pub legacy_ms: Option<f64>,
    /// Mean response time of Spine 2, milliseconds.
    pub spine2_ms: Option<f64>,
    /// Published size of the request, bytes.
    pub req_bytes: Option<u64>,
    /// Published size of the answer, bytes.
    pub resp_bytes: Option<u64>,
    /// How good the evidence is, in the words of the mix, e.g. `estimate`.
    pub grade: String,
    /// Where the figures come from.
    pub source: String,
}

/// A row that is not replayed.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct NotReplayed {
    /// Its name in the mix.
    pub row: String,
    /// Its share as stated, 0 to 1.
    pub share: f64,
    /// Why, in a few words.
    pub why: String,
}

/// A row as read: the interaction by name, and where it stands, for faults found later.
#[derive(Debug)]
pub(crate) struct RowRead {
    pub name: Option<String>,
    pub file: String,
    pub line: usize,
    pub what: String,
    row: String,
    published: String,
    fields: MixRow,
}

/// Columns of a mix file. The first two have to be there.
const COLUMNS: [&str; 13] = [
    "interaction",
    "share",
    "row",
    "service",
    "published_interaction",
    "kind",
    "req_bytes",
    "resp_bytes",
    "legacy_ms",
    "spine2_ms",
    "attended",
    "grade",
    "source",
];
/// Columns without which a mix says nothing.
const COLUMNS_NEEDED: usize = 2;
/// How far the shares of a file may be from 1: published shares are rounded to six places.
const SHARE_SUM_TOLERANCE: f64 = 0.005;

/// A row about which nothing is known.
pub(crate) fn blank() -> MixRow {
    MixRow {
        interaction: 0,
        share: 0.0,
        share_stated: 0.0,
        attended: false,
        legacy_ms: None,
        spine2_ms: None,
        req_bytes: None,
        resp_bytes: None,
        grade: String::new(),
        source: String::new(),
    }
}

/// Reads `[mix]` with weights.
pub(crate) fn read_weights(section: &Section<'_>, file: &str, log: &Log) -> Vec<RowRead> {
    let mut rows = Vec::new();
    for (name, item) in section.entries() {
        let Some(weight) = item.positive() else { continue };
        rows.push(RowRead {
            name: Some(name.to_owned()),
            file: file.to_owned(),
            line: item.line(),
            what: item.what.clone(),
            row: name.to_owned(),
            published: String::new(),
            fields: MixRow { share_stated: weight, source: "weights in the scenario".into(), ..blank() },
        });
    }
    if section.entries().is_empty() {
        log.push(section.fault("", "has no interactions").allowed("lines like pds-retrieve = 60"));
    }
    let sum: f64 = rows.iter().map(|r| r.fields.share_stated).sum();
    for row in &mut rows {
        row.fields.share_stated /= sum;
    }
    rows
}

/// Reads a mix file.
pub(crate) fn read_csv(found: &Found, log: &Log) -> Vec<RowRead> {
    let source = Source { file: &found.file, text: &found.text, log };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(found.text.as_bytes());
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(|h| h.trim().to_owned()).collect(),
        Err(e) => {
            log.push(Fault::new(&found.file, 1, "", format!("is not CSV: {e}")));
            return Vec::new();
        }
    };
    let mut sound = true;
    for name in header.iter().filter(|h| !COLUMNS.contains(&h.as_str())) {
        log.push(Fault::new(&found.file, 1, "", "unknown column").got(name).allowed(list(COLUMNS)));
    }
    for name in COLUMNS[..COLUMNS_NEEDED].iter().filter(|c| !header.iter().any(|h| h == *c)) {
        log.push(Fault::new(&found.file, 1, *name, "column is missing"));
        sound = false;
    }
    if !sound {
        return Vec::new();
    }
    let before = log.count();
    let mut rows = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => rows.extend(read_row(&header, &record, source)),
            Err(e) => {
                let line = e.position().map_or(1, |p| p.line() as usize);
                log.push(Fault::new(&found.file, line, "", format!("is not CSV: {e}")));
            }
        }
    }
    let sum: f64 = rows.iter().map(|r| r.fields.share_stated).sum();
    if log.count() == before && (sum - 1.0).abs() > SHARE_SUM_TOLERANCE {
        log.push(
            Fault::new(&found.file, 1, "share", "the shares do not sum to 1")
                .got(format!("{sum:.6}"))
                .allowed("0.995 to 1.005"),
        );
    }
    rows
}

fn read_row(header: &[String], record: &csv::StringRecord, source: Source<'_>) -> Option<RowRead> {
    let line = record.position().map_or(1, |p| p.line() as usize);
    let fault = |what: &str, problem: &str| Fault::new(source.file, line, what, problem);
    if record.len() != header.len() {
        let problem = "row has another number of fields than the header";
        source.log.push(fault("", problem).got(record.len()).allowed(header.len().to_string()));
        return None;
    }
    let text = |column: &str| {
        let at = header.iter().position(|h| h == column);
        at.and_then(|at| record.get(at)).map(str::trim).unwrap_or("")
    };
    let number = |column: &str, most: f64| {
        let written = text(column);
        let found = written.parse::<f64>().ok().filter(|n| (0.0..=most).contains(n));
        if found.is_none() && !written.is_empty() {
            source
                .log
                .push(fault(column, "not a number in range").got(written).allowed(format!("0 to {most}")));
        }
        found
    };
    if text("share").is_empty() {
        source.log.push(fault("share", "is missing").allowed("0 to 1"));
    }
    let share_stated = number("share", 1.0);
    let attended = match text("attended") {
        "yes" => true,
        "no" | "" => false,
        other => {
            source.log.push(fault("attended", "unknown value").got(other).allowed("yes, no"));
            false
        }
    };
    let row = if text("row").is_empty() { text("published_interaction") } else { text("row") };
    // A day in milliseconds and 100 GB: beyond any answer time or MESH file, so a slip of columns shows.
    let (most_ms, most_bytes) = (86_400_000.0, 1e11);
    let fields = MixRow {
        interaction: 0,
        share: 0.0,
        share_stated: share_stated.unwrap_or(0.0),
        attended,
        legacy_ms: number("legacy_ms", most_ms),
        spine2_ms: number("spine2_ms", most_ms),
        req_bytes: number("req_bytes", most_bytes).map(|n| n as u64),
        resp_bytes: number("resp_bytes", most_bytes).map(|n| n as u64),
        grade: text("grade").to_owned(),
        source: text("source").to_owned(),
    };
    let name = text("interaction");
    Some(RowRead {
        name: (!name.is_empty()).then(|| name.to_owned()),
        file: source.file.to_owned(),
        line,
        what: "interaction".into(),
        row: if row.is_empty() { name.to_owned() } else { row.to_owned() },
        published: text("published_interaction").to_owned(),
        fields,
    })
}

/// Puts rows and interactions together and hands out the shares of what is not replayed. `id_of` gives the interaction of
/// a name, or `None` after it has reported why not.
pub(crate) fn assemble(rows: Vec<RowRead>, mut id_of: impl FnMut(&RowRead) -> Option<InteractionId>) -> Mix {
    let total: f64 = rows.iter().map(|r| r.fields.share_stated).sum();
    let mut mix = Mix::default();
    for read in rows.iter().filter(|r| r.fields.share_stated > 0.0) {
        let share_stated = read.fields.share_stated / total;
        if read.name.is_none() {
            let why = if read.published.is_empty() || read.published == read.row {
                "no interaction answers it yet".to_owned()
            } else {
                format!("no interaction answers it yet: {}", read.published)
            };
            mix.not_replayed.push(NotReplayed { row: read.row.clone(), share: share_stated, why });
        } else if let Some(interaction) = id_of(read) {
            mix.rows.push(MixRow { interaction, share_stated, ..read.fields.clone() });
        }
    }
    let replayed: f64 = mix.rows.iter().map(|r| r.share_stated).sum();
    for row in &mut mix.rows {
        row.share = row.share_stated / replayed;
    }
    mix
}

/// The fault of a name that no interaction has.
pub(crate) fn unknown(read: &RowRead, name: &str, library: &Library) -> Fault {
    Fault::new(&read.file, read.line, &read.what, "unknown interaction")
        .got(name)
        .allowed(list(library.interactions()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv_of(text: &str) -> (Vec<RowRead>, Vec<String>) {
        let log = Log::default();
        let rows = read_csv(&Found { file: "m.csv".into(), text: text.to_owned().into() }, &log);
        (rows, log.take().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_share_of_what_is_not_replayed_goes_to_the_others_in_proportion() {
        let (rows, faults) = csv_of("row,interaction,share\na,x,0.3\nb,,0.4\nc,y,0.1\nd,x,0.2\n");
        assert!(faults.is_empty(), "{faults:?}");
        let mix = assemble(rows, |r| Some(usize::from(r.name.as_deref() == Some("y"))));
        assert!((mix.rows.iter().map(|r| r.share).sum::<f64>() - 1.0).abs() < 1e-12);
        let shares: Vec<f64> = mix.rows.iter().map(|r| r.share).collect();
        for (got, expected) in shares.iter().zip([0.5, 1.0 / 6.0, 1.0 / 3.0]) {
            assert!((got - expected).abs() < 1e-12, "{shares:?}");
        }
        assert_eq!(mix.not_replayed.len(), 1);
        assert_eq!((mix.not_replayed[0].row.as_str(), mix.not_replayed[0].share), ("b", 0.4));
    }

    #[test]
    fn every_bad_row_is_reported_with_its_line() {
        let (_, faults) = csv_of(
            "interaction,share,attended,legacy_ms\nx,0.5,yes,1\n\"x\ny\",0.5,maybe,1\nx,1.5,no,abc\nx,0.1\ny,,no,\n",
        );
        assert_eq!(
            faults,
            [
                "m.csv:3: attended: unknown value, got \"maybe\", allowed: yes, no",
                "m.csv:5: share: not a number in range, got \"1.5\", allowed: 0 to 1",
                "m.csv:5: legacy_ms: not a number in range, got \"abc\", allowed: 0 to 86400000",
                "m.csv:6: row has another number of fields than the header, got \"2\", allowed: 4",
                "m.csv:7: share: is missing, allowed: 0 to 1",
            ]
        );
    }

    #[test]
    fn wrong_columns_and_sums_are_reported() {
        let (_, faults) = csv_of("interaction,weight\nx,1\n");
        assert!(
            faults[0].starts_with("m.csv:1: unknown column, got \"weight\", allowed: interaction, share")
        );
        assert_eq!(faults[1], "m.csv:1: share: column is missing");
        let (_, faults) = csv_of("interaction,share\nx,0.9\n");
        assert_eq!(
            faults,
            ["m.csv:1: share: the shares do not sum to 1, got \"0.900000\", allowed: 0.995 to 1.005"]
        );
    }
}
