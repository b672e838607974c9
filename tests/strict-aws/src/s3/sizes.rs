//! Limits of sizes, from the sizes of objects and parts that passed the front.

use serde::Deserialize;
use sluice_s3_protocol::uri::decode;
use sluice_s3_protocol::{Failure, Operation};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Refusal;
use super::call::Call;
use crate::settings::SizeLimits;
use crate::tally::Rule;

const TOO_SMALL: Rule = Rule("S3: EntityTooSmall for parts under 5 MiB");
const TOO_LARGE: Rule = Rule("S3: EntityTooLarge over 5 GiB");

/// The parts that a merge lists.
#[derive(Debug, Default, Deserialize)]
pub(super) struct PartList {
    #[serde(rename = "Part", default)]
    parts: Vec<Listed>,
}

#[derive(Debug, Deserialize)]
struct Listed {
    #[serde(rename = "PartNumber")]
    number: u64,
}

/// The sizes in bytes of what passed the front. Others are unknown, and break no limit.
#[derive(Debug, Default)]
pub(super) struct Sizes(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// By bucket and key.
    objects: HashMap<String, u64>,
    /// By the upload's id and the number.
    parts: HashMap<(String, u64), u64>,
}

impl Sizes {
    /// Fails for a PUT, part or copy that is too large, and for a merge of parts that are too small.
    pub(super) fn check(&self, call: &Call, list: &PartList, limits: &SizeLimits) -> Result<(), Refusal> {
        use Operation as O;
        let known = self.lock();
        let size_bytes = match call.operation {
            O::PutObject | O::UploadPart | O::CopyObject | O::UploadPartCopy => known.size_of(call),
            O::CompleteMultipartUpload => return known.check_parts(call, list, limits),
            _ => None,
        };
        if size_bytes.is_some_and(|size_bytes| size_bytes > limits.put_max_bytes) {
            let message = "Your proposed upload exceeds the maximum allowed size";
            return Err(Refusal { rule: TOO_LARGE, failure: Failure::bad("EntityTooLarge", message) });
        }
        Ok(())
    }

    /// Remembers the size of what was written.
    pub(super) fn keep(&self, call: &Call, list: &PartList) {
        use Operation as O;
        let mut known = self.lock();
        let size_bytes = match call.operation {
            O::CompleteMultipartUpload => known.merged(call, list),
            _ => known.size_of(call),
        };
        let Some(size_bytes) = size_bytes else { return };
        match call.operation {
            O::UploadPart | O::UploadPartCopy => {
                let part = part(call);
                known.parts.extend(part.map(|part| (part, size_bytes)));
            }
            O::PutObject | O::CopyObject | O::CompleteMultipartUpload => {
                known.objects.insert(call.object(), size_bytes);
            }
            _ => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The size of the object or part that a request writes.
    fn size_of(&self, call: &Call) -> Option<u64> {
        match (call.head().header("x-amz-copy-source"), call.head().header("x-amz-copy-source-range")) {
            (Some(_), Some(range)) => {
                let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
                (last.parse::<u64>().ok()? + 1).checked_sub(first.parse().ok()?)
            }
            (Some(source), None) => {
                let source = decode(source.split('?').next()?)?;
                self.objects.get(source.trim_start_matches('/')).copied()
            }
            (None, _) => {
                call.number("x-amz-decoded-content-length").or_else(|| call.number("content-length"))
            }
        }
    }

    /// All parts but the last of a merge must have the smallest size.
    fn check_parts(&self, call: &Call, list: &PartList, limits: &SizeLimits) -> Result<(), Refusal> {
        let before_last = list.parts.split_last().map_or(&[][..], |(_, others)| others);
        let small = |listed: &&Listed| {
            let size_bytes = self.part(call, listed.number);
            size_bytes.is_some_and(|size_bytes| size_bytes < limits.part_min_bytes)
        };
        if let Some(listed) = before_last.iter().find(small) {
            let number = listed.number;
            let message =
                format!("Your proposed upload is smaller than the minimum allowed size: part {number}");
            return Err(Refusal { rule: TOO_SMALL, failure: Failure::bad("EntityTooSmall", message) });
        }
        Ok(())
    }

    fn merged(&self, call: &Call, list: &PartList) -> Option<u64> {
        list.parts.iter().map(|listed| self.part(call, listed.number)).sum()
    }

    fn part(&self, call: &Call, number: u64) -> Option<u64> {
        let upload_id = call.query.get("uploadId")?;
        self.parts.get(&(upload_id.to_owned(), number)).copied()
    }
}

/// The upload's id and the number of the part that a request writes.
fn part(call: &Call) -> Option<(String, u64)> {
    Some((call.query.get("uploadId")?.to_owned(), call.query.get("partNumber")?.parse().ok()?))
}
