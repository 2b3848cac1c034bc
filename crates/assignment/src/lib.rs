//! The assignment decider: agencies, collectors, placement, queues. Pure.
