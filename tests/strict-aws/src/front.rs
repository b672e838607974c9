//! Gives each request to the rules of its service.

use axum::body::Body;
use axum::response::Response;
use http::Request;

use crate::Error;
use crate::api;
use crate::backing::Backing;
use crate::dice::Dice;
use crate::s3::S3;
use crate::service::Service;
use crate::settings::Settings;
use crate::tally::{Rule, Tally};

/// What the rules of all services use.
#[derive(Debug)]
pub(crate) struct Common {
    pub settings: Settings,
    pub backing: Backing,
    pub dice: Dice,
    pub tally: Tally,
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
}

#[derive(Debug)]
pub(crate) struct Front {
    pub common: Common,
    s3: S3,
}

impl Front {
    pub(crate) fn new(settings: Settings) -> Result<Self, Error> {
        let backing =
            Backing::new(&settings.backing).ok_or_else(|| Error::Endpoint(settings.backing.clone()))?;
        let common = Common { backing, dice: Dice::new(settings.seed), tally: Tally::default(), settings };
        Ok(Self { common, s3: S3::default() })
    }

    pub(crate) async fn answer(&self, request: Request<Body>) -> Response {
        let (parts, body) = request.into_parts();
        let service = Service::of(&parts);
        let request = Request::from_parts(parts, body);
        match service {
            Service::S3 => self.s3.answer(&self.common, request).await,
            Service::Api => api::answer(&self.common, request).await,
            Service::DynamoDb | Service::Sqs | Service::Other => self.common.backing.forward(request).await,
        }
    }
}
