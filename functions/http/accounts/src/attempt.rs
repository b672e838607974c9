//! Counts attempts with a password, and refuses those that come too soon after others.

use sluice_contracts::problem::Code;
use sluice_domain::account::Username;
use sluice_domain::guessing::CounterKeys;
use sluice_lambda::{Call, Failure};
use sluice_storage::tables::Attempt;

use crate::app::App;

/// Counts an attempt to log in, and returns the counters to take it back with.
///
/// # Errors
/// `too_many_attempts`, before any password is compared: comparing one is what costs.
pub async fn count(app: &App, call: &Call, username: &Username) -> Result<CounterKeys, Failure> {
    let keys = CounterKeys::new(username, app.entrance.viewer(call));
    check(app, call, &keys, Code::TooManyAttempts, "wrong passwords").await?;
    Ok(keys)
}

/// Counts a registration. Not even a success is taken back.
///
/// # Errors
/// `too_many_requests`, before any password is hashed or compared.
pub async fn count_registration(app: &App, call: &Call, username: &Username) -> Result<(), Failure> {
    let keys = CounterKeys::new(username, app.entrance.viewer(call)).of_registration();
    check(app, call, &keys, Code::TooManyRequests, "registrations").await
}

async fn check(app: &App, call: &Call, keys: &CounterKeys, code: Code, what: &str) -> Result<(), Failure> {
    match app.tables.count_attempt(keys, call.now).await? {
        Attempt::Allowed => Ok(()),
        Attempt::Wait(wait) => {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let detail = format!("too many {what} came from here; wait {seconds} seconds");
            Err(Failure::new(code, detail).retry_after(seconds))
        }
    }
}
