//! A valid model, mutated a few thousand times with a fixed seed: every text ends in a model or in faults, never in a panic.

use super::small::*;
use cost_model::{build, check_model};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

/// Enough that every key is hit in several ways, and done in seconds.
const MUTATIONS: usize = 2_000;
/// What is put in the place of a value or a line.
const PIECES: [&str; 28] = [
    "nan",
    "inf",
    "-1",
    "1e308",
    "1e-308",
    "0",
    "[]",
    "{}",
    "\"\"",
    "true",
    "[[",
    "1979-05-27",
    "\"a\"",
    "[1, \"a\"]",
    "{ a = 1 }",
    "99999999999999999999",
    "\"\\u0001\"",
    "-0.0",
    "= ",
    "\"year\"",
    "\"nodes^nodes\"",
    "\"sum(nodes)\"",
    "\"1/0\"",
    "[\"hub\", 5]",
    "{ every = 1, from = 2 }",
    "\"ceil(\"",
    "'''",
    "\"contract^9^9\"",
];

fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    (random.next_u64() % bound as u64) as usize
}

fn mutated(text: &str, random: &mut ChaCha8Rng) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..1 + below(random, 3) {
        let at = below(random, lines.len());
        let piece = PIECES[below(random, PIECES.len())];
        let key = lines[at].split_once(" = ").map(|(key, _)| key.to_owned());
        match (below(random, 8), key) {
            (0..=3, Some(key)) => lines[at] = format!("{key} = {piece}"),
            (0, None) | (4, _) => drop(lines.remove(at)),
            (1, None) | (5, _) => {
                let other = lines[below(random, lines.len())].clone();
                lines.insert(at, other);
            }
            (2, None) | (6, _) => {
                let (other, line) = (below(random, lines.len()), lines[at].clone());
                lines[other] = line;
            }
            _ => {
                let end =
                    (0..=lines[at].len()).rev().find(|end| lines[at].is_char_boundary(end / 2)).unwrap_or(0);
                lines[at].truncate(end / 2);
            }
        }
    }
    lines.join("\n")
}

#[test]
fn no_mutation_of_a_model_ends_in_a_panic() {
    let text = whole();
    let mut random = ChaCha8Rng::seed_from_u64(42);
    let (mut loaded, mut built) = (0, 0);
    for _ in 0..MUTATIONS {
        let mutation = mutated(&text, &mut random);
        if let Ok(model) = load(&mutation) {
            loaded += 1;
            drop(check_model(&model, "2026-11-26"));
            built += usize::from(build(model, None).is_ok());
        }
    }
    assert!(loaded > MUTATIONS / 50 && loaded < MUTATIONS, "{loaded} of {MUTATIONS} loaded");
    assert!(built > MUTATIONS / 100, "{built} of {MUTATIONS} built");
}
