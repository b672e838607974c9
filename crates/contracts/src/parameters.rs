//! Defines the parameters of the calls' queries.

use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::id::{UploadId, VersionId};
use sluice_domain::path::{FilePath, LAST, PATH_MAX_BYTES};
use std::convert::Infallible;
use std::str::FromStr;

use crate::cursor::{ListCursor, PlanCursor};
#[cfg(feature = "schema")]
use crate::openapi::operation::{Described, Operation};
use crate::query::parameters;
use crate::uploads::PAGE_MAX;
use crate::{LIST_DEFAULT, LIST_MAX};

parameters! {
    /// The parameters of `GET /files`.
    FilesParameters {
        /// The beginning of the paths.
        prefix: PathPart,
        /// Paths that contain it after the prefix are grouped in `common_prefixes`. Empty is the same as
        /// absent. Often `/`.
        delimiter: PathPart,
        /// The file with this path, if there is one.
        path: FilePath,
        /// Files with a current version of this SHA-256.
        sha256: Sha256,
        /// Files with a current version of this SHA-1.
        sha1: Sha1,
        /// The maximum number of entries of a page. A page may have fewer; only the last has no
        /// `next_cursor`.
        limit: Limit,
        /// The `next_cursor` of the previous page, with the same query. Opaque to clients.
        cursor: ListCursor,
    }

    /// The parameters of `GET /files/{file_id}/versions`.
    VersionsParameters {
        /// The maximum number of entries of a page. A page may have fewer; only the last has no
        /// `next_cursor`.
        limit: Limit,
        /// The `next_cursor` of the previous page, with the same query. Opaque to clients.
        cursor: VersionId,
    }

    /// The parameters of `GET /uploads`.
    UploadsParameters {
        /// These uploads in any state, in one page. Ids that the account does not have are left out.
        ids: UploadIds,
        /// The maximum number of entries of a page. A page may have fewer; only the last has no
        /// `next_cursor`.
        limit: Limit,
        /// The `next_cursor` of the previous page, with the same query. Opaque to clients.
        cursor: UploadId,
    }

    /// The parameters of `GET` and `HEAD /files/{file_id}/content`.
    ContentParameters {
        /// Reads this version instead of the current one.
        version: VersionId,
        /// Whether a browser saves the file or shows it.
        disposition: Disposition,
        /// The status of the answer while the blob is being materialized: 503 for clients that retry only
        /// on errors.
        materializing: MaterializingStatus,
    }

    /// The parameters of `GET /files/{file_id}/plan`.
    PlanParameters {
        /// Reads this version instead of the current one.
        version: VersionId,
        /// Leaves out chunks that end at or before this offset in the file. At most the file's size and
        /// `to`.
        from: u64,
        /// Leaves out chunks that begin at or after this offset in the file. The default is the file's
        /// size.
        to: u64,
        /// With `terms`, the answer has only the runs, without URLs and chunks.
        detail: PlanDetail,
        /// Reads packs where they were before their last move, as long as they can be read there. The
        /// default is false.
        former: bool,
        /// The `next_cursor` of the previous page, with the same query. Opaque to clients.
        cursor: PlanCursor,
    }

    /// The parameters of `POST /webhooks/store-events`.
    StoreEventsParameters {
        /// The webhook's secret, for stores that cannot send `Authorization`.
        token: WebhookToken,
    }
}

/// The maximum number of entries of a page, from 1 to [`LIST_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(usize);

impl Limit {
    /// The limit as a number of entries.
    pub fn get(self) -> usize {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(LIST_DEFAULT)
    }
}

impl FromStr for Limit {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let limit = text.parse().ok().filter(|limit| (1..=LIST_MAX).contains(limit));
        limit.map(Self).ok_or_else(|| format!("it is a number from 1 to {LIST_MAX}"))
    }
}

/// A part of a path, with any number of segments.
#[derive(Debug, Clone, Default)]
pub struct PathPart(pub String);

impl FromStr for PathPart {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text.len() > PATH_MAX_BYTES || text.chars().any(|c| c.is_control() || c == LAST) {
            return Err("it is no part of a path");
        }
        Ok(Self(text.to_owned()))
    }
}

/// The webhook's secret. The text is not kept: its hash is compared before a call is parsed, and no `Debug`
/// output may show it.
#[derive(Debug, Clone, Copy)]
pub struct WebhookToken;

impl FromStr for WebhookToken {
    type Err = Infallible;
    fn from_str(_: &str) -> Result<Self, Infallible> {
        Ok(Self)
    }
}

/// 1 to [`PAGE_MAX`] ids with commas between them, in order and each once.
#[derive(Debug, Clone)]
pub struct UploadIds(pub Vec<UploadId>);

impl FromStr for UploadIds {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let ids = text.split(',').map(str::parse).collect::<Result<Vec<UploadId>, _>>();
        let mut ids = ids.map_err(|error| error.to_string())?;
        ids.sort_unstable();
        ids.dedup();
        if ids.len() > PAGE_MAX {
            Err(format!("name at most {PAGE_MAX} uploads a call"))
        } else {
            Ok(Self(ids))
        }
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl FromStr for $name {
            type Err = &'static str;
            fn from_str(text: &str) -> Result<Self, &'static str> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(concat!("it is one of", $(" ", $word),+)),
                }
            }
        }
    };
}

words! {
    /// Whether a browser saves or shows the bytes. The words are those of `Content-Disposition`.
    Disposition {
        /// The browser saves them.
        #[default]
        Attachment = "attachment",
        /// The browser shows them.
        Inline = "inline",
    }
}

words! {
    /// The status of an answer while the blob is being materialized.
    MaterializingStatus {
        /// As for a call that has succeeded.
        #[default]
        Accepted = "202",
        /// For clients that retry only on errors.
        Unavailable = "503",
    }
}

words! {
    /// How much a page of a plan says about each run.
    PlanDetail {
        /// Packs, URLs and chunks.
        #[default]
        Chunks = "chunks",
        /// Only packs and numbers of chunks.
        Terms = "terms",
    }
}
