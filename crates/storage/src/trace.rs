//! Passes the trace of a task on with every message that the task sends.

tokio::task_local! {
    static HEADER: Option<String>;
}

/// Runs `work` as part of the trace in `header`, the value of `X-Amzn-Trace-Id`.
pub async fn scope<Work: Future>(header: Option<String>, work: Work) -> Work::Output {
    HEADER.scope(header, work).await
}

/// The trace of the current task.
pub(crate) fn header() -> Option<String> {
    HEADER.try_with(Clone::clone).ok().flatten()
}
