//! Fault points: a test stops the worker dead before or after any write, as a killed process would be.
//!
//! Without the feature `fault-points` this is nothing but the write itself.

#[cfg(feature = "fault-points")]
pub use armed::{Fault, Moment, run_until_killed};

/// Runs one write to a bucket, a table or a queue.
#[cfg(not(feature = "fault-points"))]
pub(crate) async fn write<T>(_operation: &'static str, write: impl Future<Output = T>) -> T {
    write.await
}

/// Runs one write to a bucket, a table or a queue, unless the fault is to strike here.
#[cfg(feature = "fault-points")]
pub(crate) async fn write<T>(operation: &'static str, write: impl Future<Output = T>) -> T {
    // Counted when they begin: writes that are under way side by side have a number each.
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

    /// On which side of a write the fault strikes.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Moment {
        /// The write does not happen.
        Before,
        /// The write happens, and nothing after it.
        After,
    }

    /// Where the fault strikes: at which write, counted from 0, and on which side of it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Fault {
        /// The write's place in the order of writes.
        pub write: usize,
        /// The side.
        pub moment: Moment,
    }

    struct Armed {
        fault: Fault,
        begun: AtomicUsize,
        struck: Mutex<Option<&'static str>>,
        notify: Notify,
    }

    /// Runs `work` until it ends, or until the fault strikes: then drops it where it stands and gives the operation's
    /// name.
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

    /// The number of the write that begins now.
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
