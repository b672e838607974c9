//! Models the protocol as a state machine; each step is one call to a table or a bucket.

/// The pack that exists from the beginning.
pub const OLD: usize = 0;
/// The pack that the upload's workers write; its id is the same for both.
pub const OWN: usize = 1;

const WORKERS: usize = 2;
const COLLECTORS: usize = 2;

/// How often the message is delivered: SQS may deliver it twice, and delivers it again after a kill.
const DELIVERIES: u8 = 4;
const KILLS: u8 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A reference is taken only on a live pack.
    ReferenceChecksLife,
    /// A pack is condemned only while it has no references, in one conditional write.
    CondemningChecksReferences,
    /// A version is published only while the upload has not ended.
    PublishingChecksUpload,
    /// A collector spares packs of uploads that may not have ended.
    CollectorSparesYoung,
    /// A worker discards its own pack only once the upload has ended.
    DiscardingWaitsForTheEnd,
}

/// The protocol, complete or without one rule.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    pub without: Option<Rule>,
}

impl Protocol {
    fn keeps(self, rule: Rule) -> bool {
        self.without != Some(rule)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    pub condemned: bool,
    pub references: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pack {
    pub row: Option<Row>,
    pub object: bool,
}

impl Pack {
    pub fn is_live(self) -> bool {
        self.row.is_some_and(|row| !row.condemned)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Worker {
    Idle,
    /// It read that the upload has not ended.
    Begun,
    /// It will refer to the old pack, which it read as live.
    Sharing,
    /// It will write its own pack.
    Writing,
    /// The object is written.
    Written,
    /// The row is written too.
    Listed,
    /// The version refers to the old pack, so the worker deletes its own, row first.
    Discarding,
    /// The row is deleted.
    DiscardingObject,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Collector {
    Idle,
    /// It read the pack without references.
    Saw(usize),
    /// The pack is condemned.
    Condemned(usize),
    /// Its object is deleted.
    Deleted(usize),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub packs: [Pack; 2],
    /// The pack that each blob refers to, while the blob exists.
    blobs: [Option<usize>; 2],
    /// How often blob 1 was published.
    pub published: u8,
    pub is_final: bool,
    pub wrote_own: bool,
    workers: [Worker; WORKERS],
    collectors: [Collector; COLLECTORS],
    deliveries: u8,
    pub kills: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Work(usize),
    KillWorker(usize),
    /// A collector reads this pack's row.
    Look(usize, usize),
    Collect(usize),
    KillCollector(usize),
    /// A blob is removed, with its reference.
    Remove(usize),
}

impl State {
    pub fn first() -> Self {
        let row = Row { condemned: false, references: 1 };
        Self {
            packs: [Pack { row: Some(row), object: true }, Pack { row: None, object: false }],
            blobs: [Some(OLD), None],
            published: 0,
            is_final: false,
            wrote_own: false,
            workers: [Worker::Idle; WORKERS],
            collectors: [Collector::Idle; COLLECTORS],
            deliveries: DELIVERIES,
            kills: 0,
        }
    }

    /// The packs that blobs refer to.
    pub fn referred(&self) -> impl Iterator<Item = usize> {
        self.blobs.iter().flatten().copied()
    }

    pub fn references(&self, pack: usize) -> u8 {
        self.referred().filter(|referred| *referred == pack).count() as u8
    }

    /// The worker starts again unless the upload has ended.
    fn after_discarding(&self) -> Worker {
        if self.is_final { Worker::Idle } else { Worker::Begun }
    }

    /// Whether no message is left and no worker processes one.
    pub fn is_quiet(&self) -> bool {
        self.deliveries == 0 && self.workers == [Worker::Idle; WORKERS]
    }

    pub fn possible(&self, actions: &mut Vec<Action>) {
        for (number, worker) in self.workers.iter().enumerate() {
            if *worker != Worker::Idle || self.deliveries > 0 {
                actions.push(Action::Work(number));
            }
            if *worker != Worker::Idle && self.kills < KILLS {
                actions.push(Action::KillWorker(number));
            }
        }
        for (number, collector) in self.collectors.iter().enumerate() {
            if *collector == Collector::Idle {
                actions.extend([OLD, OWN].map(|pack| Action::Look(number, pack)));
            } else {
                actions.push(Action::Collect(number));
                if self.kills < KILLS {
                    actions.push(Action::KillCollector(number));
                }
            }
        }
        let existing = (0..self.blobs.len()).filter(|blob| self.blobs[*blob].is_some());
        actions.extend(existing.map(Action::Remove));
    }
}

impl Protocol {
    pub fn step(self, before: &State, action: Action) -> State {
        let mut state = before.clone();
        match action {
            Action::Work(number) => self.work(&mut state, number),
            Action::KillWorker(number) => {
                state.workers[number] = Worker::Idle;
                state.kills += 1;
            }
            Action::Look(number, pack) => self.look(&mut state, number, pack),
            Action::Collect(number) => self.collect(&mut state, number),
            Action::KillCollector(number) => {
                state.collectors[number] = Collector::Idle;
                state.kills += 1;
            }
            Action::Remove(blob) => {
                if let Some(pack) = state.blobs[blob].take()
                    && let Some(row) = &mut state.packs[pack].row
                {
                    row.references = row.references.saturating_sub(1);
                }
            }
        }
        state
    }

    fn work(self, state: &mut State, number: usize) {
        let next = match state.workers[number] {
            Worker::Idle => {
                state.deliveries -= 1;
                if state.is_final { Worker::Idle } else { Worker::Begun }
            }
            Worker::Begun if state.packs[OLD].is_live() => Worker::Sharing,
            Worker::Begun => Worker::Writing,
            Worker::Sharing => self.publish(state, OLD),
            Worker::Writing => {
                state.packs[OWN].object = true;
                state.wrote_own = true;
                Worker::Written
            }
            Worker::Written => {
                // Unless it exists.
                let row = state.packs[OWN].row;
                state.packs[OWN].row = row.or(Some(Row { condemned: false, references: 0 }));
                Worker::Listed
            }
            Worker::Listed => self.publish(state, OWN),
            Worker::Discarding => match state.packs[OWN].row {
                Some(row) if row.references == 0 => {
                    state.packs[OWN].row = None;
                    Worker::DiscardingObject
                }
                _ => state.after_discarding(),
            },
            Worker::DiscardingObject => {
                state.packs[OWN].object = false;
                state.after_discarding()
            }
        };
        state.workers[number] = next;
    }

    /// Publishes in one transaction.
    fn publish(self, state: &mut State, pack: usize) -> Worker {
        if state.is_final && self.keeps(Rule::PublishingChecksUpload) {
            return Worker::Discarding;
        }
        if self.keeps(Rule::ReferenceChecksLife) && !state.packs[pack].is_live() {
            return if self.keeps(Rule::DiscardingWaitsForTheEnd) {
                Worker::Begun
            } else {
                Worker::Discarding
            };
        }
        if let Some(row) = &mut state.packs[pack].row {
            row.references += 1;
        }
        state.blobs[1] = Some(pack);
        state.published += 1;
        state.is_final = true;
        if pack == OLD { Worker::Discarding } else { Worker::Idle }
    }

    fn look(self, state: &mut State, number: usize, pack: usize) {
        let spared = pack == OWN && !state.is_final && self.keeps(Rule::CollectorSparesYoung);
        state.collectors[number] = match state.packs[pack].row {
            // An earlier run has condemned the pack and not deleted it.
            Some(Row { condemned: true, .. }) => Collector::Condemned(pack),
            Some(Row { references: 0, .. }) if !spared => Collector::Saw(pack),
            _ => Collector::Idle,
        };
    }

    fn collect(self, state: &mut State, number: usize) {
        state.collectors[number] = match state.collectors[number] {
            Collector::Idle => Collector::Idle,
            Collector::Saw(pack) => match &mut state.packs[pack].row {
                Some(row)
                    if !row.condemned
                        && (row.references == 0 || !self.keeps(Rule::CondemningChecksReferences)) =>
                {
                    row.condemned = true;
                    Collector::Condemned(pack)
                }
                _ => Collector::Idle,
            },
            Collector::Condemned(pack) => {
                state.packs[pack].object = false;
                Collector::Deleted(pack)
            }
            Collector::Deleted(pack) => {
                if state.packs[pack].row.is_some_and(|row| row.condemned) {
                    state.packs[pack].row = None;
                }
                Collector::Idle
            }
        };
    }
}
