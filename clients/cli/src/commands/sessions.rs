//! Runs `sessions` and `sessions end`.

use serde::Serialize;
use sluice_contracts::accounts::SessionView;
use sluice_contracts::problem::Code;
use sluice_domain::id::SessionId;

use crate::arguments::SessionsToEnd;
use crate::context::Context;
use crate::error::Result;
use crate::output::{Failure, minute, printable};
use crate::tally::Tally;

pub async fn list(context: &Context) -> Result<()> {
    let (api, _) = context.connect()?;
    for session in api.sessions().await?.sessions {
        context.output.result(&session, || line(&session))?;
    }
    Ok(())
}

fn line(session: &SessionView) -> String {
    let id = session.session_id;
    let (began, ends) = (minute(session.created_at), minute(session.expires_at));
    let here = if session.current { "this one" } else { "" };
    let address = session.address.as_deref().unwrap_or("-");
    let client = session.client.as_deref().unwrap_or("-");
    format!("{id}  {here:8}  from {began}  until {ends}  {}  {}", printable(address), printable(client))
}

/// One line of `sessions end --json`.
#[derive(Serialize)]
struct EndedSession {
    session_id: SessionId,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

/// Ends sessions. One that fails does not stop the others.
pub async fn end(which: &SessionsToEnd, context: &Context) -> Result<()> {
    let (api, _) = context.connect()?;
    if which.others {
        api.end_other_sessions().await?;
        return context.output.result(&serde_json::json!({ "others_ended": true }), || {
            "all other sessions have ended".to_owned()
        });
    }
    let mut tally = Tally::default();
    for &session_id in &which.session_id {
        let outcome = match api.end_session(session_id).await {
            // It has ended, perhaps by this call, if the first answer was lost.
            Err(error) if error.problem_code() == Some(Code::NotFound) => Ok(()),
            outcome => outcome,
        };
        tally.add(&outcome);
        let error = outcome.err().inspect(|error| context.output.failure(&format!("{session_id}: "), error));
        let word = if error.is_some() { "failed" } else { "ended" };
        let line = EndedSession { session_id, outcome: word, error: error.as_ref().map(Failure::from) };
        context.output.result(&line, || format!("{word:8}  {session_id}"))?;
    }
    tally.finish(&context.output, "ended")
}
