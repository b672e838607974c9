//! DynamoDB: throttling, conflicts, lost answers, parts of batches, short pages, and reads that lag.
//!
//! The emulator itself enforces sizes and counts: items of 400 KB, transactions of 100 actions and 4 MB,
//! batches of 25 writes and 100 reads, pages of 1 MB.

mod in_flight;
mod items;
mod partial;
mod replica;

use http::StatusCode;
use serde_json::{Value, json};

use crate::front::{Chance, Common};
use crate::json::{Answer, Call};
use crate::tally::Rule;
use crate::trust::Trust;
use in_flight::InFlight;
use items::{Item, is_eventual, tables};
use partial::Partial;
use replica::Replica;

const THROTTLED: Rule = Rule("dynamodb: throttling");
const CONFLICT: Rule = Rule("dynamodb: transactions that meet");
const LOST_ANSWER: Rule = Rule("dynamodb: lost answers");
const UNPROCESSED: Rule = Rule("dynamodb: unprocessed entries");
const SHORT_PAGE: Rule = Rule("dynamodb: short pages");
const LAG: Rule = Rule("dynamodb: reads that lag");

/// Whether the client gets the answer to a write that succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    Told,
    Lost,
}

/// A call that nothing refuses.
#[derive(Debug, Clone, Copy)]
struct ToDo<'a> {
    call: &'a Call,
    /// The items that it writes.
    written: &'a [Item],
    /// What the dice are thrown for.
    resource: &'a str,
    loss: Loss,
}

#[derive(Debug, Default)]
pub(crate) struct DynamoDb {
    replica: Replica,
    in_flight: InFlight,
    trust: Trust,
}

impl DynamoDb {
    /// Lets indexes and eventually consistent reads follow the writes, until dropped.
    pub(crate) async fn follow(&self, common: &Common) {
        self.replica.follow(common).await;
    }

    /// Waits until indexes and eventually consistent reads show what was written before.
    pub(crate) async fn catch_up(&self, common: &Common) {
        self.replica.catch_up(common).await;
    }

    pub(crate) async fn answer(&self, common: &Common, call: &Call) -> Answer {
        let written = self.replica.items(common, call).await;
        let resource = resource(call, &written);
        let failing = common.failing(&resource, &chances(common, call));
        if failing == Some(THROTTLED) {
            common.tally.count(THROTTLED);
            return throttled(common.dice.below(THROTTLED, &resource, 2));
        }
        let loss = if failing == Some(LOST_ANSWER) { Loss::Lost } else { Loss::Told };
        let to_do = ToDo { call, written: &written, resource: &resource, loss };
        if call.operation != "TransactWriteItems" {
            let may_meet = matches!(call.operation.as_str(), "PutItem" | "UpdateItem" | "DeleteItem");
            let met = may_meet && written.iter().any(|item| self.in_flight.has(item));
            // Else a caller without the right would not be told so.
            let unseen = failing == Some(CONFLICT) && self.trust.has(call, &tables(call).join(" "));
            if met || unseen {
                common.tally.count(CONFLICT);
                return refused("TransactionConflictException", "Transaction is ongoing for the item");
            }
            return self.perform(common, to_do).await;
        }
        match self.in_flight.enter(&written) {
            Ok(_entered) if failing != Some(CONFLICT) => self.perform(common, to_do).await,
            entered => {
                common.tally.count(CONFLICT);
                let chosen = common.dice.below(CONFLICT, &resource, written.len().max(1) as u64);
                let one = || (0..written.len() as u64).map(|index| index == chosen).collect();
                cancelled(&entered.err().unwrap_or_else(one))
            }
        }
    }

    /// Does what the call asks for, or less.
    async fn perform(&self, common: &Common, to_do: ToDo<'_>) -> Answer {
        let ToDo { call, written, resource, loss } = to_do;
        let place = tables(call).join(" ");
        let partial = if self.trust.has(call, &place) { Partial::of(common, call, resource) } else { None };
        let document = partial.as_ref().map_or(&call.document, |partial| &partial.document);
        let mut answer = if is_eventual(call) {
            self.read_late(common, call, document).await
        } else if partial.is_some() {
            common.instead(call, document).await
        } else {
            common.forward(call).await
        };
        if !answer.is_success() {
            return answer;
        }
        self.trust.add(call, &place);
        self.replica.schedule(common, written);
        if loss == Loss::Lost {
            common.tally.count(LOST_ANSWER);
            let code = "com.amazonaws.dynamodb.v20120810#InternalServerError";
            return Answer::error(StatusCode::INTERNAL_SERVER_ERROR, code, "Internal server error");
        }
        if let Some(rest) = partial.and_then(|partial| partial.rest) {
            let mut document = std::mem::take(&mut answer.document);
            rest.add_to(&mut document);
            answer = answer.with(document);
        }
        answer
    }

    /// Answers from the replica, if the emulator lets the caller read.
    async fn read_late(&self, common: &Common, call: &Call, document: &Value) -> Answer {
        let answer = common.forward(call).await;
        if !answer.is_success() {
            return answer;
        }
        if self.replica.is_late(&tables(call)) {
            common.tally.count(LAG);
        }
        self.replica.read(&call.operation, document).unwrap_or(answer)
    }
}

/// What the dice are thrown for: the first item written, or else the tables.
fn resource(call: &Call, written: &[Item]) -> String {
    let place = written.first().map_or_else(|| tables(call).join(" "), Item::to_string);
    format!("{} {place}", call.operation)
}

/// The rules by which a call may fail. A batch of writes has no lost answer: it has no condition either, so a
/// repeat shows nothing.
fn chances(common: &Common, call: &Call) -> Vec<Chance> {
    let odds = common.settings.odds;
    let throttled = Chance { rule: THROTTLED, odds: odds.throttled };
    let lost = Chance { rule: LOST_ANSWER, odds: odds.lost_answer };
    let conflict = Chance { rule: CONFLICT, odds: odds.conflict };
    match call.operation.as_str() {
        "GetItem" | "BatchGetItem" | "TransactGetItems" | "Query" | "Scan" | "BatchWriteItem" => {
            vec![throttled]
        }
        "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems" => vec![throttled, lost, conflict],
        _ => Vec::new(),
    }
}

fn refused(code: &str, message: &str) -> Answer {
    let code = format!("com.amazonaws.dynamodb.v20120810#{code}");
    Answer::error(StatusCode::BAD_REQUEST, &code, message)
}

/// One of the two codes with which a table on demand throttles.
fn throttled(which: u64) -> Answer {
    if which == 0 {
        refused("ThrottlingException", "Throughput exceeds the current capacity of your table or index.")
    } else {
        let message = "The level of configured provisioned throughput for the table was exceeded.";
        refused("ProvisionedThroughputExceededException", message)
    }
}

/// A cancelled transaction, in which these actions have met another one.
fn cancelled(met: &[bool]) -> Answer {
    let codes: Vec<&str> = met.iter().map(|met| if *met { "TransactionConflict" } else { "None" }).collect();
    let reasons: Vec<Value> = codes.iter().map(|code| json!({ "Code": code })).collect();
    let message = "Transaction cancelled, please refer cancellation reasons for specific reasons";
    let message = format!("{message} [{}]", codes.join(", "));
    let document = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": message,
        "CancellationReasons": reasons,
    });
    Answer::new(StatusCode::BAD_REQUEST, document)
}
