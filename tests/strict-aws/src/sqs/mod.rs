//! SQS: limits, messages that come twice, late or out of order, and receives that find fewer.
//!
//! The emulator itself enforces batches of 10 entries and that a receipt handle is the message's latest.

mod limits;

use http::StatusCode;
use serde_json::{Value, json};

use crate::front::Common;
use crate::json::{Answer, Call};
use crate::tally::Rule;
use crate::trust::Trust;
use limits::{DELAY_MAX_SECONDS, Receipts};

const SIZE_LIMIT: Rule = Rule("sqs: 256 KB");
const DELAY_LIMIT: Rule = Rule("sqs: 15 minutes of delay");
const VISIBILITY_LIMIT: Rule = Rule("sqs: visibility");
const DUPLICATE: Rule = Rule("sqs: duplicates");
const LATE: Rule = Rule("sqs: late messages");
const FEWER: Rule = Rule("sqs: receives that find fewer");

#[derive(Debug, Default)]
pub(crate) struct Sqs {
    receipts: Receipts,
    trust: Trust,
}

impl Sqs {
    pub(crate) async fn answer(&self, common: &Common, call: &Call) -> Answer {
        if let Some(refusal) = self.receipts.refuse(call) {
            common.tally.count(refusal.rule);
            return refusal.answer;
        }
        let answer = match call.operation.as_str() {
            "SendMessage" => return self.send(common, call).await,
            "ReceiveMessage" => self.receive(common, call).await,
            "ChangeMessageVisibilityBatch" => return self.change_visibility_of_all(common, call).await,
            _ => common.forward(call).await,
        };
        if answer.is_success() {
            match call.operation.as_str() {
                "ReceiveMessage" => self.receipts.add(call, &answer.document),
                "ChangeMessageVisibility" => self.receipts.change(&call.document),
                _ => {}
            }
        }
        answer
    }

    /// Changes those of a batch that are within the limits, and tells of the others that they failed; of a
    /// caller that is unknown, all.
    async fn change_visibility_of_all(&self, common: &Common, call: &Call) -> Answer {
        let is_known = self.trust.has(call, queue(call));
        let (mut allowed, mut refused) = (Vec::new(), Vec::new());
        for entry in call.document["Entries"].as_array().into_iter().flatten() {
            match self.receipts.refuse_change(entry).filter(|_| is_known) {
                None => allowed.push(entry.clone()),
                Some(fault) => {
                    common.tally.count(fault.rule);
                    refused.push(fault.failed(entry));
                }
            }
        }
        let answer = if refused.is_empty() {
            common.forward(call).await
        } else if allowed.is_empty() {
            Answer::new(StatusCode::OK, json!({ "Successful": [] }))
        } else {
            let mut document = call.document.clone();
            document["Entries"] = json!(allowed);
            common.instead(call, &document).await
        };
        if !answer.is_success() {
            return answer;
        }
        self.trust.add(call, queue(call));
        let mut document = answer.document.clone();
        let mut failed = document["Failed"].as_array().cloned().unwrap_or_default();
        for entry in &allowed {
            if !failed.iter().any(|failure| failure["Id"] == entry["Id"]) {
                self.receipts.change(entry);
            }
        }
        if refused.is_empty() {
            return answer;
        }
        failed.append(&mut refused);
        document["Failed"] = json!(failed);
        answer.with(document)
    }

    /// Sends a message, perhaps later, and perhaps a second time. A duplicate has an id of its own here.
    async fn send(&self, common: &Common, call: &Call) -> Answer {
        let (settings, queue) = (&common.settings, queue(call));
        let message = format!("{queue} {}", call.document["MessageBody"].as_str().unwrap_or_default());
        let later = |rule| {
            let most = settings.message_delay.as_secs().max(1);
            let asked = call.document["DelaySeconds"].as_u64().unwrap_or(0);
            let mut document = call.document.clone();
            let delay = asked + 1 + common.dice.below(rule, &message, most);
            document["DelaySeconds"] = json!(delay.min(DELAY_MAX_SECONDS));
            document
        };
        let is_late = self.trust.has(call, queue) && common.strikes(LATE, &message, settings.odds.delay);
        let answer =
            if is_late { common.instead(call, &later(LATE)).await } else { common.forward(call).await };
        if answer.is_success() {
            self.trust.add(call, queue);
            if common.strikes(DUPLICATE, &message, settings.odds.duplicate) {
                common.instead(call, &later(DUPLICATE)).await;
            }
        }
        answer
    }

    /// Receives; now and then one message only or, without waiting, none.
    async fn receive(&self, common: &Common, call: &Call) -> Answer {
        let queue = queue(call);
        let odds = common.settings.odds.fewer_received;
        if !self.trust.has(call, queue) || !common.strikes(FEWER, queue, odds) {
            let answer = common.forward(call).await;
            if answer.is_success() {
                self.trust.add(call, queue);
            }
            return answer;
        }
        if call.document["WaitTimeSeconds"].as_u64().unwrap_or(0) == 0 {
            return Answer::new(StatusCode::OK, json!({}));
        }
        let mut document = call.document.clone();
        document["MaxNumberOfMessages"] = json!(1);
        common.instead(call, &document).await
    }
}

fn queue(call: &Call) -> &str {
    call.document.get("QueueUrl").and_then(Value::as_str).unwrap_or_default()
}
