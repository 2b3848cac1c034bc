//! The gate's decider: permits, caps, hours, stops. Pure.
