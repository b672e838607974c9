//! Marks every write, so that a test can stop a worker before or after it, as a killed process would be.
//!
//! Without the feature `fault-points` only the write itself is left.

#[cfg(feature = "fault-points")]
pub use armed::{Fault, Moment, run_until_killed};

#[cfg(not(feature = "fault-points"))]
pub(crate) async fn write<T>(_operation: &'static str, write: impl Future<Output = T>) -> T {
    write.await
}

/// Runs one write, unless the test stops the worker here.
#[cfg(feature = "fault-points")]
pub(crate) async fn write<T>(operation: &'static str, write: impl Future<Output = T>) -> T {
    // Counted when it begins, so that concurrent writes have different numbers.
    let number = armed::next_number();
    armed::strike(number, operation, Moment::Before).await;
    let result = write.await;
    armed::strike(number, operation, Moment::After).await;
    result
}

#[cfg(feature = "fault-points")]
mod armed {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex, PoisonError};
    use tokio::sync::Notify;

    tokio::task_local! {
        static FAULT: Arc<Armed>;
    }

    /// The side of a write on which the worker is stopped.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Moment {
        /// The write does not happen.
        Before,
        /// The write happens, but nothing after it.
        After,
    }

    /// Where the worker is stopped.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Fault {
        /// The number of the write, from 0, in the order in which writes begin.
        pub write: usize,
        pub moment: Moment,
    }

    struct Armed {
        fault: Fault,
        begun: AtomicUsize,
        struck: Mutex<Option<&'static str>>,
        notify: Notify,
    }

    /// Runs `work` until it ends or the fault strikes. In the second case drops it where it is and returns
    /// the name of the operation.
    pub async fn run_until_killed<T>(fault: Fault, work: impl Future<Output = T>) -> Result<T, &'static str> {
        let armed = Arc::new(Armed {
            fault,
            begun: AtomicUsize::default(),
            struck: Mutex::default(),
            notify: Notify::new(),
        });
        let killed = armed.notify.notified();
        tokio::select! {
            result = FAULT.scope(armed.clone(), work) => Ok(result),
            () = killed => {
                Err(armed.struck.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or("unknown"))
            }
        }
    }

    pub(super) fn next_number() -> usize {
        FAULT.try_with(|armed| armed.begun.fetch_add(1, Ordering::Relaxed)).unwrap_or_default()
    }

    pub(super) async fn strike(write: usize, operation: &'static str, moment: Moment) {
        let Ok(armed) = FAULT.try_with(Arc::clone) else { return };
        if armed.fault == (Fault { write, moment }) {
            *armed.struck.lock().unwrap_or_else(PoisonError::into_inner) = Some(operation);
            armed.notify.notify_one();
            std::future::pending::<()>().await;
        }
    }
}
