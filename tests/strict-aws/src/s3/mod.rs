//! The rules of S3.

mod call;
mod copies;
mod races;
mod sizes;

use axum::body::{Body, to_bytes};
use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use sluice_s3_protocol::{Claim, Failure, Operation, xml};

use crate::front::{Chance, Common};
use crate::tally::Rule;
use call::Call;
use races::{Races, Writing};
use sizes::{PartList, Sizes};

/// More than the list of 10,000 parts with checksums takes.
const LARGEST_LIST_BYTES: usize = 4 << 20;

const MALFORMED_SIGNATURE: Rule = Rule("S3: a URL lasts a week at most");
const UNSIGNED_HEADER: Rule = Rule("S3: x-amz- headers must be signed");
const SLOW_DOWN: Rule = Rule("S3: 503 SlowDown");

/// What the rules remember of S3.
#[derive(Debug, Default)]
pub(crate) struct S3 {
    sizes: Sizes,
    races: Races,
}

/// The answer to a request that a rule does not let pass.
#[derive(Debug)]
struct Refusal {
    rule: Rule,
    failure: Failure,
}

impl S3 {
    pub(crate) async fn answer(&self, common: &Common, request: Request<Body>) -> Response {
        let (parts, body) = request.into_parts();
        let Some(call) = Call::of(&parts) else {
            return common.backing.forward(Request::from_parts(parts, body)).await;
        };
        let (list, body) = match read_list(&call, body).await {
            Ok(read) => read,
            Err(failure) => return refused(&call, &failure),
        };
        match self.admit(common, &call, &list) {
            Ok(_writing) => {
                let answer = common.backing.forward(Request::from_parts(parts, body)).await;
                if answer.status().is_success() {
                    self.sizes.keep(&call, &list);
                }
                copies::in_silence(common, &call, answer).await
            }
            Err(Refusal { rule, failure }) => {
                common.tally.count(rule);
                drain(body).await;
                refused(&call, &failure)
            }
        }
    }

    /// Applies all rules that can refuse a request before the emulator sees it.
    fn admit(&self, common: &Common, call: &Call, list: &PartList) -> Result<Writing<'_>, Refusal> {
        check_signature(call)?;
        self.sizes.check(call, list, &common.settings.sizes)?;
        check_faults(common, call)?;
        self.races.begin(call)
    }
}

fn check_signature(call: &Call) -> Result<(), Refusal> {
    let head = call.head();
    let malformed = |failure| Refusal { rule: MALFORMED_SIGNATURE, failure };
    let unsigned = |failure| Refusal { rule: UNSIGNED_HEADER, failure };
    match Claim::of(head).map_err(malformed)? {
        Some(claim) => claim.check_signed_headers(head, &["x-amz-"]).map_err(unsigned),
        None => Ok(()),
    }
}

/// Fails a request now and then.
fn check_faults(common: &Common, call: &Call) -> Result<(), Refusal> {
    let odds = &common.settings.odds;
    let if_so = |applies: bool, odds: u64| if applies { odds } else { 0 };
    let chances = [
        Chance { rule: SLOW_DOWN, odds: odds.slow_down },
        Chance { rule: copies::FAILED, odds: if_so(copies::is_copy(call), odds.failed_copy) },
        Chance { rule: races::CONFLICT, odds: if_so(races::is_conditional_write(call), odds.write_conflict) },
    ];
    let Some(rule) = common.failing(&call.resource(), &chances) else { return Ok(()) };
    let failure = match rule {
        copies::FAILED => copies::failure(),
        races::CONFLICT => races::failure(),
        _ => Failure::new(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate."),
    };
    Err(Refusal { rule, failure })
}

/// Reads the parts that a merge lists. Other bodies stay unread.
async fn read_list(call: &Call, body: Body) -> Result<(PartList, Body), Failure> {
    if call.operation != Operation::CompleteMultipartUpload {
        return Ok((PartList::default(), body));
    }
    let incomplete = |_| Failure::bad("IncompleteBody", "the body ended before its length");
    let bytes = to_bytes(body, LARGEST_LIST_BYTES).await.map_err(incomplete)?;
    Ok((xml::parse(&bytes)?, Body::from(bytes)))
}

/// Takes a body to its end: a client that is still sending would not see the answer.
async fn drain(mut body: Body) {
    while let Some(Ok(_)) = body.frame().await {}
}

fn refused(call: &Call, failure: &Failure) -> Response {
    let body =
        if call.method == Method::HEAD { String::new() } else { failure.to_xml("STRICT", "strict-aws") };
    (failure.status, [(CONTENT_TYPE, "application/xml")], body).into_response()
}
