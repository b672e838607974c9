//! Tells our own log lines from those of libraries.

use std::path::Path;
use tracing::Metadata;

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
