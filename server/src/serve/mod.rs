//! `keyrack serve`: from settings to a server that answers, and in order back to nothing.

mod banner;
pub mod database;
pub mod hotel_subscriptions;
mod payments;
pub mod readiness;
mod site;
mod stop;
pub mod worker;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::ServiceExt;
use axum::extract::Request;
use axum::serve::ListenerExt;
use metrics_exporter_prometheus::PrometheusHandle;
use platform::clock::SystemClock;
use platform::mail::Mailer;
use platform::settings::{Secret, Settings, SettingsError};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::database::Source;
pub use self::site::leptos_options;
use crate::state::AppState;
use crate::{demo, web};

/// How long requests and jobs may take to finish once the server was told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// How often old samples of the figures are folded together.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// What this process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Answers requests.
    Web,
    /// Carries out jobs.
    Worker,
}

/// Serves until told to stop.
pub async fn run(settings: Settings, roles: &[Role]) -> anyhow::Result<()> {
    let mailer =
        Mailer::new(settings.smtp.as_ref()).map_err(|error| SettingsError(vec![error.to_string()]))?;
    let stop = CancellationToken::new();
    stop::on_signals(stop.clone());
    // First of all: a second server on the same port fails before it touches anything.
    let listener = if roles.contains(&Role::Web) { Some(listen(settings.listen).await?) } else { None };
    let metrics = web::metrics::install()?;
    let source = Source::open(&settings).await?;
    let database = source.database(&settings);
    let mut state = AppState::new(database, Arc::new(SystemClock), settings, leptos_options());
    state.stop = stop.clone();
    state.metrics = Some(metrics.clone());
    let work = TaskTracker::new();
    let state = payments::open(with_language_model(state)?, &work).await?;

    work.spawn(upkeep(metrics, stop.clone()));
    if let Some(listener) = listener {
        // Answers 503 until everything is prepared.
        work.spawn(answer(listener, state.clone()));
    }
    let prepared = tokio::select! {
        prepared = prepare(&state, &source, roles, mailer, &work) => prepared,
        () = stop.cancelled() => Ok(()),
    };
    if prepared.is_ok() {
        source.look_after(&state.readiness, &stop).await;
    }
    finish(&state, source, work).await;
    prepared
}

/// With the language model of the settings, if there is one. Nothing is asked yet.
fn with_language_model(state: AppState) -> anyhow::Result<AppState> {
    let Some(model) = &state.settings.language_model else { return Ok(state) };
    let config = language_model::Config {
        url: &model.url,
        key: model.key.as_ref().map(Secret::expose),
        name: &model.name,
        time: language_model::TIME,
    };
    let model = language_model::ChatCompletions::new(config)
        .map_err(|error| SettingsError(vec![error.to_string()]))?;
    Ok(state.with_language_model(Arc::new(model)))
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; HOST and PORT choose another address"))
}

/// Brings the database to where this version wants it, then starts everything that uses it.
async fn prepare(
    state: &AppState,
    source: &Source,
    roles: &[Role],
    mailer: Mailer,
    work: &TaskTracker,
) -> anyhow::Result<()> {
    source.migrate().await?;
    if state.settings.demo {
        demo::ensure(source.options(), &state.services.clock).await.context("cannot make the demo data")?;
    }
    state.services.plugins.load().await?;
    state.readiness.set(readiness::State::Up);
    let (options, stop) = (source.options().clone(), state.stop.clone());
    work.spawn(state.services.plugins.clone().follow(stop.clone()));
    work.spawn(readiness::watch(state.readiness.clone(), state.database.clone(), options, stop.clone()));
    if roles.contains(&Role::Web) {
        work.spawn(Arc::clone(&state.live).run(state.database.worker().clone(), stop));
        banner::print(&state.settings, state.sandbox_url.as_deref());
    }
    if roles.contains(&Role::Worker) {
        worker::start(state, mailer, work);
    }
    tracing::info!(address = %state.settings.listen, "server.ready");
    Ok(())
}

/// Answers requests until told to stop, then lets those that were begun finish.
async fn answer(listener: TcpListener, state: AppState) {
    let stop = state.stop.clone();
    let service =
        ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(web::router(state));
    let listener = listener.tap_io(|stream| {
        // An answer is written in one go; waiting for more would only delay it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "http.nodelay_refused");
        }
    });
    // It cannot fail: errors of single connections are theirs.
    let _ = axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await;
}

async fn upkeep(metrics: PrometheusHandle, stop: CancellationToken) {
    while tokio::time::timeout(METRICS_UPKEEP, stop.cancelled()).await.is_err() {
        metrics.run_upkeep();
    }
}

/// Lets everything end by itself, for a while.
async fn finish(state: &AppState, source: Source, work: TaskTracker) {
    state.stop.cancel();
    tracing::info!("server.stopping");
    work.close();
    state.tasks.close();
    let ended = async {
        work.wait().await;
        // Only requests make these, so there are no new ones now.
        state.tasks.wait().await;
        state.database.close().await;
    };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        tracing::warn!(seconds = GRACE.as_secs(), "server.stopped_with_work_left");
    }
    source.close().await;
    tracing::info!("server.stopped");
}
