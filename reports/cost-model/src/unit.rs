//! Units of measure as products of named symbols. Every figure of a model has one, and an expression whose units do not
//! match is refused when the model is loaded. Nothing is converted silently: months and years are different symbols, and
//! who wants one from the other multiplies by a figure in `month/yr`.

use std::collections::BTreeMap;
use std::fmt;

/// A unit, such as `GBP/server` or `message/s`; dimensionless when it has no symbol.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unit(BTreeMap<String, i32>);

/// Words that mean "no dimension".
const DIMENSIONLESS: [&str; 6] = ["1", "fraction", "ratio", "share", "factor", "uplift"];

/// Other spellings of a symbol. One transaction is one message and its answer, so `tps` is `message/s`.
const SAME: [(&str, &str); 16] = [
    ("messages", "message"),
    ("transaction", "message"),
    ("transactions", "message"),
    ("seconds", "s"),
    ("second", "s"),
    ("hour", "h"),
    ("hours", "h"),
    ("days", "day"),
    ("months", "month"),
    ("year", "yr"),
    ("years", "yr"),
    ("servers", "server"),
    ("nodes", "node"),
    ("sites", "site"),
    ("users", "user"),
    ("racks", "rack"),
];

/// Symbols that are currencies.
pub(crate) const CURRENCIES: [&str; 4] = ["GBP", "USD", "EUR", "CNY"];

/// Longest unit that is read, bytes: the longest sensible one has some 40.
const UNIT_BYTES_MAX: usize = 120;
/// Largest power of a symbol: nothing here is beyond a cube, and sums of powers must not overflow.
const POWER_MAX: i32 = 9;

impl Unit {
    /// No dimension.
    pub fn one() -> Unit {
        Unit::default()
    }

    /// One symbol, taken as it is.
    pub fn symbol(symbol: &str) -> Unit {
        Unit(BTreeMap::from([(symbol.to_owned(), 1)]))
    }

    /// Reads `GBP/server/yr`, `kWh`, `message/s`, `tps`, `fraction`, `s^2`; the error says what is wrong and what is allowed.
    pub fn parse(text: &str) -> Result<Unit, String> {
        let text = text.trim();
        let allowed = "allowed: symbols joined by * and /, such as GBP/server/yr, or fraction";
        if text.is_empty() || text.len() > UNIT_BYTES_MAX {
            return Err(format!("got a unit of {} bytes, {allowed}", text.len()));
        }
        let mut unit = Unit::one();
        let mut sign = 1;
        let mut rest = text;
        loop {
            let end = rest.find(['*', '/']).unwrap_or(rest.len());
            let (factor, after) = rest.split_at(end);
            unit = unit.times(&Unit::factor(factor.trim(), sign).ok_or(format!("got {text:?}, {allowed}"))?);
            match after.chars().next() {
                None => break,
                Some(operator) => sign = if operator == '/' { -1 } else { 1 },
            }
            rest = &after[1..];
        }
        match unit.0.values().all(|power| power.abs() <= POWER_MAX) {
            true => Ok(unit),
            false => Err(format!("got {text:?} with a power beyond {POWER_MAX}, {allowed}")),
        }
    }

    fn factor(text: &str, sign: i32) -> Option<Unit> {
        let (symbol, power) = match text.split_once('^') {
            Some((symbol, power)) => (symbol.trim(), power.trim().parse::<i32>().ok()?),
            None => (text, 1),
        };
        if DIMENSIONLESS.contains(&symbol) {
            return Some(Unit::one());
        }
        let letters = symbol.chars().all(|c| c.is_alphanumeric() || c == '_');
        if power.abs() > POWER_MAX || !letters || !symbol.starts_with(char::is_alphabetic) {
            return None;
        }
        if symbol == "tps" {
            return Some(Unit::symbol("message").over(&Unit::symbol("s")).power(sign * power));
        }
        let symbol = SAME.iter().find(|(other, _)| *other == symbol).map_or(symbol, |(_, same)| same);
        Some(Unit::symbol(symbol).power(sign * power))
    }

    /// Whether it has no dimension.
    pub fn is_one(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it holds this symbol, in whatever power.
    pub fn has(&self, symbol: &str) -> bool {
        self.0.contains_key(symbol)
    }

    /// Whether a figure in it is an amount of money, such as `GBP/server`, and so stands in the prices of some year. An exchange
    /// rate such as `USD/GBP` is not.
    pub fn is_money(&self) -> bool {
        let powers: Vec<i32> =
            CURRENCIES.iter().filter_map(|currency| self.0.get(*currency)).copied().collect();
        powers == [1]
    }

    /// The product of two units.
    pub fn times(&self, other: &Unit) -> Unit {
        let mut product = self.0.clone();
        for (symbol, power) in &other.0 {
            *product.entry(symbol.clone()).or_insert(0) += power;
        }
        product.retain(|_, power| *power != 0);
        Unit(product)
    }

    /// The quotient of two units.
    pub fn over(&self, other: &Unit) -> Unit {
        self.times(&other.power(-1))
    }

    /// The unit raised to a whole power.
    pub fn power(&self, power: i32) -> Unit {
        let raised = self.0.iter().map(|(symbol, p)| (symbol.clone(), p.saturating_mul(power)));
        Unit(raised.filter(|(_, p)| *p != 0).collect())
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |symbol: &str, power: i32| match power {
            1 => symbol.to_owned(),
            power => format!("{symbol}^{power}"),
        };
        let above: Vec<String> = self.0.iter().filter(|(_, p)| **p > 0).map(|(s, p)| part(s, *p)).collect();
        let below: String =
            self.0.iter().filter(|(_, p)| **p < 0).map(|(s, p)| format!("/{}", part(s, -p))).collect();
        match (above.is_empty(), below.is_empty()) {
            (true, true) => f.write_str("1"),
            (true, false) => write!(f, "1{below}"),
            (false, _) => write!(f, "{}{below}", above.join("*")),
        }
    }
}
