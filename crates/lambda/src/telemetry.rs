//! Writes logs to standard output, one JSON object a line, where Lambda collects them.

use std::path::Path;
use tracing::Metadata;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Logs our own crates from `level` up, and all others from `warn` up at the most.
pub fn start(level: LevelFilter) {
    let others = level.min(LevelFilter::WARN);
    let filter = filter_fn(move |event| *event.level() <= if is_ours(event) { level } else { others })
        .with_max_level_hint(level);
    // Lambda adds the time to every line itself.
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).without_time().with_target(true);
    let lines = lines.with_span_list(false);
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
}

/// Whether an event or span comes from a crate of this workspace.
///
/// Cargo compiles the workspace's crates with paths relative to the workspace, and all others with absolute
/// paths. So our own crates need no common name and no list.
pub fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.file().is_some_and(is_in_workspace)
}

/// Takes a path as `file!()` gives it.
fn is_in_workspace(file: &str) -> bool {
    Path::new(file).is_relative()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_workspace_are_ours() {
        assert!(is_in_workspace(file!()));
        assert!(!is_in_workspace("/home/ada/.cargo/registry/src/index/hyper-1.12.0/src/client.rs"));
    }
}
