//! Whether the parts the client lists, the parts the store holds and the parts of the plan are the same.

use sluice_contracts::problem::Code;
use sluice_contracts::uploads::Completion;
use sluice_domain::part_plan::{PartNumber, UploadMethod};
use sluice_domain::upload::Upload;
use sluice_lambda::Failure;
use sluice_storage::bucket::{StoredPart, normalise_etag};
use std::collections::HashMap;

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

/// Compares the client's list with what the store holds, and gives what it names of that. Of a part that was sent twice a
/// store may hold both.
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
            let (has, asked) = (&sent[0].etag, quote(&part.etag));
            let detail = format!("part {number} has the ETag {has}, not {asked}; PUT it again");
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
