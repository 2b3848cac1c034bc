//! Single-writer partitions, group commit, recovery, projections, process managers, leadership.
