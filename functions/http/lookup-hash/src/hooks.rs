//! Answers `POST /lookups/hooks`: finds the account's packs that contain hooks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::StatusCode;
use sluice_contracts::packs::{HOOKS_MAX, HooksFound, HooksLookup, PackIndexView};
use sluice_domain::blob::{Attachment, Life, Pack};
use sluice_domain::id::PackId;
use sluice_domain::key::ObjectKey;
use sluice_domain::session::Session;
use sluice_lambda::{Call, Failure, Reply};
use sluice_storage::presign::Validity;
use std::cmp::Reverse;
use std::collections::HashMap;

use crate::app::App;

/// An answer has at most this many packs. Packs with fewer hooks are left out.
const PACKS_MAX: usize = 16;

pub async fn look_up(app: &App, call: &Call, session: &Session) -> Result<Reply, Failure> {
    let HooksLookup { mut hooks } = call.json()?;
    if hooks.is_empty() || hooks.len() > HOOKS_MAX {
        return Err(Failure::invalid(format_args!("look up 1 to {HOOKS_MAX} hooks a call")));
    }
    hooks.sort_unstable();
    hooks.dedup();
    let mut hits: HashMap<PackId, usize> = HashMap::new();
    for pack in app.tables.find_hooks(session.account_id, &hooks).await? {
        *hits.entry(pack).or_default() += 1;
    }
    let mut ids: Vec<PackId> = hits.keys().copied().collect();
    ids.sort_unstable_by_key(|id| (Reverse(hits[id]), *id));
    ids.truncate(PACKS_MAX);
    let mut packs = app.tables.packs(&ids).await?;
    packs.retain(|pack| pack.account_id == session.account_id && pack.life == Life::Live);
    packs.sort_unstable_by_key(|pack| (Reverse(hits[&pack.pack_id]), pack.pack_id));
    let validity = Validity { from: call.now, until: app.url_life.end(call.now, None).await? };
    let mut found = HooksFound { packs: Vec::with_capacity(packs.len()) };
    for pack in packs {
        found.packs.push(view(app, pack, validity).await?);
    }
    Reply::json(StatusCode::OK, &found)
}

async fn view(app: &App, pack: Pack, validity: Validity) -> Result<PackIndexView, Failure> {
    let (index_base64, index_url) = match &pack.index {
        Attachment::Inline(bytes) => (Some(BASE64.encode(bytes)), None),
        Attachment::Object(key) => {
            let url = app.vault.presign_read(&ObjectKey::from_stored(key), validity).await?;
            (None, Some(url.url))
        }
    };
    let Pack { pack_id, size, chunk_count, .. } = pack;
    Ok(PackIndexView { pack_id, size, chunk_count, index_base64, index_url })
}
