//! Single use of MESH authorisation tokens: which ones were seen inside the published time window.
//!
//! Called by `token` after a token's hash was found right, so that nobody without the password can fill or burn it.
//! Bounded memory; knows no clock. Must never refuse the same request twice: a decision that is made again after a
//! version conflict asks again with the same request identity and is let through.
//!
//! The memory is the process's: a token used just before a restart could be used once more after it, within its two
//! hours. Making it durable would cost an fsync for every poll of an inbox.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// A token's time may differ from the hub's by this many minutes (published: 2 hours).
pub const WINDOW_MINUTES: u64 = 120;

/// Tokens remembered at most. 16 Mi holds two hours of 1,800 MESH calls a second (13 million) with a reserve; it is
/// reached only then, at about 20 bytes a token.
pub const TOKENS_MAX: usize = 16 * 1024 * 1024;

/// What the guard says to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// First use, or the same request once more.
    Admitted,
    /// Another request used this token before.
    Replayed,
    /// [`TOKENS_MAX`] tokens are remembered: nothing can be admitted without forgetting, so nothing is.
    Full,
}

/// The tokens of one minute: their keys and the request that used each.
#[derive(Debug)]
struct Bucket {
    minute: u64,
    seen: HashMap<u64, u64>,
}

#[derive(Debug)]
struct Seen {
    buckets: VecDeque<Bucket>, // ascending by minute; at most 2 * WINDOW_MINUTES + 1 of them
    tokens: usize,
}

/// Remembers tokens by the minute they name, and forgets a minute when it leaves the window.
#[derive(Debug)]
pub struct ReplayGuard {
    seen: Mutex<Seen>,
    tokens_max: usize,
}

impl ReplayGuard {
    /// A guard that remembers at most `tokens_max` tokens.
    pub const fn new(tokens_max: usize) -> Self {
        ReplayGuard { seen: Mutex::new(Seen { buckets: VecDeque::new(), tokens: 0 }), tokens_max }
    }

    /// Admits the token `key` (64 bits of its verified hash) that names `token_minute`, for the request `request`.
    /// Both minutes count from the Unix epoch; the caller has checked that they are within the window.
    pub fn admit(&self, now_minute: u64, token_minute: u64, key: u64, request: u64) -> Admission {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        while seen.buckets.front().is_some_and(|b| b.minute + WINDOW_MINUTES < now_minute) {
            let gone = seen.buckets.pop_front().map_or(0, |b| b.seen.len());
            seen.tokens -= gone;
        }
        let at = seen.buckets.partition_point(|b| b.minute < token_minute);
        let found = seen.buckets.get(at).is_some_and(|b| b.minute == token_minute);
        if found && let Some(first) = seen.buckets[at].seen.get(&key) {
            return if *first == request { Admission::Admitted } else { Admission::Replayed };
        }
        if seen.tokens >= self.tokens_max {
            return Admission::Full;
        }
        if !found {
            seen.buckets.insert(at, Bucket { minute: token_minute, seen: HashMap::new() });
        }
        seen.buckets[at].seen.insert(key, request);
        seen.tokens += 1;
        Admission::Admitted
    }

    /// Tokens remembered at this moment.
    pub fn tokens(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_admitted_once_but_its_own_request_may_ask_again() {
        let guard = ReplayGuard::new(10);
        assert_eq!(guard.admit(500, 500, 7, 1), Admission::Admitted);
        assert_eq!(guard.admit(500, 500, 7, 1), Admission::Admitted);
        assert_eq!(guard.admit(501, 500, 7, 2), Admission::Replayed);
        assert_eq!(guard.admit(501, 501, 7, 2), Admission::Admitted);
    }

    #[test]
    fn minutes_outside_the_window_are_forgotten_and_the_limit_holds() {
        let guard = ReplayGuard::new(2);
        assert_eq!(guard.admit(500, 500, 1, 1), Admission::Admitted);
        assert_eq!(guard.admit(500, 620, 2, 2), Admission::Admitted);
        assert_eq!(guard.admit(500, 400, 3, 3), Admission::Full);
        assert_eq!(guard.admit(620, 500, 1, 4), Admission::Replayed);
        assert_eq!(guard.admit(621, 621, 4, 4), Admission::Admitted);
        assert_eq!(guard.tokens(), 2);
        assert_eq!(guard.admit(621, 620, 2, 5), Admission::Replayed);
    }
}
