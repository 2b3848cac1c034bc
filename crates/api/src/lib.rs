//! HTTP and JSON: the commands, sign-in, tenancy, metrics, health.
