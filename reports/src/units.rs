//! Figures as people read them. One place, so that the terminal and the page never disagree; never used for files that
//! machines read. Called by every report, and by the command line for its live view.

const NS_PER_MS: f64 = 1e6;
const MIB: f64 = 1_048_576.0;

/// A whole number with thousands separators.
pub fn whole(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with a fixed count of decimals and thousands separators; a dash for what is no number.
pub fn number(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let text = format!("{:.decimals$}", value.abs());
    let (integer, fraction) = text.split_once('.').map_or((text.as_str(), None), |(i, f)| (i, Some(f)));
    let zero = text.bytes().all(|b| matches!(b, b'0' | b'.'));
    let sign = if value < 0.0 && !zero { "-" } else { "" };
    let integer = integer.parse().map_or(integer.to_owned(), whole);
    match fraction {
        Some(fraction) => format!("{sign}{integer}.{fraction}"),
        None => format!("{sign}{integer}"),
    }
}

/// Nanoseconds in milliseconds, about three significant digits, without the unit.
pub fn ms(ns: u64) -> String {
    ms_f64(ns as f64)
}

/// The same from a fraction of nanoseconds.
pub fn ms_f64(ns: f64) -> String {
    let ms = ns / NS_PER_MS;
    let decimals = match ms {
        ms if ms < 1.0 => 3,
        ms if ms < 10.0 => 2,
        ms if ms < 100.0 => 1,
        _ => 0,
    };
    number(ms, decimals)
}

/// A fraction in per cent.
pub fn percent(fraction: f64, decimals: usize) -> String {
    format!("{} %", number(fraction * 100.0, decimals))
}

/// Bytes in MiB.
pub fn mib(bytes: u64) -> String {
    let mib = bytes as f64 / MIB;
    format!("{} MiB", number(mib, if mib < 10.0 { 1 } else { 0 }))
}

/// Bytes in KiB, without needless decimals.
pub fn kib(bytes: f64) -> String {
    let kib = bytes / 1_024.0;
    format!("{} KiB", number(kib, if kib < 10.0 { 1 } else { 0 }))
}

/// A fraction in per cent, cut rather than rounded, so that what was not whole never reads as 100 %.
pub fn share_floor(fraction: f64) -> String {
    // The small part on top keeps what is exact, such as 0.07, from falling below itself.
    let cut = (fraction * 1e6 + 1e-6).floor() / 1e6;
    let percent = number(cut * 100.0, 4);
    let percent = percent.trim_end_matches('0').trim_end_matches('.');
    format!("{} %", if percent.is_empty() { "0" } else { percent })
}

/// A number with as many decimals as it has, at most three.
pub fn plain(value: f64) -> String {
    let text = number(value, 3);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// Nanoseconds in the unit that people would say: from milliseconds to hours, with the unit.
pub fn duration(ns: u64) -> String {
    let s = ns as f64 / 1e9;
    match s {
        s if s < 1.0 => format!("{} ms", ms(ns)),
        s if s < 120.0 => format!("{} s", number(s, if s < 10.0 { 2 } else { 1 })),
        s if s < 7_200.0 => format!("{} min", number(s / 60.0, 1)),
        s => format!("{} h", number(s / 3_600.0, 1)),
    }
}

/// A rate per second, without a needless decimal.
pub fn per_s(rate: f64) -> String {
    let decimals = if (rate - rate.round()).abs() < 1e-9 { 0 } else { 1 };
    format!("{}/s", number(rate, decimals))
}

/// Seconds of a run, without needless decimals.
pub fn seconds(s: f64) -> String {
    let decimals = if (s - s.round()).abs() < 0.05 { 0 } else { 1 };
    format!("{} s", number(s, decimals))
}

/// `1 request`, `2 requests`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", whole(count), if count == 1 { one } else { many })
}

/// A budget's figure in the unit of its metric: milliseconds, per cent or per second.
pub fn budget_figure(metric: &str, value: f64) -> String {
    match metric {
        "errors" | "availability" => percent(value, 3),
        "lost-writes" => format!("{value:.0}"),
        "rate" => per_s(value),
        "cpu-per-transaction" => format!("{} us", number(value / 1e3, 1)),
        "hub-memory" => format!("{} MiB", number(value / (1024.0 * 1024.0), 0)),
        _ => format!("{} ms", ms_f64(value)),
    }
}

/// Money as people say it, to about four digits: `£21.00 million`, `−£3,400`; a currency without a sign of its own goes before.
pub fn money(currency: &str, value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let sign = match currency {
        "GBP" => "£".to_owned(),
        "EUR" => "€".to_owned(),
        "USD" => "$".to_owned(),
        other => format!("{other} "),
    };
    let minus = if value < 0.0 { "\u{2212}" } else { "" };
    let text = match value.abs() {
        v if v < 1_000.0 && v.fract() != 0.0 => number(v, 2),
        // What would round to 1,000 thousand is a million.
        v if v < 999_500.0 => number(v, 0),
        v if v < 999_500_000.0 => format!("{} million", number(v / 1e6, if v < 1e8 { 2 } else { 1 })),
        v if v < 1e15 => format!("{} billion", number(v / 1e9, 2)),
        v => significant(v),
    };
    format!("{minus}{sign}{text}")
}

/// A figure of any size to about four significant digits, in powers of ten where nobody would count the zeros.
pub fn significant(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let text = match value.abs() {
        0.0 => "0".to_owned(),
        v if !(1e-4..1e15).contains(&v) => {
            let power = v.log10().floor();
            format!("{} \u{d7} 10^{power}", plain(v / 10f64.powf(power)))
        }
        v if v >= 1_000.0 => number(v, 0),
        v => {
            let decimals = (3.0 - v.log10().floor()).max(0.0) as usize;
            let text = number(v, decimals);
            match text.contains('.') {
                true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
                false => text,
            }
        }
    };
    format!("{}{text}", if value < 0.0 { "\u{2212}" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!(whole(0), "0");
        assert_eq!(whole(999), "999");
        assert_eq!(whole(1_234_567), "1,234,567");
        assert_eq!(number(-1234.56, 1), "-1,234.6");
        assert_eq!(number(-0.01, 1), "0.0");
        assert_eq!(number(f64::NAN, 1), "-");
        assert_eq!(ms(42_123), "0.042");
        assert_eq!(ms(1_234_567), "1.23");
        assert_eq!(ms(1_234_567_890), "1,235");
        assert_eq!(percent(0.00123, 1), "0.1 %");
        assert_eq!(seconds(60.0), "60 s");
        assert_eq!(per_s(1_800.0), "1,800/s");
        assert_eq!(per_s(1_799.96), "1,800.0/s");
        assert_eq!(share_floor(1.0), "100 %");
        assert_eq!(share_floor(0.999_999_9), "99.9999 %");
        assert_eq!(share_floor(0.0), "0 %");
        assert_eq!(share_floor(0.07), "7 %");
        assert_eq!(plain(2.0), "2");
        assert_eq!(plain(0.5), "0.5");
        assert_eq!(plain(100.0), "100");
        assert_eq!(duration(12_300_000), "12.3 ms");
        assert_eq!(duration(1_234_567_890), "1.23 s");
        assert_eq!(duration(7_200_000_000_000), "2.0 h");
        assert_eq!(kib(21_504.0), "21 KiB");
        assert_eq!(counted(1, "request", "requests"), "1 request");
        assert_eq!(money("GBP", 21e6), "£21.00 million");
        assert_eq!(money("GBP", 174_648_711.77), "£174.6 million");
        assert_eq!(money("GBP", 999_700.0), "£1.00 million");
        assert_eq!(money("GBP", -3_400.0), "\u{2212}£3,400");
        assert_eq!(money("GBP", 0.44), "£0.44");
        assert_eq!(money("CNY", 2.5e9), "CNY 2.50 billion");
        assert_eq!(money("GBP", f64::INFINITY), "-");
        assert_eq!(significant(0.177), "0.177");
        assert_eq!(significant(-12.3456), "\u{2212}12.35");
        assert_eq!(significant(1_573.0), "1,573");
        assert_eq!(significant(0.000_000_12), "1.2 \u{d7} 10^-7");
        assert_eq!(significant(1e300), "1 \u{d7} 10^300");
    }
}
