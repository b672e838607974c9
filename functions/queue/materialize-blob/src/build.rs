//! Putting one object together.

use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_domain::key::ObjectKey;
use sluice_domain::materialize::{Part, parts};
use sluice_domain::part_plan::PartNumber;
use sluice_storage::copy::CopySource;
use sluice_storage::tables::{self, Building};
use sluice_storage::{ErrorKind, StorageError};
use std::collections::HashSet;

use crate::error::MaterializeError;
use crate::packs::{self, Packs};
use crate::{App, TimeCheck};

/// How many parts are made at once. Those that are sent have little over 5 MiB each.
const PARTS_IN_FLIGHT: usize = 4;

/// One object that is being put together.
pub struct Build<'a> {
    pub app: &'a App,
    pub key: ObjectKey,
    /// This builder.
    pub holder: &'a str,
    pub building: &'a Building,
    pub out_of_time: &'a TimeCheck,
}

/// How far it came.
#[derive(Debug, PartialEq, Eq)]
pub enum Built {
    /// The object is there.
    Whole,
    /// Some of its parts are.
    OutOfTime,
}

impl Build<'_> {
    pub async fn run(&self) -> Result<Built, MaterializeError> {
        let blob = &self.building.blob;
        let (terms, packs) = packs::load(self.app, blob).await?;
        let parts = parts(&terms, &packs).ok_or(MaterializeError::PacksMissing(blob.sha256))?;
        match &parts[..] {
            [] => {
                self.app.cache.put(&self.key, Vec::new().into()).await?;
                Ok(Built::Whole)
            }
            [Part::Sent(terms)] => {
                let bytes = packs::read(self.app, terms, &packs).await?;
                self.app.cache.put(&self.key, bytes.into()).await?;
                Ok(Built::Whole)
            }
            parts => self.in_parts(parts, &packs).await,
        }
    }

    async fn in_parts(&self, parts: &[Part], packs: &Packs) -> Result<Built, MaterializeError> {
        let (multipart_id, made) = self.multipart(parts).await?;
        let numbered =
            (1..).filter_map(|number| PartNumber::try_from(number).ok()).zip(parts.iter().cloned());
        let missing = numbered.filter(|(number, _)| !made.contains(number));
        let done: Vec<bool> = stream::iter(missing)
            .map(|(number, part)| {
                let (late, id) = ((self.out_of_time)(), &*multipart_id);
                async move {
                    if late {
                        return Ok(false);
                    }
                    self.make(id, number, part, packs).await.map(|()| true)
                }
            })
            .buffer_unordered(PARTS_IN_FLIGHT)
            .try_collect::<Vec<bool>>()
            .await?;
        if done.contains(&false) {
            return Ok(Built::OutOfTime);
        }
        let made = self.app.cache.list_parts(&self.key, &multipart_id).await?.unwrap_or_default();
        match self.app.cache.complete_multipart(&self.key, &multipart_id, &made).await {
            // Completed by a run that died before it could say so.
            Err(error) if error.kind == ErrorKind::NotFound && self.is_there().await? => Ok(Built::Whole),
            completed => Ok(completed.map(|()| Built::Whole)?),
        }
    }

    /// The multipart upload with which an earlier run has begun and the parts it has, or a new one. Parts that were made
    /// after another plan are of no use.
    async fn multipart(&self, parts: &[Part]) -> Result<(String, HashSet<PartNumber>), StorageError> {
        let (app, blob) = (self.app, &self.building.blob);
        let plan_digest = hex::encode(&blake3::hash(format!("{parts:?}").as_bytes()).as_bytes()[..16]);
        if let Some(build) = &self.building.build {
            let present = app.cache.list_parts(&self.key, &build.multipart_id).await?;
            match present {
                Some(present) if build.plan_digest == plan_digest => {
                    let made = present.into_iter().map(|part| part.number).collect();
                    return Ok((build.multipart_id.clone(), made));
                }
                _ => app.cache.abort_multipart(&self.key, &build.multipart_id).await?,
            }
        }
        let multipart_id = app.cache.create_multipart(&self.key, false).await?;
        let build = tables::Build { multipart_id: multipart_id.clone(), plan_digest };
        app.tables.begin_build(blob.account_id, &blob.sha256, self.holder, &build).await?;
        Ok((multipart_id, HashSet::new()))
    }

    async fn make(
        &self,
        multipart_id: &str,
        number: PartNumber,
        part: Part,
        packs: &Packs,
    ) -> Result<(), MaterializeError> {
        let (app, key) = (self.app, &self.key);
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

    /// Whether the object is there after all, of the right size.
    async fn is_there(&self) -> Result<bool, StorageError> {
        let size = self.building.blob.size;
        Ok(self.app.cache.head(&self.key).await?.is_some_and(|object| object.size == size))
    }
}
