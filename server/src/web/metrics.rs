//! Figures for Prometheus: how many requests went how, and what they waited for.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use platform::jobs::admin;

use crate::problem::Problem;
use crate::state::AppState;
use crate::web::paths;

/// Upper ends of the duration histogram, in seconds.
const BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Installs the recorder of this process.
pub fn install() -> anyhow::Result<PrometheusHandle> {
    let builder =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), BUCKETS)?;
    Ok(builder.install_recorder()?)
}

/// Counts and times a request under its route, not its path: a path has as many values as there are bookings.
pub async fn track(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = match request.extensions().get::<MatchedPath>() {
        Some(matched) => matched.as_str().to_owned(),
        None if paths::is_asset(request.uri().path()) => "file".to_owned(),
        None => "none".to_owned(),
    };
    let method = request.method().as_str().to_owned();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    counter!("http_requests_total", "method" => method, "route" => route.clone(), "status" => status)
        .increment(1);
    histogram!("http_request_duration_seconds", "route" => route).record(started.elapsed().as_secs_f64());
    response
}

/// Counts a panic. The request it ended is answered with 500.
pub fn count_panic() {
    counter!("panics_total").increment(1);
}

/// `GET /metrics`.
pub async fn render(State(state): State<AppState>) -> Response {
    let Some(handle) = &state.metrics else {
        return Problem::not_found("Not found").into_response();
    };
    for (name, pool) in state.database.pools() {
        gauge!("database_connections", "pool" => name, "state" => "open").set(f64::from(pool.size()));
        let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
        gauge!("database_connections", "pool" => name, "state" => "idle").set(f64::from(idle));
    }
    if state.readiness.is_up()
        && let Ok(figures) = admin::figures(&state.database, state.services.clock.now()).await
    {
        for (name, count) in [("due", figures.due), ("running", figures.running), ("dead", figures.dead)] {
            gauge!("jobs", "state" => name).set(f64::from(i32::try_from(count).unwrap_or(i32::MAX)));
        }
    }
    gauge!("live_pages").set(f64::from(u32::try_from(state.live.pages()).unwrap_or(u32::MAX)));
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()).into_response()
}
