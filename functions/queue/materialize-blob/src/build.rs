//! Builds one object of the cache, in parts.

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_domain::key::ObjectKey;
use sluice_domain::materialize::{Part, parts};
use sluice_domain::part_plan::{PART_MAX_COUNT, PartNumber};
use sluice_domain::time::TimeCheck;
use sluice_storage::tables::{self, Building};
use sluice_storage::{CopySource, ErrorKind, MultipartOptions, PutOptions, StorageError};
use std::collections::HashSet;

use crate::app::App;
use crate::error::MaterializeError;
use crate::packs::{self, Packs};

/// How many parts are made at once. Those that are uploaded have little over 5 MiB each.
const PARTS_IN_FLIGHT: usize = 4;

/// One object that is being built.
pub struct Build<'a> {
    pub app: &'a App,
    pub key: ObjectKey,
    /// Names this builder in the lease.
    pub holder: &'a str,
    pub building: &'a Building,
    pub out_of_time: &'a TimeCheck,
}

/// How far a build came.
#[derive(Debug, PartialEq, Eq)]
pub enum BuildProgress {
    Complete,
    /// The cache has some of the parts.
    OutOfTime,
}

/// A multipart upload to the cache, and the parts that it has.
struct MultipartBuild {
    multipart_id: String,
    made: HashSet<PartNumber>,
}

impl Build<'_> {
    pub async fn run(&self) -> Result<BuildProgress, MaterializeError> {
        let blob = &self.building.blob;
        let (terms, packs) = packs::load(self.app, blob).await?;
        let parts = parts(&terms, &packs).ok_or(MaterializeError::PacksMissing(blob.sha256))?;
        if parts.len() as u64 > PART_MAX_COUNT {
            return Err(MaterializeError::TooManyParts(blob.sha256));
        }
        match &parts[..] {
            [] => {
                self.app.cache.put(&self.key, Bytes::new(), PutOptions::default()).await?;
                Ok(BuildProgress::Complete)
            }
            [Part::Sent(terms)] => {
                let bytes = packs::read(self.app, terms, &packs).await?;
                self.app.cache.put(&self.key, bytes.into(), PutOptions::default()).await?;
                Ok(BuildProgress::Complete)
            }
            parts => self.build_in_parts(parts, &packs).await,
        }
    }

    async fn build_in_parts(&self, parts: &[Part], packs: &Packs) -> Result<BuildProgress, MaterializeError> {
        let MultipartBuild { multipart_id, made } = self.resume_or_begin(parts).await?;
        let progress: Vec<BuildProgress> = stream::iter(missing_parts(parts, &made).into_iter().enumerate())
            .map(|(position, (number, part))| {
                // Checked as each part starts, but the first, so that every run gets on.
                let late = position > 0 && (self.out_of_time)();
                let id = &*multipart_id;
                async move {
                    if late {
                        return Ok(BuildProgress::OutOfTime);
                    }
                    self.make_part(id, number, part, packs).await.map(|()| BuildProgress::Complete)
                }
            })
            .buffer_unordered(PARTS_IN_FLIGHT)
            .try_collect::<Vec<_>>()
            .await?;
        if progress.contains(&BuildProgress::OutOfTime) {
            return Ok(BuildProgress::OutOfTime);
        }
        self.merge(&multipart_id).await
    }

    async fn merge(&self, multipart_id: &str) -> Result<BuildProgress, MaterializeError> {
        let made = self.app.cache.list_parts(&self.key, multipart_id).await?.unwrap_or_default();
        // Without parts the multipart upload is gone, and the store says so below.
        if !made.is_empty() && made.iter().map(|part| part.size).sum::<u64>() != self.building.blob.size {
            self.app.cache.abort_multipart(&self.key, multipart_id).await?;
            return Err(MaterializeError::OtherSize(self.building.blob.sha256));
        }
        match self.app.cache.complete_multipart(&self.key, multipart_id, &made).await {
            // A run completed it and was killed before it could report.
            Err(error) if error.kind == ErrorKind::NotFound && self.is_complete().await? => {
                Ok(BuildProgress::Complete)
            }
            completed => Ok(completed.map(|()| BuildProgress::Complete)?),
        }
    }

    /// Resumes the multipart upload of an earlier run, if it has the same plan of parts, or begins a new one.
    async fn resume_or_begin(&self, parts: &[Part]) -> Result<MultipartBuild, StorageError> {
        let Self { app, building, .. } = *self;
        let blob = &building.blob;
        let plan_digest = plan_digest(parts);
        if let Some(build) = &building.build {
            let present = app.cache.list_parts(&self.key, &build.multipart_id).await?;
            match present {
                Some(present) if build.plan_digest == plan_digest => {
                    let made = present.into_iter().map(|part| part.number).collect();
                    return Ok(MultipartBuild { multipart_id: build.multipart_id.clone(), made });
                }
                _ => app.cache.abort_multipart(&self.key, &build.multipart_id).await?,
            }
        }
        let multipart_id = app.cache.create_multipart(&self.key, MultipartOptions::default()).await?;
        let build = tables::Build { multipart_id: multipart_id.clone(), plan_digest };
        app.tables.begin_build(blob.account_id, &blob.sha256, self.holder, &build).await?;
        Ok(MultipartBuild { multipart_id, made: HashSet::new() })
    }

    async fn make_part(
        &self,
        multipart_id: &str,
        number: PartNumber,
        part: Part,
        packs: &Packs,
    ) -> Result<(), MaterializeError> {
        let Self { app, key, .. } = self;
        match part {
            Part::Copied { key: source, range } => {
                let source_key = ObjectKey::from_stored(source);
                let source = CopySource { bucket: app.packs.vault(), key: &source_key, etag: None, range };
                Ok(app.cache.copy_part(key, multipart_id, number, &source).await?)
            }
            Part::Sent(terms) => {
                let bytes = packs::read(app, &terms, packs).await?;
                Ok(app.cache.upload_part(key, multipart_id, number, bytes.into()).await?)
            }
        }
    }

    /// Whether the cache has an object of the right size.
    async fn is_complete(&self) -> Result<bool, StorageError> {
        let size = self.building.blob.size;
        Ok(self.app.cache.head(&self.key).await?.is_some_and(|object| object.size == size))
    }
}

/// The parts that are not made yet, with their numbers.
fn missing_parts(parts: &[Part], made: &HashSet<PartNumber>) -> Vec<(PartNumber, Part)> {
    let numbers = (1..=PART_MAX_COUNT as u32).filter_map(|number| PartNumber::try_from(number).ok());
    numbers.zip(parts.iter().cloned()).filter(|(number, _)| !made.contains(number)).collect()
}

/// Identifies a plan: parts that were made by another one are useless.
fn plan_digest(parts: &[Part]) -> String {
    hex::encode(&blake3::hash(format!("{parts:?}").as_bytes()).as_bytes()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(key: &str) -> Part {
        Part::Copied { key: key.to_owned(), range: 0..5 << 20 }
    }

    #[test]
    fn only_parts_that_are_not_made_are_missing() {
        let number = |number: u32| PartNumber::try_from(number).expect("a part number");
        let parts = [copied("a"), copied("b"), copied("c")];
        let missing = missing_parts(&parts, &HashSet::from([number(2)]));
        assert_eq!(missing, [(number(1), copied("a")), (number(3), copied("c"))]);
    }

    #[test]
    fn plans_differ_by_parts_and_their_order() {
        let plan = plan_digest(&[copied("a"), copied("b")]);
        assert_eq!(plan, plan_digest(&[copied("a"), copied("b")]));
        assert_ne!(plan, plan_digest(&[copied("b"), copied("a")]));
        assert_ne!(plan, plan_digest(&[copied("a")]));
    }
}
