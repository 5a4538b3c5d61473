//! Leases: how memory in many isolates is never stale (Gray and Cheriton, 1989).
//!
//! An answer comes with a lease: the milliseconds for which the isolate may repeat it without asking. The
//! isolate counts from before it asked and the object from when it answered, so the isolate's lease always
//! ends first. Before a change, the object stops granting leases and waits until the last one has run out.
//! For that it stores a single instant and needs to know no isolate.
//!
//! A lease is never longer than a quarter of the time since the last change. So a write waits for at most a
//! quarter of the time since the previous write, whatever the readers do.

use crate::domain::Timestamp;

/// What an object knows about the leases it has granted.
#[derive(Debug, Clone)]
pub struct Lease {
    longest_ms: u32,
    leased_until: Timestamp,
    last_change: Timestamp,
    holds: u32,
}

impl Lease {
    const SHARE_OF_QUIET: i64 = 4;

    /// For an object of which nobody can have a copy.
    #[must_use]
    pub const fn fresh(longest_ms: u32, now: Timestamp) -> Self {
        Self { longest_ms, leased_until: now, last_change: now, holds: 0 }
    }

    /// For an object after a restart. It has forgotten which leases it granted, so the longest one it ever
    /// granted may still be in force.
    #[must_use]
    pub fn after_restart(longest_ms: u32, longest_granted_ms: u32, now: Timestamp) -> Self {
        Self { leased_until: now.plus_ms(i64::from(longest_granted_ms)), ..Self::fresh(longest_ms, now) }
    }

    /// Grants a lease on an answer given now; 0 while a change waits.
    pub fn grant(&mut self, now: Timestamp) -> u32 {
        if self.holds > 0 {
            return 0;
        }
        let quiet_ms = now.ms_since(self.last_change).max(0).div_euclid(Self::SHARE_OF_QUIET);
        let granted = u32::try_from(quiet_ms).unwrap_or(u32::MAX).min(self.longest_ms);
        self.leased_until = self.leased_until.max(now.plus_ms(i64::from(granted)));
        granted
    }

    /// Stops granting until the matching [`Lease::release`].
    pub fn hold(&mut self) {
        self.holds = self.holds.saturating_add(1);
    }

    /// Milliseconds until every lease has run out.
    #[must_use]
    pub fn remaining_ms(&self, now: Timestamp) -> u32 {
        u32::try_from(self.leased_until.ms_since(now)).unwrap_or(0)
    }

    /// Grants leases again. If the hold led to no change, leases stay as long as they were.
    pub fn release(&mut self, now: Timestamp, changed: bool) {
        self.holds = self.holds.saturating_sub(1);
        if changed {
            self.last_change = self.last_change.max(now);
        }
    }
}

/// The longest lease that any instance of an object may have granted. The setting alone does not tell: a
/// deployment or a rollback may have lowered it just after a longer lease was granted.
pub(super) mod longest {
    use crate::objects::sql::{self, Sql, SqlError};

    /// The table.
    pub(in crate::objects) const SCHEMA: &str = "CREATE TABLE longest_lease (ms INTEGER NOT NULL);";

    /// The stored value; 0 if there is none.
    pub(in crate::objects) fn load(sql: &dyn Sql) -> Result<u32, SqlError> {
        Ok(sql::value(sql, "SELECT max(ms) FROM longest_lease", &[])?.flatten().unwrap_or(0))
    }

    /// Stores a new value.
    pub(in crate::objects) fn save(sql: &dyn Sql, ms: u32) -> Result<(), SqlError> {
        sql.run("DELETE FROM longest_lease", &[])?;
        sql.run("INSERT INTO longest_lease (ms) VALUES (?)", &[ms.into()])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn a_lease_grows_with_the_quiet_and_ends_at_the_setting() {
        let mut lease = Lease::fresh(1000, at(0));
        assert_eq!(lease.grant(at(0)), 0);
        assert_eq!(lease.grant(at(40)), 10);
        assert_eq!(lease.grant(at(60_000)), 1000);
    }

    #[test]
    fn nothing_is_granted_while_a_change_waits() {
        let mut lease = Lease::fresh(1000, at(0));
        lease.grant(at(10_000));
        lease.hold();
        assert_eq!(lease.grant(at(10_500)), 0);
        assert_eq!(lease.remaining_ms(at(10_500)), 500);
        lease.release(at(11_000), true);
        assert_eq!(lease.grant(at(11_100)), 25);
    }

    #[test]
    fn a_change_that_did_not_come_costs_no_lease() {
        let mut lease = Lease::fresh(1000, at(0));
        lease.grant(at(10_000));
        lease.hold();
        lease.release(at(11_000), false);
        assert_eq!(lease.grant(at(11_000)), 1000);
    }

    #[test]
    fn after_a_restart_a_full_lease_may_be_out() {
        assert_eq!(Lease::after_restart(1000, 1000, at(5)).remaining_ms(at(5)), 1000);
        assert_eq!(Lease::after_restart(1000, 9000, at(5)).remaining_ms(at(5)), 9000, "it was lowered");
    }

    /// A copy that an isolate has: when it asked, until when it is leased, and of which version.
    struct Copy {
        until: i64,
        version: u32,
    }

    proptest! {
        /// Reads and writes at any pace, requests and answers delayed by any time, restarts in between: a
        /// copy within its lease always has the acknowledged version.
        #[test]
        fn no_copy_within_its_lease_is_older_than_an_acknowledged_change(
            steps in prop::collection::vec((0..4_u8, 0..900_i64, 0..700_i64), 1..200)
        ) {
            let (mut now, mut version) = (1_000_000_i64, 0_u32);
            let mut lease = Lease::fresh(1000, at(now));
            let mut copies: Vec<Copy> = Vec::new();
            for (what, pause, delay) in steps {
                now += pause;
                match what {
                    0 => {
                        let asked = now;
                        now += delay;
                        let granted = lease.grant(at(now));
                        copies.push(Copy { until: asked + i64::from(granted), version });
                    }
                    1 => {
                        lease.hold();
                        now += i64::from(lease.remaining_ms(at(now)));
                        version += 1;
                        lease.release(at(now), true);
                    }
                    2 => lease = Lease::after_restart(1000, 1000, at(now)),
                    _ => {}
                }
                for copy in copies.iter().filter(|copy| now < copy.until) {
                    prop_assert_eq!(copy.version, version);
                }
            }
        }
    }
}
