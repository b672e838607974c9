//! Messages of a queue, and the ways in which processing one can end.

use sluice_domain::time::TimeCheck;
use sluice_packs::PackError;
use std::sync::Arc;

/// One message of a batch.
#[derive(Debug, Clone)]
pub struct Message {
    /// The message id that SQS gave.
    pub id: String,
    pub body: String,
    /// How often it has been received, this time included.
    pub receive_count: u32,
    /// Identifies this receipt of the message to SQS.
    pub receipt_handle: String,
}

/// Returns true once a worker must take on no more work.
pub type OutOfTime = Arc<TimeCheck>;

/// The ids of the messages that SQS is to deliver again.
pub type Redelivered = Vec<String>;

/// Why a message could not be processed.
pub trait ProcessError: std::error::Error + Send + Sync {
    /// Whether no retry will help.
    fn is_permanent(&self) -> bool;

    /// A stable code for the dead-letter queue.
    fn code(&self) -> &'static str;
}

impl ProcessError for PackError {
    fn is_permanent(&self) -> bool {
        self.is_permanent()
    }

    fn code(&self) -> &'static str {
        self.code()
    }
}

/// The result of processing one message.
#[derive(Debug)]
pub enum Processed {
    Done,
    /// There was no time for it.
    NotTried,
    Failed(Box<dyn ProcessError>),
}
