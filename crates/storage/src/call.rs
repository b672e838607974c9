//! Calls a service: passes writes through their fault point, and gives errors their meaning.
//!
//! Requests are boxed: the SDK's futures are kilobytes long, and every async function between here and a
//! worker's loop would hold a copy of that size on its stack.

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use backon::{ExponentialBuilder, Retryable as _};
use std::error::Error;
use std::time::Duration;

use crate::error::{ErrorKind, StorageError};
use crate::fault;

/// How a write is repeated while transactions write the same rows. The SDK repeats requests that got no
/// answer or were throttled, but not these. Delays are random, or those who met would meet again. All
/// changes of an account write its row: nine tries, three to six seconds in all, let fifty at once through.
pub(crate) const COLLISION_RETRIES: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(20))
    .with_max_delay(Duration::from_millis(800))
    .with_max_times(8)
    .with_jitter();

/// Sends a request that changes nothing.
pub(crate) fn read<T, E>(
    operation: &'static str,
    request: impl Future<Output = Result<T, SdkError<E>>>,
) -> impl Future<Output = Result<T, StorageError>>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let request = Box::pin(request);
    async move { interpret(operation, request.await) }
}

/// Sends a request that changes something. Tests can stop the worker before and after it.
pub(crate) fn write<T, E>(
    operation: &'static str,
    request: impl Future<Output = Result<T, SdkError<E>>>,
) -> impl Future<Output = Result<T, StorageError>>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let request = Box::pin(request);
    async move { interpret(operation, fault::write(operation, request).await) }
}

/// Sends a request that changes one row, again while a transaction writes it. Tests can stop the worker
/// before and after it.
pub(crate) async fn write_row<T, E, Request>(
    operation: &'static str,
    request: impl Fn() -> Request,
) -> Result<T, StorageError>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    Request: Future<Output = Result<T, SdkError<E>>>,
{
    let attempts = (|| Box::pin(request()))
        .retry(COLLISION_RETRIES)
        .when(|error| error.code() == Some("TransactionConflictException"));
    interpret(operation, fault::write(operation, attempts).await)
}

/// Gives the error of an answer its meaning.
pub(crate) fn interpret<T, E>(
    operation: &'static str,
    answer: Result<T, SdkError<E>>,
) -> Result<T, StorageError>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    answer.map_err(|error| StorageError::from_sdk(operation, error))
}

/// The answer; nothing if what was asked for is not there.
///
/// # Errors
/// All but `NotFound`.
pub fn found<T>(result: Result<T, StorageError>) -> Result<Option<T>, StorageError> {
    unless(ErrorKind::NotFound, result)
}

/// The answer; nothing if the condition of the request did not hold.
pub(crate) fn if_held<T>(result: Result<T, StorageError>) -> Result<Option<T>, StorageError> {
    unless(ErrorKind::Conflict, result)
}

fn unless<T>(kind: ErrorKind, result: Result<T, StorageError>) -> Result<Option<T>, StorageError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind == kind => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(kind: ErrorKind) -> Result<(), StorageError> {
        Err(StorageError::new(kind, "test", ""))
    }

    #[test]
    fn only_the_expected_error_is_no_answer() {
        assert!(matches!(found(Ok(1)), Ok(Some(1))));
        assert!(matches!(found(failed(ErrorKind::NotFound)), Ok(None)));
        assert!(matches!(if_held(failed(ErrorKind::Conflict)), Ok(None)));
        assert!(found(failed(ErrorKind::Conflict)).is_err());
        assert!(if_held(failed(ErrorKind::NotFound)).is_err());
    }
}
