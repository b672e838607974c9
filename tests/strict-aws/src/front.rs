//! Gives each request to the rules of its service.

use axum::body::Body;
use axum::response::Response;
use http::Request;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::Error;
use crate::api;
use crate::backing::Backing;
use crate::dice::Dice;
use crate::dynamodb::DynamoDb;
use crate::json::Call;
use crate::s3::S3;
use crate::service::Service;
use crate::settings::Settings;
use crate::sqs::Sqs;
use crate::tally::{Rule, Tally};

/// What the rules of all services use.
#[derive(Debug)]
pub(crate) struct Common {
    pub settings: Settings,
    pub backing: Backing,
    pub dice: Dice,
    pub tally: Tally,
    /// The resources whose last request failed.
    failed: Mutex<HashSet<String>>,
}

impl Common {
    /// Whether the rule strikes a request for this resource, once in `odds` times. If so, counts it.
    pub(crate) fn strikes(&self, rule: Rule, resource: &str, odds: u64) -> bool {
        let strikes = self.dice.strikes(rule, resource, odds);
        if strikes {
            self.tally.count(rule);
        }
        strikes
    }

    /// The rule by which this request fails, if one does. The next request for the resource is spared: an
    /// SDK's repeat succeeds, so that no run fails by luck.
    pub(crate) fn failing(&self, resource: &str, chances: &[Chance]) -> Option<Rule> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.remove(resource) {
            return None;
        }
        let strikes = |chance: &&Chance| self.dice.strikes(chance.rule, resource, chance.odds);
        let rule = chances.iter().find(strikes)?.rule;
        failed.insert(resource.to_owned());
        Some(rule)
    }
}

/// A rule that may strike once in `odds` times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chance {
    pub rule: Rule,
    pub odds: u64,
}

#[derive(Debug)]
pub(crate) struct Front {
    pub common: Common,
    dynamodb: DynamoDb,
    sqs: Sqs,
    s3: S3,
}

impl Front {
    pub(crate) fn new(settings: Settings) -> Result<Self, Error> {
        let backing = Backing::new(&settings).ok_or_else(|| Error::Endpoint(settings.backing.clone()))?;
        let common = Common {
            backing,
            dice: Dice::new(settings.seed),
            tally: Tally::default(),
            failed: Mutex::default(),
            settings,
        };
        Ok(Self { common, dynamodb: DynamoDb::default(), sqs: Sqs::default(), s3: S3::default() })
    }

    /// Does what is due without a request, until dropped.
    pub(crate) async fn work(&self) {
        self.dynamodb.follow(&self.common).await;
    }

    /// Waits until every read shows what was written before.
    pub(crate) async fn catch_up(&self) {
        self.dynamodb.catch_up(&self.common).await;
    }

    pub(crate) async fn answer(&self, request: Request<Body>) -> Response {
        let (parts, body) = request.into_parts();
        let service = Service::of(&parts);
        let request = Request::from_parts(parts, body);
        match service {
            Service::DynamoDb => match Call::read(request).await {
                Ok(call) => self.dynamodb.answer(&self.common, &call).await.into_response(),
                Err(request) => self.common.backing.forward(request).await,
            },
            Service::Sqs => match Call::read(request).await {
                Ok(call) => self.sqs.answer(&self.common, &call).await.into_response(),
                Err(request) => self.common.backing.forward(request).await,
            },
            Service::S3 => self.s3.answer(&self.common, request).await,
            Service::Api => api::answer(&self.common, request).await,
            Service::Other => self.common.backing.forward(request).await,
        }
    }
}
