//! Reading whole tables, a part at a time.

use serde::Deserialize;
use sluice_domain::blob::{Blob, Pack};
use sluice_domain::hash::Sha256;
use sluice_domain::id::AccountId;

use super::Tables;
use crate::call;
use crate::error::StorageError;
use crate::transaction::{Row, Values, names, parse};

/// One of the parts into which a table is cut for a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Which, from 0.
    pub number: u32,
    /// Of how many.
    pub of: u32,
}

/// Where the next page of a segment begins.
#[derive(Debug, Clone)]
pub struct SegmentCursor(Row);

/// A file with blob, as far as a scan brings it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FileBlob {
    /// Whose file.
    pub account_id: AccountId,
    /// Its path.
    pub path: String,
    /// Its blob now.
    pub sha256: Sha256,
}

impl Tables {
    /// One page of the blobs of a segment. Eventually consistent.
    pub async fn scan_blobs(
        &self,
        segment: Segment,
        after: Option<SegmentCursor>,
    ) -> Result<(Vec<Blob>, Option<SegmentCursor>), StorageError> {
        self.scan(&self.names.blobs, segment, after, None).await
    }

    /// One page of the packs of a segment. Eventually consistent.
    pub async fn scan_packs(
        &self,
        segment: Segment,
        after: Option<SegmentCursor>,
    ) -> Result<(Vec<Pack>, Option<SegmentCursor>), StorageError> {
        self.scan(&self.names.packs, segment, after, None).await
    }

    /// One page of the files of a segment that have blob and whose paths begin with `prefix`. Eventually consistent.
    pub async fn scan_files(
        &self,
        prefix: &str,
        segment: Segment,
        after: Option<SegmentCursor>,
    ) -> Result<(Vec<FileBlob>, Option<SegmentCursor>), StorageError> {
        const FILTER: &str = "begins_with(#path, :prefix) AND attribute_exists(#sha256)";
        let values = Values::new().with(":prefix", &prefix)?;
        self.scan(&self.names.files, segment, after, Some((FILTER, values))).await
    }

    async fn scan<T: serde::de::DeserializeOwned>(
        &self,
        table: &str,
        segment: Segment,
        after: Option<SegmentCursor>,
        filter: Option<(&str, Values)>,
    ) -> Result<(Vec<T>, Option<SegmentCursor>), StorageError> {
        let mut request = self
            .client
            .scan()
            .table_name(table)
            .segment(segment.number.cast_signed())
            .total_segments(segment.of.cast_signed())
            .set_exclusive_start_key(after.map(|cursor| cursor.0));
        if let Some((expression, values)) = filter {
            request = request
                .filter_expression(expression)
                .set_expression_attribute_names(names(&[expression]))
                .set_expression_attribute_values(values.into_map());
        }
        let page = call::read("dynamodb:Scan", request.send()).await?;
        let rows = page.items.unwrap_or_default().into_iter().map(parse).collect::<Result<_, _>>()?;
        Ok((rows, page.last_evaluated_key.map(SegmentCursor)))
    }
}
