//! Exit codes of a gate. Pure: a verdict, what the budget file says of an inconclusive one, and what the caller wants instead.
//! Called by the command line; never decides a verdict.

use super::result::GateVerdict;

/// What a budget file says of something that is neither a pass nor a regression: an open answer, an interaction that only the
/// baseline answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GatePolicy {
    /// Nothing is made of it.
    Pass,
    /// A warning is made of it.
    #[default]
    Warn,
    /// The gate fails by it: an open answer ends with 3, a lost interaction with 1.
    Fail,
}

/// Other codes than ours for some verdicts, such as `regressed=99,inconclusive=0` for those who come from another tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExitCodeMap {
    codes: Vec<(GateVerdict, u8)>,
}

impl ExitCodeMap {
    /// Reads `verdict=code,verdict=code`.
    ///
    /// # Errors
    /// All faults at once, in a sentence each: no such verdict, no such code, a verdict twice.
    pub fn parse(text: &str) -> Result<ExitCodeMap, String> {
        let mut map = ExitCodeMap::default();
        let mut faults = Vec::new();
        for pair in text.split(',').map(str::trim) {
            let Some((word, code)) = pair.split_once('=') else {
                faults.push(format!("exit code map: no pair, got {pair:?}, allowed VERDICT=CODE"));
                continue;
            };
            let verdict = GateVerdict::EACH.into_iter().find(|v| v.word() == word.trim());
            if verdict.is_none() {
                let allowed = GateVerdict::EACH.map(GateVerdict::word).join(", ");
                faults.push(format!("exit code map: no such verdict, got {word:?}, allowed {allowed}"));
            }
            let code: Option<u8> = code.trim().parse().ok();
            if code.is_none() {
                faults.push(format!("exit code map: {word}: no exit code, got {pair:?}, allowed 0 to 255"));
            }
            if let Some((verdict, code)) = verdict.zip(code) {
                match map.of(verdict) {
                    Some(first) => faults.push(format!(
                        "exit code map: {word} stands twice, got {first} and {code}, allowed once"
                    )),
                    None => map.codes.push((verdict, code)),
                }
            }
        }
        if faults.is_empty() { Ok(map) } else { Err(faults.join("\n")) }
    }

    fn of(&self, verdict: GateVerdict) -> Option<u8> {
        self.codes.iter().find(|(of, _)| *of == verdict).map(|(_, code)| *code)
    }
}

/// The exit code: 0 pass, 1 regressed or over budget, 2 invalid, 3 inconclusive (0 unless the policy is to fail),
/// 4 infrastructure; or what the map says.
pub fn gate_exit_code(verdict: GateVerdict, policy: GatePolicy, map: &ExitCodeMap) -> u8 {
    map.of(verdict).unwrap_or(match verdict {
        GateVerdict::Pass => 0,
        GateVerdict::Regressed | GateVerdict::OverBudget => 1,
        GateVerdict::Invalid => 2,
        GateVerdict::Inconclusive => match policy {
            GatePolicy::Pass | GatePolicy::Warn => 0,
            GatePolicy::Fail => 3,
        },
        GateVerdict::Infrastructure => 4,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_has_its_code_and_an_inconclusive_one_fails_only_when_told_to() {
        let map = ExitCodeMap::default();
        let codes = |policy| GateVerdict::EACH.map(|verdict| gate_exit_code(verdict, policy, &map));
        assert_eq!(codes(GatePolicy::Fail), [0, 1, 1, 3, 2, 4]);
        assert_eq!(codes(GatePolicy::Warn), [0, 1, 1, 0, 2, 4]);
        assert_eq!(codes(GatePolicy::Pass), [0, 1, 1, 0, 2, 4]);
    }

    #[test]
    fn a_map_changes_what_it_names_and_nothing_else() {
        let map = ExitCodeMap::parse("regressed=99, inconclusive=0,over-budget=99").unwrap();
        let codes = GateVerdict::EACH.map(|v| gate_exit_code(v, GatePolicy::Fail, &map));
        assert_eq!(codes, [0, 99, 99, 0, 2, 4]);
    }

    #[test]
    fn all_faults_of_a_map_come_at_once() {
        let faults = ExitCodeMap::parse("red=1,regressed=256,pass,invalid=2,invalid=3").unwrap_err();
        for words in ["got \"red\", allowed pass,", "allowed 0 to 255", "got \"pass\"", "got 2 and 3"] {
            assert!(faults.contains(words), "{words}: {faults}");
        }
        assert_eq!(faults.lines().count(), 4, "{faults}");
        assert!(ExitCodeMap::parse("").is_err());
    }
}
