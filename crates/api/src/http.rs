//! HTTP with JSON: the platform's commands and questions as routes. `proto/http.md` describes them.

mod accounts;
mod agencies;
mod asker;
mod bulk;
mod cases;
mod client;
mod commitments;
mod consents;
mod contacts;
mod entries;
mod explain;
mod holds;
mod input;
mod json_lines;
mod lines;
mod permits;
mod placement;
mod policies;
mod probes;
mod problem;
mod recorded;
mod registry;
mod sign_in;
mod terms;
mod upload;

use std::net::SocketAddr;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::platform::Platform;

pub use asker::{Asker, COOKIE, RetryKey, clear_cookie, sign_in_cookie};
pub use client::{ClientAddress, OverHttps, Proxies};
pub use problem::Problem;

/// Largest request body, except that of an import, which streams.
const BODY_MAX: usize = 64 * 1024;

/// Every route of the API; to be merged with those of the pages.
pub fn router(platform: Platform) -> Router {
    let v1 = Router::new()
        .route("/lenders/{lender}/cases", post(cases::import))
        .route("/cases/{case}", get(cases::case))
        .route("/cases/{case}/people", get(cases::people))
        .route("/cases/{case}/timeline", get(cases::timeline))
        .route("/cases/{case}/payments", post(cases::pay))
        .route("/cases/{case}/close", post(cases::close))
        .route("/cases/{case}/payments/take-back", post(entries::take_back))
        .route("/cases/{case}/entries", post(entries::book))
        .route("/cases/{case}/interest", post(entries::accrue))
        .route("/cases/{case}/reopen", post(entries::reopen))
        .route("/cases/{case}/limitation", post(entries::limit))
        .route("/cases/{case}/statement", get(entries::statement))
        .route("/cases/{case}/commitment", post(commitments::commit))
        .route("/cases/{case}/commitment/cancel", post(commitments::cancel))
        .route("/cases/{case}/settlement", post(commitments::offer))
        .route("/cases/{case}/settlement/accept", post(commitments::accept))
        .route("/cases/{case}/pause", post(commitments::pause))
        .route("/cases/{case}/resume", post(commitments::resume))
        .route("/lenders/{lender}/terms", get(accounts::terms).post(accounts::set_terms))
        .route("/lenders/{lender}/commissions", post(accounts::agree))
        .route("/lenders/{lender}/account", get(accounts::of_lender))
        .route("/lenders/{lender}/reconcile", post(accounts::reconcile))
        .route("/agencies/{agency}/account", get(accounts::of_agency))
        .route("/agencies", get(agencies::list).post(agencies::register))
        .route("/agencies/{agency}/figures", get(agencies::figures))
        .route("/agencies/{agency}/suspension", post(agencies::suspend))
        .route("/agencies/{agency}/standing", post(registry::standing))
        .route("/agencies/{agency}/lines", post(registry::line))
        .route("/agencies/{agency}/templates", post(registry::approve))
        .route("/agencies/{agency}/templates/{template}/withdraw", post(registry::withdraw))
        .route("/agencies/{agency}/collectors", post(agencies::register_collector))
        .route("/collectors/{collector}/end", post(agencies::end_collector))
        .route("/collectors/{collector}/queue", get(agencies::queue))
        .route("/placement", post(agencies::place))
        .route("/placement/plans", post(placement::plan))
        .route(
            "/placement/plans/apply",
            post(placement::apply).layer(DefaultBodyLimit::max(placement::PLAN_MAX)),
        )
        .route("/placement/scorecards", get(placement::scorecards))
        .route("/placement/progress", get(placement::progress))
        .route("/agencies/{agency}/recall", post(placement::recall))
        .route("/agencies/{agency}/terms", post(terms::set_agency))
        .route("/collectors/{collector}/certificates", post(terms::certify))
        .route("/lenders/{lender}/agencies", get(terms::of_lender).post(terms::set_lender))
        .route("/cases/{case}/description", post(terms::describe))
        .route("/permits", post(permits::request))
        .route("/permits/number", post(permits::number))
        .route("/permits/check", post(bulk::check))
        .route("/permits/batch", post(bulk::request))
        .route("/permits/explain", post(explain::request))
        .route("/decisions/reproduce", post(explain::every))
        .route("/decisions/explain", post(explain::decision))
        .route("/permits/redeem", post(permits::redeem))
        .route("/permits/settle", post(permits::settle))
        .route("/contacts/lookup", post(contacts::lookup))
        .route("/contacts/timeline", post(contacts::timeline))
        .route("/stops", post(contacts::stop))
        .route("/holds", post(holds::place))
        .route("/holds/lift", post(holds::lift))
        .route("/holds/list", post(holds::list))
        .route("/contacts/record", post(recorded::record))
        .route("/contacts/record/batch", post(recorded::record_many))
        .route("/numbers/disprove", post(recorded::disprove))
        .route("/numbers/check", post(recorded::check))
        .route("/consents", post(contacts::consent))
        .route("/consents/give", post(consents::give))
        .route("/consents/revoke", post(consents::revoke))
        .route("/codes", post(sign_in::send_code))
        .route("/codes/verify", post(sign_in::verify_code))
        .route("/me", get(sign_in::me))
        .route("/figures", get(probes::figures))
        .route("/recount", post(probes::recount))
        .route("/checkpoints/{service}/{partition}", get(probes::checkpoint))
        .route("/policies", get(policies::in_force).post(policies::adopt))
        .route("/policies/replay", post(policies::replay))
        .route("/policies/{id}/withdraw", post(policies::withdraw))
        .route("/status", get(probes::status))
        .route("/refusals/{code}", get(problem::page))
        .fallback(problem::no_route)
        .method_not_allowed_fallback(problem::no_method)
        .layer(from_fn_with_state(platform.clone(), problem::finish))
        .layer(DefaultBodyLimit::max(BODY_MAX));
    probe_routes().nest("/v1", v1).with_state(platform)
}

/// Health, readiness and metrics alone, for a process that serves no pages.
pub fn probes(platform: Platform) -> Router {
    probe_routes().with_state(platform)
}

fn probe_routes() -> Router<Platform> {
    Router::new()
        .route("/health", get(probes::health))
        .route("/ready", get(probes::ready))
        .route("/metrics", get(probes::metrics))
}

/// Serves until `stop` turns true, then lets requests in progress end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    mut stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let stopped = async move {
        // An error means that the sender is gone: the process is going down.
        drop(stop.wait_for(|stop| *stop).await);
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    // An answer that comes line by line would otherwise wait, after its first line, for the client's delayed
    // acknowledgement: 40 ms.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection sends small packets late");
        }
    });
    axum::serve(listener, service).with_graceful_shutdown(stopped).await
}
