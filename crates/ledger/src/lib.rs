//! The ledger's decider: cases, postings, closing. Pure.
