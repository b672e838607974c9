//! Lets equal files of one run wait for the first of them, so that their bytes are sent once.

use sluice_domain::hash::Sha256;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// The hashes of the files that are being sent.
#[derive(Debug, Clone)]
pub struct Twins {
    /// Each with whether its blob is stored by now.
    in_flight: Arc<Mutex<HashMap<Sha256, watch::Receiver<bool>>>>,
    places: Arc<Semaphore>,
}

/// Where a file stands among those with the same bytes.
#[derive(Debug)]
pub enum Place {
    First(Turn),
    Behind(TwinWait),
    /// Too many files wait already.
    Crowded,
}

/// The right to send the bytes with this hash. It ends when it is dropped.
#[derive(Debug)]
pub struct Turn {
    twins: Twins,
    sha256: Sha256,
    is_stored: watch::Sender<bool>,
}

/// Waits for an equal file.
#[derive(Debug)]
pub struct TwinWait {
    is_stored: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

impl Twins {
    /// Lets at most `waiting_max` files wait.
    pub fn new(waiting_max: usize) -> Self {
        Self { in_flight: Arc::default(), places: Arc::new(Semaphore::new(waiting_max)) }
    }

    /// Gives the first file with this hash its turn. The others wait.
    pub fn enter(&self, sha256: Sha256) -> Place {
        match self.lock().entry(sha256) {
            Entry::Occupied(first) => match self.places.clone().try_acquire_owned() {
                Ok(place) => Place::Behind(TwinWait { is_stored: first.get().clone(), _place: place }),
                Err(_) => Place::Crowded,
            },
            Entry::Vacant(vacant) => {
                let (is_stored, receiver) = watch::channel(false);
                vacant.insert(receiver);
                Place::First(Turn { twins: self.clone(), sha256, is_stored })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Sha256, watch::Receiver<bool>>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Tells those who wait that the account has the blob.
    pub fn stored(&self) {
        self.is_stored.send_replace(true);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.twins.lock().remove(&self.sha256);
    }
}

impl TwinWait {
    /// Waits until the turn of the other file has ended. Returns whether the account has the blob.
    pub async fn until_stored(mut self) -> bool {
        // An error says that the turn has ended.
        while self.is_stored.changed().await.is_ok() {}
        *self.is_stored.borrow()
    }
}
