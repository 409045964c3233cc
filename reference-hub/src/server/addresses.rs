//! How many connections each address has open.
//!
//! Called by the I/O threads as connections come and go, which is rare beside requests: one lock does. Holds a row only
//! for addresses with an open connection, so the limit on connections bounds it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Open connections by address.
#[derive(Debug, Default)]
pub struct Addresses(Mutex<HashMap<IpAddr, usize>>);

impl Addresses {
    /// One more connection of `address`, unless it has `most` already; false then.
    pub fn enter(&self, address: IpAddr, most: usize) -> bool {
        let mut open = self.lock();
        let count = open.entry(address).or_default();
        if *count >= most {
            if *count == 0 {
                open.remove(&address);
            }
            return false;
        }
        *count += 1;
        true
    }

    /// One connection less.
    pub fn leave(&self, address: IpAddr) {
        let mut open = self.lock();
        if let Some(count) = open.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&address);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner) // no code that holds it can fail half way
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_left_leaves_nothing_behind() {
        let addresses = Addresses::default();
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        assert!(addresses.enter(one, 2) && addresses.enter(one, 2) && !addresses.enter(one, 2));
        addresses.leave(one);
        assert!(addresses.enter(one, 2));
        addresses.leave(one);
        addresses.leave(one);
        assert!(addresses.lock().is_empty());
    }
}
