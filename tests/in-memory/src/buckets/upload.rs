//! Multipart uploads.

use bytes::{Bytes, BytesMut};
use md5::{Digest as _, Md5};
use s3s::dto::{CompletedPart, ETag, Part, Timestamp};
use s3s::{S3Error, s3_error};
use std::collections::BTreeMap;

use super::Place;
use super::object::{Description, Object, length, md5_etag, now};

/// The smallest size in bytes of all parts but the last.
const PART_MIN_BYTES: usize = 5 << 20;

const PART_NUMBER_MAX: i32 = 10_000;

#[derive(Debug)]
pub struct Upload {
    pub place: Place,
    pub description: Description,
    parts: BTreeMap<i32, SentPart>,
}

#[derive(Debug)]
struct SentPart {
    bytes: Bytes,
    etag: ETag,
    sha256: Option<String>,
    modified_at: Timestamp,
}

impl Upload {
    pub fn new(place: Place, description: Description) -> Self {
        Self { place, description, parts: BTreeMap::new() }
    }

    /// Stores a part, in place of an earlier one of its number. Returns its `ETag`.
    pub fn send(&mut self, number: i32, bytes: Bytes, sha256: Option<String>) -> Result<ETag, S3Error> {
        if !(1..=PART_NUMBER_MAX).contains(&number) {
            return Err(s3_error!(InvalidArgument));
        }
        let etag = md5_etag(&bytes);
        self.parts.insert(number, SentPart { bytes, etag: etag.clone(), sha256, modified_at: now() });
        Ok(etag)
    }

    /// Up to `limit` parts with a number above `after`.
    pub fn list(&self, after: i32, limit: usize) -> Vec<Part> {
        let parts = self.parts.range(after + 1..).take(limit).map(|(number, part)| Part {
            part_number: Some(*number),
            size: Some(length(&part.bytes)),
            e_tag: Some(part.etag.clone()),
            checksum_sha256: part.sha256.clone(),
            last_modified: Some(part.modified_at.clone()),
            ..Part::default()
        });
        parts.collect()
    }

    /// The object that these parts make.
    pub fn merge(&self, listed: &[CompletedPart]) -> Result<Object, S3Error> {
        if !listed.is_sorted_by_key(|part| part.part_number) {
            return Err(s3_error!(InvalidPartOrder));
        }
        let parts = listed.iter().map(|part| self.find(part)).collect::<Result<Vec<_>, _>>()?;
        let (_, all_but_last) = parts.split_last().ok_or_else(|| s3_error!(MalformedXML))?;
        if all_but_last.iter().any(|part| part.bytes.len() < PART_MIN_BYTES) {
            return Err(s3_error!(EntityTooSmall));
        }
        let mut bytes = BytesMut::with_capacity(parts.iter().map(|part| part.bytes.len()).sum());
        let mut md5_of_parts = Md5::new();
        for part in &parts {
            bytes.extend_from_slice(&part.bytes);
            md5_of_parts.update(Md5::digest(&part.bytes));
        }
        let etag = ETag::Strong(format!("{}-{}", hex::encode(md5_of_parts.finalize()), parts.len()));
        Ok(Object::new(bytes.freeze(), etag, self.description.clone()))
    }

    /// The part that a completion lists. A part that was sent with a checksum must be listed with it.
    fn find(&self, listed: &CompletedPart) -> Result<&SentPart, S3Error> {
        let part = listed.part_number.and_then(|number| self.parts.get(&number));
        let is_meant = |part: &&SentPart| {
            listed.e_tag.as_ref().is_some_and(|etag| etag.strong_cmp(&part.etag))
                && listed.checksum_sha256 == part.sha256
        };
        part.filter(is_meant).ok_or_else(|| s3_error!(InvalidPart))
    }
}
