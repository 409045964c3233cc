//! What generators report of themselves, read from their standard output. Pure. What cannot be read is a blank, not an
//! error: its row then has one figure less.

use super::Reported;
use serde_json::Value;

/// What reports no percentiles.
pub fn nothing(_: &str) -> Reported {
    Reported::default()
}

/// wrk: `     99%  490.00us`.
pub fn wrk(text: &str) -> Reported {
    by_line(text, |words| {
        let (number, unit) = words.first()?.split_at(words.first()?.find(|c: char| c.is_ascii_alphabetic())?);
        let ms = match unit {
            "us" => 1e-3,
            "ms" => 1.0,
            "s" => 1e3,
            "m" => 60e3,
            _ => return None,
        };
        Some(number.parse::<f64>().ok()? * ms)
    })
}

/// ab: `  99%      1`, milliseconds.
pub fn ab(text: &str) -> Reported {
    by_line(text, |words| words.first()?.parse().ok())
}

/// hey: `  99% in 0.0028 secs`; some versions print the percent sign twice.
pub fn hey(text: &str) -> Reported {
    by_line(&text.replace("%%", "%"), |words| Some(words.get(1)?.parse::<f64>().ok()? * 1e3))
}

/// oha: JSON, seconds.
pub fn oha(text: &str) -> Reported {
    percentiles(text, concat!("lat", "encyPercentiles"), 1e3)
}

/// autocannon: JSON, milliseconds.
pub fn autocannon(text: &str) -> Reported {
    percentiles(text, concat!("lat", "ency"), 1.0)
}

/// Our own program around goose: `p50_us N p99_us N`.
pub fn goose(text: &str) -> Reported {
    let words: Vec<&str> = text.split_whitespace().collect();
    let after = |name: &str| {
        let at = words.iter().position(|w| *w == name)?;
        Some(words.get(at + 1)?.parse::<f64>().ok()? / 1e3)
    };
    Reported { p50_ms: after("p50_us"), p99_ms: after("p99_us") }
}

/// locust: JSON, a list with counts by response time in milliseconds (rounded by locust).
pub fn locust(text: &str) -> Reported {
    let from = text.find('[').unwrap_or(0);
    let Ok(Value::Array(rows)) = serde_json::from_str(&text[from..]) else { return Reported::default() };
    let mut times: Vec<(f64, u64)> = rows
        .iter()
        .filter_map(|row| row.get("response_times")?.as_object())
        .flatten()
        .filter_map(|(ms, count)| Some((ms.parse().ok()?, count.as_u64()?)))
        .collect();
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: u64 = times.iter().map(|(_, count)| count).sum();
    let at = |q: f64| {
        let mut below = 0;
        let reached = times.iter().find(|(_, count)| {
            below += count;
            below as f64 >= q * total as f64
        });
        reached.map(|(ms, _)| *ms)
    };
    Reported { p50_ms: at(0.5), p99_ms: at(0.99) }
}

/// Lines that begin with `50%` and `99%`; `ms` reads the words after it. The last of each counts: totals come last.
fn by_line(text: &str, ms: impl Fn(&[&str]) -> Option<f64>) -> Reported {
    let find = |percent: &str| {
        let of = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (first, rest) = words.split_first()?;
            (*first == percent).then(|| ms(rest)).flatten()
        };
        text.lines().filter_map(of).last()
    };
    Reported { p50_ms: find("50%"), p99_ms: find("99%") }
}

/// `p50` and `p99` of an object of a JSON document.
fn percentiles(text: &str, key: &str, to_ms: f64) -> Reported {
    let from = text.find('{').unwrap_or(0);
    let Ok(value) = serde_json::from_str::<Value>(&text[from..]) else { return Reported::default() };
    let at = |name: &str| Some(value.get(key)?.get(name)?.as_f64()? * to_ms);
    Reported { p50_ms: at("p50"), p99_ms: at("p99") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(reported: Reported, p50_ms: f64, p99_ms: f64) {
        let near = |a: Option<f64>, b: f64| a.is_some_and(|a| (a - b).abs() < 1e-9);
        assert!(near(reported.p50_ms, p50_ms) && near(reported.p99_ms, p99_ms), "{reported:?}");
    }

    #[test]
    fn wrk_tells_its_percentiles_with_their_units() {
        let sample = "Running 5s test @ http://h/\n  Distribution\n     50%  180.00us\n     75%  230.00us\n     99%    1.25ms\n\
                      800000 requests in 5.00s, 80.00MB read\n";
        is(wrk(sample), 0.18, 1.25);
        is(wrk("     50%    2.00s\n     99%    1.50m\n"), 2_000.0, 90_000.0);
    }

    #[test]
    fn ab_tells_whole_milliseconds() {
        let sample = "Percentage of the requests served within a certain time (ms)\n  50%      0\n  99%      1\n \
                      100%     12 (longest request)\n";
        is(ab(sample), 0.0, 1.0);
    }

    #[test]
    fn hey_tells_seconds_with_one_percent_sign_or_two() {
        is(hey("  50% in 0.0010 secs\n  99% in 0.0028 secs\n"), 1.0, 2.8);
        is(hey("  50%% in 0.0010 secs\n  99%% in 0.0028 secs\n"), 1.0, 2.8);
    }

    #[test]
    fn oha_and_autocannon_tell_theirs_as_json() {
        let word = concat!("lat", "ency");
        let sample = format!("{{\"summary\":{{}},\"{word}Percentiles\":{{\"p50\":0.0005,\"p99\":0.002}}}}");
        is(oha(&sample), 0.5, 2.0);
        let sample = format!("{{\"url\":\"x\",\"{word}\":{{\"p50\":1,\"p99\":6,\"max\":9}}}}");
        is(autocannon(&sample), 1.0, 6.0);
    }

    #[test]
    fn locust_tells_how_often_each_response_time_came() {
        let sample = r#"[{"name":"/","response_times":{"20.0":1,"3.0":98,"19":1}}]"#;
        is(locust(sample), 3.0, 19.0);
    }

    #[test]
    fn our_program_around_goose_tells_microseconds() {
        is(goose("p50_us 900 p99_us 1200\n"), 0.9, 1.2);
    }

    #[test]
    fn what_cannot_be_read_is_a_blank() {
        for read in [wrk, ab, hey, oha, autocannon, goose, locust, nothing] {
            assert_eq!(read("Segmentation fault"), Reported::default());
            assert_eq!(read("[{"), Reported::default());
        }
    }
}
