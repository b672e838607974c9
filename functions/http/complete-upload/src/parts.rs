//! Compares the parts that the client lists with the plan and with the parts that the store has.

use sluice_contracts::problem::Code;
use sluice_contracts::uploads::Completion;
use sluice_domain::part_plan::{PartNumber, UploadMethod};
use sluice_domain::upload::Upload;
use sluice_lambda::Failure;
use sluice_storage::{StoredPart, normalise_etag};
use std::collections::HashMap;

/// A detail names at most this many part numbers.
const NAMED_MAX: usize = 20;

/// Checks that the client lists every part of the plan once, in order.
pub fn check_list(upload: &Upload, completion: &Completion) -> Result<(), Failure> {
    if completion.manifest.is_some() {
        return Err(Failure::new(Code::InvalidManifest, "only a delta upload has a manifest"));
    }
    let count = upload.plan().part_count();
    if completion.parts.is_empty() && upload.method() == UploadMethod::Put {
        return Ok(());
    }
    let listed: Vec<u32> = completion.parts.iter().map(|part| part.number.get()).collect();
    if !listed.is_sorted_by(|a, b| a < b) {
        return Err(Failure::new(Code::InvalidParts, "list every part once, in ascending order"));
    }
    if let Some(extra) = listed.iter().find(|number| **number > count) {
        let detail = format!("there is no part {extra}; the upload has {count}");
        return Err(Failure::new(Code::InvalidParts, detail));
    }
    let missing: Vec<u32> = (1..=count).filter(|number| listed.binary_search(number).is_err()).collect();
    if missing.is_empty() { Ok(()) } else { Err(missing_parts("the list lacks", &missing)) }
}

/// Finds the client's parts among those that the store has, by number and `ETag`. A store may have both
/// copies of a part that was sent twice.
pub fn check_stored(
    upload: &Upload,
    completion: &Completion,
    stored: &[StoredPart],
) -> Result<Vec<StoredPart>, Failure> {
    let mut held: HashMap<PartNumber, Vec<&StoredPart>> = HashMap::new();
    for part in stored {
        held.entry(part.number).or_default().push(part);
    }
    let missing: Vec<u32> = completion
        .parts
        .iter()
        .filter(|part| !held.contains_key(&part.number))
        .map(|part| part.number.get())
        .collect();
    if !missing.is_empty() {
        return Err(missing_parts("the store lacks", &missing));
    }
    let mut named = Vec::with_capacity(completion.parts.len());
    for part in &completion.parts {
        let Some(sent) = held.get(&part.number) else { continue };
        let number = part.number.get();
        let Some(held) = sent.iter().find(|held| held.etag == normalise_etag(&part.etag)) else {
            let stored = &sent[0].etag;
            let listed = quote(&part.etag);
            let detail = format!("part {number} has the ETag {stored}, not {listed}; PUT it again");
            return Err(Failure::new(Code::PartMismatch, detail));
        };
        if upload.plan().size_of(part.number) != Some(held.size) {
            let detail = format!("part {number} has {} bytes; PUT it again", held.size);
            return Err(Failure::new(Code::PartMismatch, detail));
        }
        named.push((*held).clone());
    }
    Ok(named)
}

/// Compares the part of a single PUT, if the client lists it, with the stored object.
pub fn check_single(upload: &Upload, completion: &Completion, etag: &str) -> Result<(), Failure> {
    let listed = completion.parts.first().filter(|_| upload.method() == UploadMethod::Put);
    match listed.filter(|part| normalise_etag(&part.etag) != normalise_etag(etag)) {
        Some(part) => {
            let detail =
                format!("the object has the ETag {}, not {}", normalise_etag(etag), quote(&part.etag));
            Err(Failure::new(Code::PartMismatch, detail))
        }
        None => Ok(()),
    }
}

fn quote(etag: &str) -> String {
    normalise_etag(etag).chars().take(80).collect()
}

fn missing_parts(who: &str, missing: &[u32]) -> Failure {
    let named: Vec<String> = missing.iter().take(NAMED_MAX).map(u32::to_string).collect();
    let more = if missing.len() > NAMED_MAX { ", …" } else { "" };
    Failure::new(Code::PartsMissing, format!("{who} {} parts: {}{more}", missing.len(), named.join(", ")))
}
