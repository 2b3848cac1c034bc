//! Words of the ledger service.
