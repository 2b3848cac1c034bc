//! Words of the assignment service.
