//! Counts attempts with a password, and refuses those that come too soon after others.

use sluice_contracts::problem::Code;
use sluice_domain::account::Username;
use sluice_domain::guessing::CounterKeys;
use sluice_lambda::{Call, Failure};
use sluice_storage::tables::Attempt;

use crate::app::App;

/// Counts an attempt, and returns the counters to take it back with.
///
/// # Errors
/// `too_many_attempts`, before any password is compared: comparing one is what costs.
pub async fn count(app: &App, call: &Call, username: &Username) -> Result<CounterKeys, Failure> {
    let keys = CounterKeys::new(username, app.entrance.viewer(call));
    match app.tables.count_attempt(&keys, call.now).await? {
        Attempt::Allowed => Ok(keys),
        Attempt::Wait(wait) => {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let detail = format!("too many wrong passwords came from here; wait {seconds} seconds");
            Err(Failure::new(Code::TooManyAttempts, detail).retry_after(seconds))
        }
    }
}
