//! Writes logs to standard output, one JSON object a line, where Lambda collects them.

use sluice_deployment::log::is_ours;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Logs our own crates from `level` up, and all others from `warn` up at the most.
pub(crate) fn start(level: LevelFilter) {
    let others = level.min(LevelFilter::WARN);
    let filter = filter_fn(move |event| *event.level() <= if is_ours(event) { level } else { others })
        .with_max_level_hint(level);
    // Lambda adds the time to every line itself.
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).without_time().with_target(true);
    let lines = lines.with_span_list(false);
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
}
