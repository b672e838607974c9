//! Workers with their queue, run as Lambda runs them.

use futures::FutureExt;
use futures::future::BoxFuture;
use sluice_in_memory::queues::{QueuedMessage, Queues};
use sluice_lambda::batch::{Message, OutOfTime, Redelivered};
use sluice_storage::CopyLimits;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::World;

type Process = Box<dyn Fn(Vec<Message>, OutOfTime) -> BoxFuture<'static, Redelivered> + Send + Sync>;

/// More deliveries than any message needs, to stop a loop that would not end.
const DELIVERIES_MAX: usize = 20;

pub struct Worker {
    queue: &'static str,
    queues: Arc<Queues>,
    process: Process,
    /// How often an invocation may look at the clock before it is out of time.
    clock_checks: usize,
}

impl Worker {
    fn new<App, Work>(
        world: &World,
        queue: &'static str,
        app: App,
        process: fn(Arc<App>, Vec<Message>, OutOfTime) -> Work,
    ) -> Self
    where
        App: Send + Sync + 'static,
        Work: Future<Output = Redelivered> + Send + 'static,
    {
        let app = Arc::new(app);
        let process: Process =
            Box::new(move |messages, out_of_time| process(app.clone(), messages, out_of_time).boxed());
        Self { queue, queues: world.services.queues.clone(), process, clock_checks: usize::MAX }
    }

    pub fn dedup(world: &World) -> Self {
        let app = dedup_upload::App::new(&world.deployment).expect("an app");
        Self::new(world, "landing", app, dedup_upload::process)
    }

    /// dedup-upload with other sizes from which the store copies objects in parts.
    pub fn dedup_with(world: &World, copy_limits: CopyLimits) -> Self {
        let app = dedup_upload::App::new(&world.deployment).expect("an app").with_copy_limits(copy_limits);
        Self::new(world, "landing", app, dedup_upload::process)
    }

    pub fn compress(world: &World) -> Self {
        let app = compress_pack::App::new(&world.deployment).expect("an app");
        Self::new(world, "compress", app, compress_pack::process)
    }

    pub async fn migrate(world: &World) -> Self {
        let app = migrate_pack::App::new(&world.deployment).await.expect("an app");
        Self::new(world, "migrate", app, migrate_pack::process)
    }

    pub fn materialize(world: &World) -> Self {
        let app = materialize_blob::App::new(&world.deployment).expect("an app");
        Self::new(world, "materialize", app, materialize_blob::process)
    }

    /// The same worker in invocations that are out of time at their look number `clock_checks` at the clock.
    pub fn hurried(self, clock_checks: usize) -> Self {
        Self { clock_checks, ..self }
    }

    /// Delivers all messages of the queue in one batch. Returns the ids of those that stay on it.
    pub async fn run(&self) -> Redelivered {
        self.deliver(self.queues.poll(self.queue)).await
    }

    /// Delivers up to `most` messages that are visible, the oldest first.
    pub async fn run_visible(&self, most: usize) -> Redelivered {
        self.deliver(self.queues.poll_visible(self.queue, most)).await
    }

    async fn deliver(&self, messages: Vec<QueuedMessage>) -> Redelivered {
        let checks = AtomicUsize::new(0);
        let limit = self.clock_checks;
        let out_of_time: OutOfTime = Arc::new(move || checks.fetch_add(1, Ordering::Relaxed) >= limit);
        let failed = (self.process)(messages.iter().map(message).collect(), out_of_time).await;
        for done in messages.iter().filter(|message| !failed.contains(&message.id)) {
            self.queues.delete(self.queue, &done.id);
        }
        failed
    }

    /// Delivers a message that is on no queue, without a limit of time.
    pub async fn receive(&self, body: &str) {
        let message = Message {
            id: "direct".to_owned(),
            body: body.to_owned(),
            receive_count: 1,
            receipt_handle: String::new(),
        };
        let failed = (self.process)(vec![message], Arc::new(|| false)).await;
        assert_eq!(failed, Vec::<String>::new());
    }

    /// Delivers until the queue is empty.
    pub async fn finish(&self) {
        for _ in 0..DELIVERIES_MAX {
            if self.queues.messages(self.queue).is_empty() {
                return;
            }
            self.run().await;
        }
        panic!("{DELIVERIES_MAX} deliveries did not empty the queue {}", self.queue);
    }
}

fn message(queued: &QueuedMessage) -> Message {
    Message {
        id: queued.id.clone(),
        body: queued.body.clone(),
        receive_count: queued.receive_count,
        receipt_handle: queued.receipt_handle.clone(),
    }
}
