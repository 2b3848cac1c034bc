//! The web pages: the person who is called, the collector, the supervisor.
//!
//! Rendered here, without a build step, and every one of them works without JavaScript: forms are posted and
//! answered with a redirect. What a page needs between the two is in a signed cookie of its own ([`slip`]).
//! Chinese and English stand side by side in each page's `texts`.
//!
//! No page loads anything from elsewhere and none carries inline styles or scripts; [`frame`] says so in its headers.
//! A phone number is never part of an address.
//!
//! **Architecture invariant:** nothing is decided here. The pages ask the [`Platform`] as whoever is signed in.

mod cookies;
mod failure;
mod figures;
mod forms;
mod frame;
mod front;
mod language;
mod layout;
mod moment;
mod my_number;
mod options;
mod permit;
mod queue;
mod reasons;
mod sign_in;
mod slip;
mod style;
mod visit;
mod who;
mod words;
mod zones;

use std::sync::Arc;

use api::Platform;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

pub use options::Options;

/// Largest form.
const BODY_MAX: usize = 16 * 1024;

/// What every page is made with.
#[derive(Clone)]
struct Pages {
    platform: Platform,
    options: Arc<Options>,
}

/// Every page; to be merged with the routes of the API. Brings the fallback for paths that nobody has.
pub fn router(platform: Platform, options: Options) -> Router {
    let pages = Pages { platform, options: Arc::new(options) };
    Router::new()
        .route("/", get(front::front))
        .route("/stop", get(front::home).post(front::stop))
        .route("/stop/receipt", get(front::receipt))
        .route("/who", get(front::home).post(who::send))
        .route("/who/code", get(who::code).post(who::verify))
        .route("/my-number", get(my_number::show))
        .route("/my-number/stop", post(my_number::stop))
        .route("/my-number/answer", post(my_number::answer))
        .route("/queue", get(queue::show))
        .route("/permits", post(permit::request))
        .route("/permits/{id}", get(permit::show))
        .route("/permits/{id}/redeem", post(permit::redeem))
        .route("/permits/{id}/settle", post(permit::settle))
        .route("/permits/{id}/stop", post(permit::stop))
        .route("/permits/{id}/answer", post(permit::answer))
        .route("/figures", get(figures::show))
        .route("/sign-in", get(sign_in::enter).post(sign_in::paste))
        .route("/sign-out", post(sign_in::leave))
        .route(style::path(), get(style::serve))
        .fallback(failure::no_page)
        .method_not_allowed_fallback(failure::no_method)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn_with_state(pages.clone(), frame::frame))
        .with_state(pages)
}
