//! The web pages: collector, supervisor, called person.
