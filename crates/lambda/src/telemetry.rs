//! Logs: one JSON object a line on standard output, where Lambda picks them up.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts logging at `level` (`error`, `warn`, `info`, `debug`, `trace`); the SDKs log from `warn` up.
pub fn start(level: LevelFilter) {
    let targets = Targets::new().with_default(level.min(LevelFilter::WARN)).with_targets([
        ("sluice_lambda", level),
        ("sluice_storage", level),
        ("sluice_packs", level),
        ("bridge_events", level),
        ("compress_pack", level),
        ("dedup_upload", level),
        ("materialize_blob", level),
        ("migrate_pack", level),
        ("plan_migrations", level),
        ("read_content", level),
        ("sweep_objects", level),
        ("sweep_uploads", level),
    ]);
    // Lambda stamps every line with the time itself.
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).without_time().with_target(true);
    let lines = lines.with_span_list(false);
    tracing_subscriber::registry().with(lines).with(targets).init();
}
