//! Streams byte ranges of a file as the body of a request.

use bytes::Bytes;
use futures::{Stream, TryStreamExt as _, stream};
use reqwest::Body;
use std::io::{self, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use crate::error::{Error, Result};
use crate::progress::Attempt;

const BLOCK_BYTES: u64 = 256 << 10;

/// The bytes of `ranges` in order, read while they are sent.
pub async fn body(local: &Path, ranges: Vec<Range<u64>>, attempt: &Arc<Attempt>) -> Result<Body> {
    if ranges.iter().all(Range::is_empty) {
        return Ok(Body::from(Vec::new()));
    }
    let file = File::open(local).await.map_err(Error::local(local))?;
    let attempt = attempt.clone();
    Ok(Body::wrap_stream(blocks(file, ranges).inspect_ok(move |block| attempt.add(block.len() as u64))))
}

fn blocks(file: File, ranges: Vec<Range<u64>>) -> impl Stream<Item = io::Result<Bytes>> {
    stream::try_unfold((file, ranges.into_iter(), 0..0), async |(mut file, mut ranges, mut range)| {
        while range.is_empty() {
            let Some(next) = ranges.next() else { return Ok(None) };
            file.seek(SeekFrom::Start(next.start)).await?;
            range = next;
        }
        let mut block = vec![0; BLOCK_BYTES.min(range.end - range.start) as usize];
        file.read_exact(&mut block).await?;
        range.start += block.len() as u64;
        Ok(Some((Bytes::from(block), (file, ranges, range))))
    })
}
