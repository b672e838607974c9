//! Answers `GET /files/{file_id}/plan`: the chunks of a version and where to read them.

use futures::stream::{self, StreamExt, TryStreamExt};
use http::StatusCode;
use sluice_contracts::cursor::PlanCursor;
use sluice_contracts::packs::{Plan, PlanObject};
use sluice_contracts::parameters::{PlanDetail, PlanParameters};
use sluice_domain::blob::Pack;
use sluice_domain::id::{AccountId, PackId};
use sluice_domain::key::ObjectKey;
use sluice_domain::pack_move::object_id;
use sluice_domain::time::Timestamp;
use sluice_domain::version::File;
use sluice_lambda::{Call, Failure, Reply};
use sluice_packs::read::{read_index, read_terms};
use sluice_storage::Chain;
use sluice_storage::presign::{PresignedUrl, Validity};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::app::App;
use crate::page::{Page, Wanted};
use crate::requested::{Requested, requested};
use crate::runs::{LocatedPack, Runs, damaged};

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
    let wanted = Wanted { bytes: from..to, first: cursor.map_or(0, |cursor| cursor.term), detail };
    let mut page = Page::of(&terms, &wanted);

    let expires_at = app.url_life.end(call.now, None).await?;
    let runs = match detail {
        PlanDetail::Chunks => {
            let validity = Validity { from: call.now, until: expires_at };
            let mut packs = pack_rows(app, file.account_id, &page).await?;
            page.limit_indexes(|pack| packs[&pack].chunk_count);
            if former.unwrap_or(false) {
                for pack in packs.values_mut() {
                    use_former_placement(pack, expires_at);
                }
            }
            let packs = located(app, packs, &page).await?;
            let objects = objects(app, &packs, validity).await?;
            Runs::with_chunks(&mut page, &wanted.bytes, &packs, &objects)?
        }
        PlanDetail::Terms => Runs::without_chunks(&page),
    };
    let version_id = version.version_id;
    let plan = Plan {
        version_id,
        size: blob.size,
        sha256: blob.sha256,
        objects: runs.objects,
        terms: runs.terms,
        expires_at,
        next_cursor: page.next.map(|term| PlanCursor { version_id, term }.to_string()),
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

/// The packs of a page.
async fn pack_rows(app: &App, account: AccountId, page: &Page) -> Result<HashMap<PackId, Pack>, Failure> {
    let ids: Vec<PackId> = page.packs().into_iter().collect();
    let rows = app.tables.packs(&ids).await?;
    let own = rows.into_iter().filter(|row| row.account_id == account).map(|row| (row.pack_id, row));
    let own: HashMap<PackId, Pack> = own.collect();
    if own.len() < ids.len() {
        return Err(damaged(format_args!("only {1} of {0} packs exist", ids.len(), own.len())));
    }
    Ok(own)
}

/// Those of the packs that the page still needs, with their indexes.
async fn located(
    app: &App,
    mut packs: HashMap<PackId, Pack>,
    page: &Page,
) -> Result<HashMap<PackId, LocatedPack>, Failure> {
    stream::iter(page.packs().into_iter().filter_map(|id| packs.remove(&id)))
        .map(|pack| async move {
            let index = read_index(&app.packs, &pack).await.map_err(|error| damaged(Chain(&error)))?;
            let object_id = object_id(&pack.placement.store, &pack.placement.key);
            Ok((pack.pack_id, LocatedPack { pack, index, object_id }))
        })
        .buffer_unordered(READS_IN_FLIGHT)
        .try_collect()
        .await
}

/// Presigns one URL for each object that contains packs.
async fn objects(
    app: &App,
    packs: &HashMap<PackId, LocatedPack>,
    validity: Validity,
) -> Result<HashMap<String, PlanObject>, Failure> {
    let mut objects = HashMap::new();
    for LocatedPack { pack, object_id, .. } in packs.values() {
        if let Entry::Vacant(object) = objects.entry(object_id.clone()) {
            let bucket = app.packs.get(&pack.placement.store)?;
            let key = ObjectKey::from_stored(&*pack.placement.key);
            let PresignedUrl { url, headers, .. } = bucket.presign_read(&key, validity).await?;
            object.insert(PlanObject { url, headers });
        }
    }
    Ok(objects)
}
