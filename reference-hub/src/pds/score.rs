//! Does a record match a search, and how closely: 1.0 is an exact match, less a partial one.
//!
//! Called by trace, once a candidate. The real service does not publish its formula; here the score is the mean
//! closeness of what was asked for, weighted by how much each part identifies a person.

use super::index::{normal, soundex};
use super::json::Json;
use super::query::{Pattern, Query, phone};
use super::record::{Security, head_of};
use super::tree::{Tree, items, text};

/// Weights: a family name or birth date tells more of a person than a gender.
const FAMILY: f64 = 3.0;
const GIVEN: f64 = 2.0;
const BIRTH: f64 = 3.0;
const POSTCODE: f64 = 2.0;
const OTHER: f64 = 1.0;

/// Closeness of matches that are not exact, each less sure than the one before.
const WILD: f64 = 0.9;
const ELSEWHERE: f64 = 0.9;
const SOUNDS_ALIKE: f64 = 0.8;
const TRANSPOSED: f64 = 0.7;
/// What a match with a former name is worth of one with a current name.
const FORMER: f64 = 0.9;

/// The score of a record, rounded to 4 decimals; `None` when it does not match. `history` is what it said before, `Null`
/// when that does not count.
pub(super) fn score(query: &Query, patient: &Json<'_>, history: &Json<'_>) -> Option<f64> {
    // What is kept of a superseded record has no `meta`.
    let security = head_of(patient).map_or(Security::Unrestricted, |head| head.security);
    match security {
        Security::Redacted => return None,
        Security::Restricted if query.asks_where() => return None, // published: no location may be confirmed
        _ => {}
    }
    let mut sum = Sum::default();
    if let Some(gender) = query.gender {
        sum.must(OTHER, f64::from(text(patient, "/gender") == gender))?;
    }
    if let Some(birth) = &query.birth {
        sum.must(BIRTH, f64::from(birth.hold(text(patient, "/birthDate"))))?;
    }
    if let Some(postcode) = &query.postcode {
        let closeness = |a: &Json<'_>| postcode_closeness(postcode, a);
        let (now, before) = (current(query, patient, "address"), items(history, "address"));
        sum.must(POSTCODE, best(now.map(closeness)).max(best(before.iter().map(closeness)) * FORMER))?;
    }
    let telecom = || current(query, patient, "telecom").chain(items(history, "telecom"));
    if let Some(email) = &query.email {
        let hit =
            telecom().any(|t| text(t, "/system") == "email" && text(t, "/value").to_lowercase() == *email);
        sum.must(OTHER, f64::from(hit))?;
    }
    if let Some(number) = &query.phone {
        let hit = telecom().any(|t| text(t, "/system") != "email" && phone(text(t, "/value")) == *number);
        sum.must(OTHER, f64::from(hit))?;
    }
    // Published: in a fuzzy search these two lower the score but do not exclude.
    let death = query.death.as_ref().map(|d| d.hold(text(patient, "/deceasedDateTime")));
    let practice =
        query.practice.as_ref().map(|ods| text(patient, "/generalPractitioner/0/identifier/value") == ods);
    let managing =
        query.managing.as_ref().map(|ods| text(patient, "/managingOrganization/identifier/value") == ods);
    for hit in [death, practice, managing].into_iter().flatten() {
        if query.fuzzy {
            sum.add(OTHER, f64::from(hit));
        } else {
            sum.must(OTHER, f64::from(hit))?;
        }
    }
    if query.family.is_some() || !query.given.is_empty() {
        let (family, given) = names(query, patient, history)?;
        if query.family.is_some() {
            sum.must(FAMILY, family)?;
        }
        if !query.given.is_empty() {
            sum.must(GIVEN, given)?;
        }
    }
    Some(sum.mean())
}

/// The items of a list that count: all of them in a search of history, else those whose period has not ended.
fn current<'a>(query: &'a Query, patient: &'a Json<'a>, element: &str) -> impl Iterator<Item = &'a Json<'a>> {
    let all = query.fuzzy || query.history;
    items(patient, element).iter().filter(move |&item| {
        let end = text(item, "/period/end");
        all || end.is_empty() || end >= query.today.as_str()
    })
}

/// A weighted mean in the making.
#[derive(Default)]
struct Sum {
    points: f64,
    weight: f64,
}

impl Sum {
    fn add(&mut self, weight: f64, closeness: f64) {
        self.points += weight * closeness;
        self.weight += weight;
    }

    /// As `add`, but no closeness means no match.
    fn must(&mut self, weight: f64, closeness: f64) -> Option<()> {
        self.add(weight, closeness);
        (closeness > 0.0).then_some(())
    }

    fn mean(&self) -> f64 {
        if self.weight == 0.0 { 0.0 } else { (self.points / self.weight * 1e4).round() / 1e4 }
    }
}

fn best(closeness: impl Iterator<Item = f64>) -> f64 {
    closeness.fold(0.0, f64::max)
}

fn postcode_closeness(pattern: &Pattern, address: &Json<'_>) -> f64 {
    let postcode: String = text(address, "/postalCode").chars().filter(|c| !c.is_whitespace()).collect();
    literal(pattern, &postcode.to_ascii_uppercase())
}

/// 1 for the same text, [`WILD`] for one that fits the wildcards, else 0.
fn literal(pattern: &Pattern, text: &str) -> f64 {
    match pattern.plain() {
        Some(plain) => f64::from(plain == text),
        None if pattern.fits(text) => WILD,
        None => 0.0,
    }
}

/// Closeness of family and given names, of the record's name that matches best; `None` when none does.
fn names(query: &Query, patient: &Json<'_>, history: &Json<'_>) -> Option<(f64, f64)> {
    let mut found: Option<(f64, f64)> = None;
    for name in items(patient, "name").iter().chain(items(history, "name")) {
        let former = match text(name, "/use") {
            "usual" | "nickname" | "temp" => 1.0,
            _ if query.fuzzy || query.history => FORMER,
            _ => continue,
        };
        let family = normal(text(name, "/family"));
        let given: Vec<String> = items(name, "given").iter().filter_map(Json::as_str).map(normal).collect();
        let straight = (
            query.family.as_ref().map_or(1.0, |p| word(query.fuzzy, p, &family)),
            given_closeness(query, &given),
        );
        let crossed = match (&query.family, query.given.first(), given.first()) {
            (Some(f), Some(g), Some(first)) if query.fuzzy => {
                let both = word(true, f, first).min(word(true, g, &family));
                (both * TRANSPOSED, both * TRANSPOSED)
            }
            _ => (0.0, 0.0),
        };
        for (family, given) in [straight, crossed] {
            let (family, given) = (family * former, given * former);
            if family > 0.0 && given > 0.0 && found.is_none_or(|(f, g)| family + given > f + g) {
                found = Some((family, given));
            }
        }
    }
    found
}

fn word(fuzzy: bool, pattern: &Pattern, name: &str) -> f64 {
    match literal(pattern, name) {
        0.0 if fuzzy && sounds_alike(pattern, name) => SOUNDS_ALIKE,
        closeness => closeness,
    }
}

fn sounds_alike(pattern: &Pattern, name: &str) -> bool {
    let sound = soundex(pattern.prefix());
    !sound.is_empty() && sound == soundex(name)
}

/// The mean over the given names asked for, each of which must be found; 1 when none is asked for.
fn given_closeness(query: &Query, given: &[String]) -> f64 {
    if query.given.is_empty() {
        return 1.0;
    }
    let joined = given.join(" ");
    let mut sum = 0.0;
    for (i, pattern) in query.given.iter().enumerate() {
        let closeness = if pattern.plain().is_none() {
            // Published: a wildcard is matched against the start of the first given name alone.
            if i == 0 { given.first().map_or(0.0, |g| literal(pattern, g)) } else { 0.0 }
        } else {
            let here = given.get(i).map_or(0.0, |g| word(query.fuzzy, pattern, g));
            let elsewhere = best(given.iter().map(|g| word(query.fuzzy, pattern, g)));
            here.max(elsewhere * ELSEWHERE).max(literal(pattern, &joined))
        };
        if closeness == 0.0 {
            return 0.0;
        }
        sum += closeness;
    }
    sum / query.given.len() as f64
}
