//! Bulk work first: while a file is imported, whoever follows a log in the same process goes slowly, since all
//! of them share the same few cores. They fall behind, by a bounded rate, and catch up when it is over. Permits
//! and stops are decided by the writers and do not wait.

use std::time::Duration;

use prometheus::IntGauge;

/// Between a follower's steps while bulk work is under way. A step is at most 2 MiB of log.
const STEP: Duration = Duration::from_secs(1);

/// Bulk work under way; counted as long as it is held.
pub struct BulkWork(IntGauge);

impl BulkWork {
    pub(crate) fn begin(gauge: IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for BulkWork {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Lets bulk work go first.
pub(crate) async fn give_way(gauge: &IntGauge) {
    if gauge.get() > 0 {
        tokio::time::sleep(STEP).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_bulk_work_when_it_is_dropped_then_nobody_gives_way_any_more() {
        let gauge = IntGauge::new("bulk", "bulk").expect("a gauge");
        let (first, second) = (BulkWork::begin(gauge.clone()), BulkWork::begin(gauge.clone()));
        assert_eq!(gauge.get(), 2);
        drop((first, second));
        assert_eq!(gauge.get(), 0);
    }
}
