//! Checks that taking references and collecting packs never lose a blob, by exploring every interleaving.
//!
//! `docs/ARCHITECTURE.md` ("Chunks and packs") has the protocol. The model has one pack from the beginning,
//! [`OLD`], which blob 0 refers to, and one upload. The upload's blob 1 refers either to [`OLD`] or to a new
//! pack, [`OWN`]. Two workers may process its message at once, and two collectors may run at once. Each may
//! be killed between two steps.

mod protocol;

use protocol::{OLD, OWN, Protocol, Rule, State};
use stateright::{Checker, HasDiscoveries, Model, Property};

/// With fewer states, the check would not mean anything.
const STATES_MIN: usize = 50_000;

fn properties() -> Vec<Property<Protocol>> {
    vec![
        Property::always("packs that a blob refers to exist and are live", |_, state: &State| {
            state.referred().all(|pack| state.packs[pack].object && state.packs[pack].is_live())
        }),
        Property::always("references are counted", |_, state: &State| {
            [OLD, OWN].into_iter().all(|pack| {
                let counted = state.packs[pack].row.map(|row| row.references);
                counted.is_none_or(|counted| counted == state.references(pack))
            })
        }),
        Property::always("an upload makes one version", |_, state: &State| state.published <= 1),
        Property::always("the upload ends when no message is left", |_, state: &State| {
            !state.is_quiet() || state.kills > 0 || state.is_final
        }),
        Property::sometimes("the old pack is shared", |_, state: &State| state.references(OLD) == 2),
        Property::sometimes("the old pack is collected", |_, state: &State| state.packs[OLD].row.is_none()),
        Property::sometimes("a pack of its own is published", |_, state: &State| state.references(OWN) == 1),
        Property::sometimes("a pack of its own is discarded", |_, state: &State| {
            state.is_final && state.packs[OWN].row.is_none() && !state.packs[OWN].object && state.wrote_own
        }),
    ]
}

impl Model for Protocol {
    type State = State;
    type Action = protocol::Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::first()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<protocol::Action>) {
        state.possible(actions);
    }

    fn next_state(&self, state: &State, action: protocol::Action) -> Option<State> {
        Some(self.step(state, action))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties()
    }
}

#[test]
fn the_protocol_loses_nothing_in_any_interleaving() {
    let checker = Protocol { without: None }.checker().threads(2).spawn_bfs().join();
    assert!(checker.unique_state_count() > STATES_MIN, "{} states", checker.unique_state_count());
    println!("{} states, none of them bad", checker.unique_state_count());
    checker.assert_properties();
}

/// Removes one rule, and returns the properties that fail.
fn broken(rule: Rule) -> Vec<&'static str> {
    let protocol = Protocol { without: Some(rule) };
    let checker = protocol.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let discoveries = checker.discoveries();
    let failed = discoveries.iter().filter(|(name, _)| !is_example(name));
    failed
        .map(|(name, path)| {
            println!("{name}: {} steps\n{path:?}", path.clone().into_actions().len());
            assert!(!path.clone().into_actions().is_empty());
            *name
        })
        .collect()
}

/// Whether the property is an example that must be found, not a failure.
fn is_example(name: &str) -> bool {
    properties()
        .iter()
        .any(|property| property.name == name && property.expectation == stateright::Expectation::Sometimes)
}

const PACKS_EXIST: &str = "packs that a blob refers to exist and are live";

#[test]
fn without_the_check_that_the_pack_is_live_a_blob_is_lost() {
    assert!(broken(Rule::ReferenceChecksLife).contains(&PACKS_EXIST));
}

#[test]
fn without_the_check_that_the_pack_is_unreferenced_a_blob_is_lost() {
    assert!(broken(Rule::CondemningChecksReferences).contains(&PACKS_EXIST));
}

#[test]
fn without_the_check_that_the_upload_has_not_ended_a_repeated_message_counts_twice() {
    assert!(broken(Rule::PublishingChecksUpload).contains(&"an upload makes one version"));
}

#[test]
fn without_the_grace_period_for_packs_of_unfinished_uploads_a_blob_is_lost() {
    assert!(broken(Rule::CollectorSparesYoung).contains(&PACKS_EXIST));
}

#[test]
fn discarding_before_the_upload_has_ended_loses_a_blob() {
    assert!(broken(Rule::DiscardingWaitsForTheEnd).contains(&PACKS_EXIST));
}
