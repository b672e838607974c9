//! Writes logs to standard output, one JSON object a line, where Lambda collects them.

use std::path::Path;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Logs our own crates from `level` up, and all others from `warn` up at the most.
pub fn start(level: LevelFilter) {
    let filter = filter_fn(move |metadata| *metadata.level() <= level_of(metadata.file(), level))
        .with_max_level_hint(level);
    // Lambda adds the time to every line itself.
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).without_time().with_target(true);
    let lines = lines.with_span_list(false);
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
}

/// The level for events of the source file `file`, as `file!()` gives it.
///
/// Cargo compiles the workspace's crates with paths relative to the workspace, and all others with absolute
/// paths. So our own crates need no common name and no list.
fn level_of(file: Option<&str>, level: LevelFilter) -> LevelFilter {
    let is_ours = file.is_some_and(|file| Path::new(file).is_relative());
    if is_ours { level } else { level.min(LevelFilter::WARN) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_crates_log_from_the_level_that_is_set_and_others_from_warn() {
        let foreign = Some("/root/.cargo/registry/src/index/hyper-1.12.0/src/client.rs");
        for (level, expected) in [
            (LevelFilter::TRACE, LevelFilter::WARN),
            (LevelFilter::INFO, LevelFilter::WARN),
            (LevelFilter::WARN, LevelFilter::WARN),
            (LevelFilter::ERROR, LevelFilter::ERROR),
        ] {
            assert_eq!(level_of(Some(file!()), level), level);
            assert_eq!(level_of(foreign, level), expected);
            assert_eq!(level_of(None, level), expected);
        }
    }
}
