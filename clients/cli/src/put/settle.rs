//! From the arrival of the bytes to the server's verdict.

use sluice_contracts::files::VersionView;
use sluice_contracts::uploads::UploadView;
use sluice_domain::id::{FileId, UploadId, VersionId};
use sluice_domain::version::VersionState;

use super::item::Item;
use super::report::{Outcome, Report};
use super::resume::Memory;
use super::whole::Whole;
use super::{Put, delta};
use crate::cache::{KnownFile, KnownVersion};
use crate::error::{Error, Result};

/// How far a file has come.
pub enum Stage {
    /// The account had the bytes.
    Instant(Box<VersionView>),
    /// The bytes are there and have to be verified.
    Arrived(Arrived),
}

/// An upload all of whose bytes are there.
pub struct Arrived {
    /// The upload.
    pub upload_id: UploadId,
    /// The version it makes, where an answer told.
    pub version_id: Option<VersionId>,
    /// The file it belongs to, where an answer told.
    pub file_id: Option<FileId>,
    /// Forgotten once the version is settled.
    pub memory: Option<Memory>,
    /// What was sent as a delta, in case the server rejects that.
    pub delta_of: Option<Box<Whole>>,
}

impl Stage {
    /// An upload that an earlier run finished sending.
    pub fn arrived(view: &UploadView) -> Self {
        let version = view.version.as_ref();
        Self::Arrived(Arrived {
            upload_id: view.upload_id,
            version_id: version.map(|version| version.version_id),
            file_id: version.map(|version| version.file_id),
            memory: None,
            delta_of: None,
        })
    }

    /// An upload that was completed.
    pub fn completed(upload_id: UploadId, version: &VersionView) -> Self {
        let (version_id, file_id) = (Some(version.version_id), Some(version.file_id));
        Self::Arrived(Arrived { upload_id, version_id, file_id, memory: None, delta_of: None })
    }
}

/// What is left to report of a file, and why it failed if it did.
pub type Settled = (Report, Result<()>);

impl Put {
    /// Brings a file to its end and says how it went.
    pub(super) async fn settle(&self, sent: Result<(Item, Result<Stage>), Box<Settled>>) -> Settled {
        let (item, stage) = match sent {
            Ok(sent) => sent,
            Err(settled) => return *settled,
        };
        let settled = match stage {
            Ok(stage) => self.settle_stage(&item, stage).await,
            Err(error) => Err(error),
        };
        match settled {
            Ok(report) => {
                self.remember(&item, &report);
                (report, Ok(()))
            }
            Err(error) => {
                let report = Report { error: Some((&error).into()), ..Report::new(&item, Outcome::Failed) };
                (report, Err(error))
            }
        }
    }

    async fn settle_stage(&self, item: &Item, stage: Stage) -> Result<Report> {
        let mut arrived = match stage {
            Stage::Instant(version) => return Ok(Report::new(item, Outcome::Instant).with_version(&version)),
            Stage::Arrived(arrived) => arrived,
        };
        let Some(whole) = arrived.delta_of.take() else {
            return self.verify(item, &arrived, Outcome::Uploaded).await;
        };
        match self.verify(item, &arrived, Outcome::Delta).await {
            Err(Error::Rejected(Some(reason))) if delta::is_worth_sending_whole(reason) => {
                self.note_whole(item, reason.as_str());
                let stage = whole.send(self, item).await?;
                // What was sent whole is no delta.
                Box::pin(self.settle_stage(item, stage)).await
            }
            verdict => verdict,
        }
    }

    /// Says that a delta has become a whole upload.
    pub(super) fn note_whole(&self, item: &Item, reason: &str) {
        self.output
            .note(&format!("{}: not taken as a delta ({reason}): sending the whole file", item.remote));
    }

    /// Waits for the server's verdict, unless nobody wants to know.
    async fn verify(&self, item: &Item, arrived: &Arrived, outcome: Outcome) -> Result<Report> {
        let mut state = VersionState::Pending;
        let (mut version_id, mut file_id) = (arrived.version_id, arrived.file_id);
        if let Some(waiter) = &self.waiter {
            item.progress.begin_verification();
            let verdict = waiter.wait(arrived.upload_id, item.api.meter()).await;
            if let Some(memory) = arrived.memory.as_ref().filter(|_| is_verdict(&verdict)) {
                memory.forget();
            }
            let view = verdict?;
            state = VersionState::Available;
            (version_id, file_id) = (Some(view.version_id), Some(view.file_id));
        } else if let Some(memory) = &arrived.memory {
            memory.forget();
        }
        Ok(Report { state: Some(state), version_id, file_id, ..Report::new(item, outcome) })
    }

    /// Remembers what the file became, where an answer told.
    fn remember(&self, item: &Item, report: &Report) {
        if let (Some(file_id), Some(version_id), Some(sha256)) =
            (report.file_id, report.version_id, item.sha256.get().copied())
        {
            self.cache.remember_file(&KnownFile {
                local: &item.local,
                fingerprint: item.fingerprint.get(),
                remote: &item.remote,
                version: KnownVersion { file_id, version_id, sha256 },
            });
        }
    }
}

/// Whether the upload has ended; a question that got no answer leaves it open.
fn is_verdict(verdict: &Result<UploadView>) -> bool {
    matches!(verdict, Ok(_) | Err(Error::Rejected(_) | Error::UploadEnded(_)))
}
