//! Presigns URLs for parts and packs.

use futures::future::try_join_all;
use http::StatusCode;
use sluice_contracts::problem::Code;
use sluice_contracts::uploads::{PAGE_MAX, PartUrl, PartUrlRequest, PartUrls, PartUrlsRequest};
use sluice_domain::hash::Sha256;
use sluice_domain::part_plan::{PartNumber, UploadMethod};
use sluice_domain::upload::{Upload, UploadState};
use sluice_lambda::{Call, Failure, Reply};
use sluice_storage::presign::{PartAddress, PutOf, SignedBody, Validity};
use std::collections::HashSet;

use crate::app::App;
use crate::own_upload::ended;

/// The first URLs, for the answer to `POST /uploads`. None if the client has yet to give every part's
/// SHA-256.
pub async fn first(app: &App, call: &Call, upload: &Upload) -> Result<Vec<PartUrl>, Failure> {
    if upload.part_sha256 || upload.state != UploadState::Open {
        return Ok(Vec::new());
    }
    let numbers =
        (1..=upload.part_count()).take(PAGE_MAX).filter_map(|number| PartNumber::try_from(number).ok());
    let parts = numbers.map(|number| PartUrlRequest { number, sha256: None });
    sign(app, call, upload, &parts.collect::<Vec<_>>()).await
}

/// Answers `POST /uploads/{upload_id}/parts` with new URLs.
pub async fn fresh(app: &App, call: &Call, upload: &Upload) -> Result<Reply, Failure> {
    let request: PartUrlsRequest = call.json()?;
    check(upload, &request)?;
    if upload.state != UploadState::Open || call.now >= upload.expires_at {
        return Err(ended(upload));
    }
    let parts = sign(app, call, upload, &request.parts).await?;
    Reply::json(StatusCode::OK, &PartUrls { parts })
}

fn check(upload: &Upload, request: &PartUrlsRequest) -> Result<(), Failure> {
    if request.parts.is_empty() || request.parts.len() > PAGE_MAX {
        return Err(Failure::invalid(format_args!("name 1 to {PAGE_MAX} parts a call")));
    }
    let mut seen = HashSet::new();
    for part in &request.parts {
        let number = part.number.get();
        if upload.size_of(part.number).is_none() {
            let detail = format!("there is no part {number}; the upload has {}", upload.part_count());
            return Err(Failure::new(Code::InvalidParts, detail));
        }
        if !seen.insert(number) {
            return Err(Failure::new(Code::InvalidParts, format!("part {number} is named twice")));
        }
        if upload.part_sha256 && part.sha256.is_none() {
            let detail = format!("part {number} needs its sha256: the upload promised it (part_sha256)");
            return Err(Failure::new(Code::InvalidParts, detail));
        }
        let declared = declared_sha256(upload, part.number);
        if upload.multipart_id.is_none() && part.sha256.is_some() && part.sha256 != declared {
            let detail = "the sha256 differs from the one that the upload declared";
            return Err(Failure::new(Code::InvalidParts, detail));
        }
        if !upload.part_sha256 && upload.multipart_id.is_some() && part.sha256.is_some() {
            let detail = format!("part {number} has a sha256 that the upload did not promise (part_sha256)");
            return Err(Failure::new(Code::InvalidParts, detail));
        }
    }
    Ok(())
}

async fn sign(
    app: &App,
    call: &Call,
    upload: &Upload,
    parts: &[PartUrlRequest],
) -> Result<Vec<PartUrl>, Failure> {
    let until = app.url_life.end(call.now, Some(upload.expires_at)).await?;
    let validity = Validity { from: call.now, until };
    try_join_all(parts.iter().map(|part| sign_one(app, upload, part, validity))).await
}

async fn sign_one(
    app: &App,
    upload: &Upload,
    part: &PartUrlRequest,
    validity: Validity,
) -> Result<PartUrl, Failure> {
    let key = upload.landing_key().object_key();
    let size = size_of(upload, part.number)?;
    let declared = declared_sha256(upload, part.number);
    let whole = SignedBody { size_bytes: size, sha256: declared.as_ref() };
    let url = match (upload.method(), &upload.multipart_id) {
        (UploadMethod::Packs, _) => {
            let key = upload.landing_key().pack(part.number);
            app.landing.presign_put(&key, whole, PutOf::NewObject, validity).await?
        }
        (_, Some(multipart_id)) => {
            let address = PartAddress { key: &key, multipart_id, number: part.number };
            let body = SignedBody { size_bytes: size, sha256: part.sha256.as_ref() };
            app.landing.presign_part(address, body, validity).await?
        }
        // A single PUT is the whole file, so the store can check its declared hash.
        (_, None) => app.landing.presign_put(&key, whole, PutOf::AnyObject, validity).await?,
    };
    Ok(PartUrl { number: part.number, size, url: url.url, headers: url.headers, expires_at: url.expires_at })
}

/// The declared hash of a pack, or of the whole file for a single PUT.
fn declared_sha256(upload: &Upload, part: PartNumber) -> Option<Sha256> {
    match &upload.packs {
        Some(packs) => packs.get(part.index()).map(|pack| pack.sha256),
        None => upload.sha256,
    }
}

fn size_of(upload: &Upload, part: PartNumber) -> Result<u64, Failure> {
    upload.size_of(part).ok_or_else(|| Failure::new(Code::InvalidParts, "there is no such part"))
}
