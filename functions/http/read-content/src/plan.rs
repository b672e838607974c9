//! Answers `GET /files/{file_id}/plan`: the chunks of a version and where to read them.

use futures::stream::{self, StreamExt, TryStreamExt};
use http::StatusCode;
use sluice_contracts::LIST_MAX;
use sluice_contracts::cursor::PlanCursor;
use sluice_contracts::packs::{PLAN_CHUNKS_MAX, Plan, PlanChunk, PlanFrame, PlanTerm};
use sluice_contracts::parameters::{PlanDetail, PlanParameters};
use sluice_contracts::problem::Code;
use sluice_domain::blob::{Encoding, Pack};
use sluice_domain::id::{AccountId, PackId};
use sluice_domain::key::ObjectKey;
use sluice_domain::manifest::Term;
use sluice_domain::pack_index::PackIndex;
use sluice_domain::pack_move::object_id;
use sluice_domain::time::Timestamp;
use sluice_domain::version::File;
use sluice_lambda::{Call, Failure, Reply};
use sluice_packs::read::{read_index, read_terms};
use sluice_storage::Chain;
use sluice_storage::presign::Validity;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use crate::app::App;
use crate::requested::{Requested, requested};

/// How many pack indexes are read at once.
const READS_IN_FLIGHT: usize = 8;

pub async fn plan(app: &App, call: &Call, file: File, parameters: PlanParameters) -> Result<Reply, Failure> {
    let PlanParameters { version, from, to, detail, former, cursor } = parameters;
    let version_id = cursor.map(|cursor| cursor.version_id).or(version);
    let Requested { file, version, blob } = requested(app, call, file, version_id).await?;
    let from = from.unwrap_or(0);
    let to = to.unwrap_or(blob.size);
    if from > to || from > blob.size {
        let detail = format!("bytes {from} to {to} are not in the version's {}", blob.size);
        return Err(Failure::invalid(detail));
    }
    let detail = detail.unwrap_or_default();
    let terms = read_terms(&app.packs, &blob).await.map_err(|error| damaged(Chain(&error)))?;
    let first = cursor.map_or(0, |cursor| cursor.term);
    let (runs, next) = page(&terms, &(from..to), first, detail);

    let expires_at = app.url_life.end(call.now, None).await?;
    let terms = match detail {
        PlanDetail::Chunks => {
            let mut packs = packs(app, file.account_id, &runs).await?;
            if former.unwrap_or(false) {
                for (pack, _) in packs.values_mut() {
                    use_former_placement(pack, expires_at);
                }
            }
            let urls = urls(app, &packs, Validity { from: call.now, until: expires_at }).await?;
            runs.iter().map(|run| with_chunks(run, &(from..to), &packs, &urls)).collect::<Result<_, _>>()?
        }
        PlanDetail::Terms => runs.iter().map(without_chunks).collect(),
    };
    let version_id = version.version_id;
    let plan = Plan {
        version_id,
        size: blob.size,
        sha256: blob.sha256,
        terms,
        expires_at,
        next_cursor: next.map(|term| PlanCursor { version_id, term }.to_string()),
    };
    Reply::json(StatusCode::OK, &plan)
}

/// Replaces the placement by the one before the last move, if the pack can be read there as long as the URLs
/// are valid.
fn use_former_placement(pack: &mut Pack, until: Timestamp) {
    if let Some(former) = pack.former.take().filter(|former| former.until > until) {
        pack.placement = former.placement;
    }
}

/// A term, with its offset in the blob in bytes.
type Run = (u64, Term);

/// The terms of one page that contain bytes of `wanted`, from the term `first` on, and the index of the first
/// term of the next page.
fn page(terms: &[Term], wanted: &Range<u64>, first: usize, detail: PlanDetail) -> (Vec<Run>, Option<usize>) {
    let mut runs = Vec::new();
    let mut offset = 0;
    let mut chunks = 0;
    if wanted.is_empty() {
        return (runs, None);
    }
    for (number, term) in terms.iter().enumerate() {
        let full = match detail {
            PlanDetail::Chunks => chunks >= PLAN_CHUNKS_MAX,
            PlanDetail::Terms => runs.len() >= LIST_MAX,
        };
        let end = offset + u64::from(term.raw_length_bytes);
        if number >= first && end > wanted.start && offset < wanted.end {
            if full {
                return (runs, Some(number));
            }
            runs.push((offset, *term));
            chunks += term.chunk_count as usize;
        }
        offset = end;
    }
    (runs, None)
}

/// The failure for a stored manifest or index that cannot be read. Only the log says why.
fn damaged(error: impl std::fmt::Display) -> Failure {
    tracing::error!(%error, "the plan of a version cannot be made");
    Failure::new(Code::Internal, "the logs have the cause under the request id")
}

/// Loads the packs of `runs` with their indexes.
async fn packs(
    app: &App,
    account: AccountId,
    runs: &[Run],
) -> Result<HashMap<PackId, (Pack, PackIndex)>, Failure> {
    let ids: BTreeSet<PackId> = runs.iter().map(|(_, term)| term.pack_id).collect();
    let ids: Vec<PackId> = ids.into_iter().collect();
    let rows = app.tables.packs(&ids).await?;
    let own: Vec<Pack> = rows.into_iter().filter(|row| row.account_id == account).collect();
    if own.len() < ids.len() {
        return Err(damaged(format_args!("only {1} of {0} packs exist", ids.len(), own.len())));
    }
    stream::iter(own)
        .map(|row| async move {
            let index = read_index(&app.packs, &row).await.map_err(|error| damaged(Chain(&error)))?;
            Ok((row.pack_id, (row, index)))
        })
        .buffer_unordered(READS_IN_FLIGHT)
        .try_collect()
        .await
}

/// Presigns one URL for each object that contains packs.
async fn urls(
    app: &App,
    packs: &HashMap<PackId, (Pack, PackIndex)>,
    validity: Validity,
) -> Result<HashMap<String, String>, Failure> {
    let mut urls = HashMap::new();
    for (Pack { placement, .. }, _) in packs.values() {
        if let Entry::Vacant(url) = urls.entry(object_id(&placement.store, &placement.key)) {
            let bucket = app.packs.get(&placement.store)?;
            let key = ObjectKey::from_stored(&*placement.key);
            url.insert(bucket.presign_read(&key, validity).await?.url);
        }
    }
    Ok(urls)
}

fn without_chunks((offset, term): &Run) -> PlanTerm {
    PlanTerm {
        offset: *offset,
        length: term.raw_length_bytes.into(),
        pack_id: term.pack_id,
        first_chunk: term.first_chunk,
        chunk_count: term.chunk_count,
        url: None,
        headers: BTreeMap::new(),
        range: None,
        encoding: Encoding::Raw,
        frames: Vec::new(),
        skip: 0,
        chunks: Vec::new(),
    }
}

/// The run with only the chunks in `wanted`, a range of the blob.
fn with_chunks(
    run: &Run,
    wanted: &Range<u64>,
    packs: &HashMap<PackId, (Pack, PackIndex)>,
    urls: &HashMap<String, String>,
) -> Result<PlanTerm, Failure> {
    let (blob_offset, term) = run;
    let (pack, index) = &packs[&term.pack_id];
    let beyond = || damaged(format_args!("a term names chunks that pack {} does not contain", pack.pack_id));
    let end = (term.first_chunk + term.chunk_count) as usize;
    let chunks = index.chunks().get(term.first_chunk as usize..end).ok_or_else(beyond)?;
    let mut offset = *blob_offset;
    let mut first_chunk = term.first_chunk;
    let mut kept = Vec::new();
    let mut length = 0;
    for chunk in chunks {
        let bytes = u64::from(chunk.length_bytes());
        let at = offset + length;
        if at + bytes <= wanted.start {
            offset = at + bytes;
            first_chunk += 1;
        } else if at < wanted.end {
            kept.push(PlanChunk { id: chunk.id(), length: chunk.length_bytes() });
            length += bytes;
        }
    }
    let chunk_count = kept.len() as u32;
    let placement = &pack.placement;
    let extent = placement.extent(index, first_chunk, chunk_count).ok_or_else(beyond)?;
    let frames = extent
        .frames
        .iter()
        .map(|frame| PlanFrame { stored_length: frame.stored_length_bytes, length: frame.raw_length_bytes });
    Ok(PlanTerm {
        offset,
        length,
        first_chunk,
        chunk_count,
        url: urls.get(&object_id(&placement.store, &placement.key)).cloned(),
        range: Some(format!("bytes={}-{}", extent.range.start, extent.range.end.saturating_sub(1))),
        encoding: placement.encoding,
        frames: frames.collect(),
        skip: extent.skip_bytes,
        chunks: kept,
        ..without_chunks(run)
    })
}
