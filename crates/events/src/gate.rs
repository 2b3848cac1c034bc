//! Words of the gate service.
