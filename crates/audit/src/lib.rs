//! The projector: timelines, figures, recount.
