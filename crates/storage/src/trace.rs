//! The trace that work belongs to, handed on with every message that it sends.

tokio::task_local! {
    static HEADER: Option<String>;
}

/// Does `work` as part of the trace of `header`, the value of Lambda's `X-Amzn-Trace-Id`.
pub async fn scope<Work: Future>(header: Option<String>, work: Work) -> Work::Output {
    HEADER.scope(header, work).await
}

/// The trace of the work at hand, if it belongs to one.
pub(crate) fn header() -> Option<String> {
    HEADER.try_with(Clone::clone).ok().flatten()
}
