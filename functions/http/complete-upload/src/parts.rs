//! Whether the parts the client lists, the parts the store holds and the parts of the plan are the same.

use sluice_contracts::problem::Code;
use sluice_contracts::uploads::Completion;
use sluice_domain::part_plan::UploadMethod;
use sluice_domain::upload::Upload;
use sluice_lambda::Failure;
use sluice_storage::bucket::{StoredPart, normalise_etag};

/// How many part numbers a detail names.
const NAMED_MAX: usize = 20;

/// Compares the client's list with the plan: every part once, in order.
pub fn check_list(upload: &Upload, completion: &Completion) -> Result<(), Failure> {
    if completion.manifest.is_some() {
        return Err(Failure::new(
            Code::InvalidManifest,
            "the upload began without packs and has no manifest",
        ));
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

/// Compares the client's list with what the store holds.
pub fn check_stored(upload: &Upload, completion: &Completion, stored: &[StoredPart]) -> Result<(), Failure> {
    let find = |number| stored.binary_search_by_key(&number, |part: &StoredPart| part.number).ok();
    let missing: Vec<u32> = completion
        .parts
        .iter()
        .filter(|part| find(part.number).is_none())
        .map(|part| part.number.get())
        .collect();
    if !missing.is_empty() {
        return Err(missing_parts("the store lacks", &missing));
    }
    for part in &completion.parts {
        let Some(held) = find(part.number).map(|index| &stored[index]) else { continue };
        let number = part.number.get();
        if held.etag != normalise_etag(&part.etag) {
            let detail =
                format!("part {number} has the ETag {}, not {}; PUT it again", held.etag, quote(&part.etag));
            return Err(Failure::new(Code::PartMismatch, detail));
        }
        if upload.plan().size_of(part.number) != Some(held.size) {
            let detail = format!("part {number} has {} bytes; PUT it again", held.size);
            return Err(Failure::new(Code::PartMismatch, detail));
        }
    }
    Ok(())
}

/// Compares the part of a single PUT, if the client lists it, with what the store holds.
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
