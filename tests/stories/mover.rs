//! The workers that move packs, run by a story, and what they leave behind.

use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_domain::content::{Content, Pack};
use sluice_domain::hash::Sha256;
use sluice_domain::id::{AccountId, PackId};
use sluice_domain::time::Timestamp;
use sluice_lambda::batch::{Failed, OutOfTime};
use sluice_lambda::{Deployment, clock};
use sluice_packs::read::read_terms;
use sluice_tests::paused;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::support::{Landed, Worker, created, message, unhurried};

/// Longer than any grace, and than any object that is being written is left alone.
const LONG: Duration = Duration::from_hours(48);

/// The workers of a deployment.
pub struct Movers {
    pub worker: Worker,
    pub deployment: Deployment,
}

impl Movers {
    pub fn new() -> Self {
        Self::of(paused().deployment())
    }

    pub fn of(deployment: Deployment) -> Self {
        Self { worker: Worker::new(paused()), deployment }
    }

    /// Uploads and verifies a new user's file.
    pub async fn put(&self, content: Vec<u8>) -> Landed {
        let landed = Landed::new(self.worker.stack, content).await;
        let failed = self.worker.receive(&created(&landed.key), 1, unhurried()).await;
        assert_eq!(failed, Failed::new());
        landed
    }

    /// Runs compress-pack as if the message `id` had come.
    pub async fn compress(&self, of: &Landed, id: &str, receive: u32, time: OutOfTime) -> Failed {
        let subject = Subject::Content(Sha256::of(&of.content));
        let event = PackEvent::PackWritten { account_id: of.account_id, of: subject };
        let app = compress_pack::App::new(&self.deployment).expect("an app");
        let mut message = message(event.to_json(), receive);
        id.clone_into(&mut message.id);
        compress_pack::work_off(Arc::new(app), vec![message], time).await
    }

    /// Runs migrate-pack as if the message `id` had asked for it.
    pub async fn migrate(&self, of: &Landed, to: &str, id: &str, receive: u32, time: OutOfTime) -> Failed {
        let subject = Subject::Content(Sha256::of(&of.content));
        let (account_id, to) = (of.account_id, to.to_owned());
        let event = PackEvent::MigrationRequested { account_id, of: subject, to };
        let app = migrate_pack::App::new(&self.deployment).await.expect("an app");
        let mut message = message(event.to_json(), receive);
        id.clone_into(&mut message.id);
        migrate_pack::work_off(Arc::new(app), vec![message], time).await
    }

    /// Deletes what is due, as if a long time had passed.
    pub async fn sweep(&self) {
        self.sweep_at(clock::now().after(LONG)).await;
    }

    pub async fn sweep_at(&self, now: Timestamp) {
        let app = sweep_objects::App::new(&self.deployment).expect("an app");
        sweep_objects::sweep(Arc::new(app), now).await.expect("swept");
    }

    pub async fn content(&self, of: &Landed) -> Content {
        let content = self.worker.tables().content(of.account_id, &Sha256::of(&of.content)).await;
        content.expect("an answer").expect("a content")
    }

    /// The packs of an upload's content.
    pub async fn packs(&self, of: &Landed) -> Vec<Pack> {
        let content = self.content(of).await;
        let buckets = self.deployment.pack_buckets().expect("buckets");
        let terms = read_terms(&buckets, &content).await.expect("terms");
        let ids: BTreeSet<PackId> = terms.iter().map(|term| term.pack_id).collect();
        let ids: Vec<PackId> = ids.into_iter().collect();
        self.worker.tables().packs(&ids).await.expect("packs")
    }

    /// The account's objects in the vault that hold content: whole ones and packs.
    pub async fn objects(&self, account: AccountId) -> Vec<String> {
        let keys = self.worker.vault_keys(account).await;
        keys.into_iter().filter(|key| key.starts_with("objects/") || key.starts_with("packs/")).collect()
    }

    /// Checks that the file can be read by its plan, and as a whole.
    pub async fn check_readable(&self, landed: &Landed, context: &str) {
        let upload = landed.upload().await;
        let file_id = upload["version"]["file_id"].as_str().expect("an id").to_owned();
        assert!(landed.user.rebuild(&file_id).await == landed.content, "{context}: by its plan");
    }
}
