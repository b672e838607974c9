//! The errors of a registry of stores.

/// The configuration of stores is invalid.
#[derive(Debug, thiserror::Error)]
pub enum StoresError {
    /// It is not JSON, or has unknown or missing fields.
    #[error("the stores are not well configured: {0}")]
    Shape(#[from] serde_json::Error),
    /// A store lacks something that its kind needs.
    #[error("the store {store}: {problem}")]
    Store {
        store: String,
        /// The problem, and how to solve it.
        problem: String,
    },
    /// Stores contradict one another.
    #[error("the stores contradict one another: {0}")]
    Contradiction(String),
}
