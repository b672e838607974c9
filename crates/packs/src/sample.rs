//! Estimates by a sample whether compression is worthwhile.

use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_domain::frames::compressed_length;
use sluice_domain::key::ObjectKey;
use sluice_storage::{Bucket, GetOptions, Object};
use std::ops::Range;

use crate::error::PackError;

/// The number of pieces in a sample. They are spread evenly.
const SAMPLES: u64 = 8;

/// The length of a piece in bytes.
const SAMPLE_BYTES: u64 = 64 << 10;

/// If a sample compresses to more than this share of its length, compression is not worthwhile. Images, video
/// and archives compress to 98 % and more.
const PAYS_UP_TO_PERCENT: u64 = 92;

/// The least saving in bytes that makes up, in a year of storage, for writing another object and its row
/// (`docs/COSTS.md`).
pub const SAVED_MIN_BYTES: u64 = 32 << 10;

/// Whether the bytes of `range` of an object are worth compressing.
pub async fn is_worthwhile(bucket: &Bucket, key: &ObjectKey, range: Range<u64>) -> Result<bool, PackError> {
    let length = range.end - range.start;
    if length <= SAVED_MIN_BYTES {
        return Ok(false);
    }
    let samples: Vec<Object> = stream::iter(pieces(range))
        .map(|piece| bucket.get(key, GetOptions::range(piece)))
        .buffered(SAMPLES as usize)
        .try_collect()
        .await?;
    let work = move || {
        let mut raw = 0;
        let mut stored = 0;
        for sample in &samples {
            raw += sample.bytes.len() as u64;
            stored += compressed_length(&sample.bytes)? as u64;
        }
        Ok::<_, std::io::Error>((raw, stored))
    };
    let compressor = |error: &dyn std::fmt::Display| PackError::Compressor(error.to_string());
    let (raw, stored) = tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| compressor(&error))?
        .map_err(|error| compressor(&error))?;
    Ok(decide(length, raw, stored))
}

/// Evenly spread pieces of a range, or all of it if it is short.
fn pieces(range: Range<u64>) -> Vec<Range<u64>> {
    let length = range.end - range.start;
    if length <= SAMPLES * SAMPLE_BYTES {
        return vec![range];
    }
    let step = (length - SAMPLE_BYTES) / (SAMPLES - 1);
    let starts = (0..SAMPLES).map(|number| range.start + number * step);
    starts.map(|start| start..start + SAMPLE_BYTES).collect()
}

/// Whether `length` bytes are worth compressing, given that a sample of `raw` bytes compresses to `stored`.
fn decide(length: u64, raw: u64, stored: u64) -> bool {
    let saved = length - length.min(length * stored / raw.max(1));
    stored * 100 <= raw * PAYS_UP_TO_PERCENT && saved >= SAVED_MIN_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_spread_from_the_first_byte_to_the_last() {
        assert_eq!(pieces(5..100), vec![5..100]);
        let spread = pieces(1000..10_001_000);
        assert_eq!((spread.len(), spread[0].start, spread[7].end <= 10_001_000), (8, 1000, true));
        assert!(spread[7].end > 10_000_900);
    }

    #[test]
    fn little_is_not_worth_a_new_object() {
        assert!(decide(1 << 20, 100, 50));
        assert!(decide(1 << 20, 100, 92));
        assert!(!decide(1 << 20, 100, 93));
        assert!(!decide(1 << 20, 100, 104));
        assert!(!decide(50_000, 100, 50), "25 KB");
        assert!(decide(100_000, 100, 50), "50 KB");
    }
}
