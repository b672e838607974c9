//! The target for the manifest of a delta upload: accepted exactly if a slow and plain check accepts it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sluice_domain::delta::{DELTA_BLOB_MAX_BYTES, PackManifest, PackReference, check_packs};
use sluice_domain::hash::Sha256;
use sluice_domain::id::PackId;
use sluice_domain::manifest::{Manifest, Term, append};
use sluice_domain::upload::DeclaredPack;
use std::collections::HashSet;

use crate::target::{Form, Memory, Target, Verdict, refused, text};

/// A manifest and what the upload declared.
pub const PACK_MANIFEST: Target = Target {
    name: "pack_manifest",
    form: Form::Json,
    seeds,
    tokens: &[
        "07070707070707070707070707070707",
        "packs",
        "terms",
        "pack",
        "first_chunk",
        "chunk_count",
        "length",
    ],
    cases: 1500,
    check,
};

#[derive(Serialize, Deserialize)]
struct Case {
    size: u64,
    declared: Vec<u32>,
    manifest: PackManifest,
}

fn seeds() -> Vec<Vec<u8>> {
    let stored = |number: u32| format!("{number:032x}");
    let term = |pack: serde_json::Value, first_chunk: u32, chunk_count: u32, length: u32| {
        json!({
            "pack": pack, "first_chunk": first_chunk, "chunk_count": chunk_count, "length": length,
        })
    };
    let stored_terms =
        |count: u32| (0..count).map(|number| term(json!(stored(number)), number, 1, 9)).collect();
    let case = |size: u64, declared: &[u32], packs: &[Vec<u32>], terms: Vec<serde_json::Value>| {
        json!({ "size": size, "declared": declared, "manifest": { "packs": packs, "terms": terms } })
            .to_string()
            .into_bytes()
    };
    vec![
        case(30, &[10], &[vec![10]], vec![term(json!(1), 0, 1, 10), term(json!(stored(7)), 3, 2, 20)]),
        case(
            65_536 + 35,
            &[35, 65_536],
            &[vec![5, 10, 20], vec![65_536]],
            vec![term(json!(1), 0, 1, 5), term(json!(1), 1, 2, 30), term(json!(2), 0, 1, 65_536)],
        ),
        case(90 * 9, &[], &[], stored_terms(90)),
        case(91 * 9, &[], &[], stored_terms(91)),
        case(0, &[], &[], vec![]),
        // One fault each: an empty chunk, a chunk that is too long, and a pack that no term uses.
        case(10, &[10], &[vec![0, 10]], vec![term(json!(1), 0, 2, 10)]),
        case(65_537, &[65_537], &[vec![65_537]], vec![term(json!(1), 0, 1, 65_537)]),
        case(9, &[10], &[vec![10]], stored_terms(1)),
    ]
}

fn check(bytes: &[u8]) -> Verdict {
    let Some(json) = text(bytes) else { return Verdict::Refused };
    let case: Case = match Memory::JSON.hold(bytes.len(), || serde_json::from_str(json)) {
        Ok(case) => case,
        Err(_) => return Verdict::Refused,
    };
    let sha256 = Sha256::of(b"");
    let declared: Vec<DeclaredPack> =
        case.declared.iter().map(|size| DeclaredPack { size: *size, sha256 }).collect();
    let checked = case.manifest.check(&declared, case.size);
    assert_eq!(checked.is_ok(), is_sound(&case), "{checked:?}");
    let is_declarable = case.size <= DELTA_BLOB_MAX_BYTES
        && case.declared.len() <= 90
        && case.declared.iter().all(|size| (1..=64 << 20).contains(size))
        && case.declared.iter().map(|size| u64::from(*size)).sum::<u64>() <= case.size;
    assert_eq!(check_packs(&declared, case.size).is_ok(), is_declarable);
    if let Err(error) = checked {
        return refused(error);
    }
    let written = serde_json::to_string(&case.manifest).expect("serializable");
    assert_eq!(serde_json::from_str::<PackManifest>(&written).expect("just written"), case.manifest);
    let named: HashSet<PackId> = stored_terms(&case.manifest).collect();
    let listed = case.manifest.stored_packs();
    assert!(listed.len() == named.len() && listed.iter().all(|pack| named.contains(pack)));
    if named.is_empty() {
        check_publishable(&case);
    }
    Verdict::Accepted
}

fn stored_terms(manifest: &PackManifest) -> impl Iterator<Item = PackId> {
    manifest.terms.iter().filter_map(|term| match term.pack {
        PackReference::Stored(pack) => Some(pack),
        PackReference::Sent(_) => None,
    })
}

/// What `PackManifest::check` promises, in wide integers and without shortcuts.
fn is_sound(case: &Case) -> bool {
    let Case { size, declared, manifest } = case;
    let sum = |lengths: &[u32]| lengths.iter().map(|length| u128::from(*length)).sum::<u128>();
    let are_packs = manifest.packs.len() == declared.len()
        && manifest.packs.iter().zip(declared).all(|(lengths, size)| {
            (1..=16_384).contains(&lengths.len())
                && lengths.iter().all(|length| (1..=65_536).contains(length))
                && sum(lengths) == u128::from(*size)
        });
    let are_terms = manifest.terms.iter().all(|term| {
        let end = u128::from(term.first_chunk) + u128::from(term.chunk_count);
        let is_bounded = term.chunk_count > 0 && end <= 16_384 && term.length <= 64 << 20;
        is_bounded
            && match term.pack {
                PackReference::Stored(_) => true,
                PackReference::Sent(number) => (1..).zip(&manifest.packs).any(|(at, lengths)| {
                    at == number
                        && end <= lengths.len() as u128
                        && sum(&lengths[term.first_chunk as usize..end as usize]) == u128::from(term.length)
                }),
            }
    });
    let named: HashSet<PackReference> = manifest.terms.iter().map(|term| term.pack).collect();
    let all_used = (1..=declared.len() as u32).all(|number| named.contains(&PackReference::Sent(number)));
    let total: u128 = manifest.terms.iter().map(|term| u128::from(term.length)).sum();
    are_packs && are_terms && named.len() <= 90 && all_used && total == u128::from(*size)
}

/// Terms of sent packs become a stored manifest without further checks.
fn check_publishable(case: &Case) {
    let mut terms = Vec::new();
    for term in &case.manifest.terms {
        let PackReference::Sent(number) = term.pack else { continue };
        let pack_id = PackId::from_bytes(u128::from(number).to_be_bytes());
        let term = Term {
            pack_id,
            first_chunk: term.first_chunk,
            chunk_count: term.chunk_count,
            raw_length_bytes: term.length,
        };
        append(&mut terms, term);
    }
    let manifest =
        Manifest::new(case.size, Sha256::of(b""), terms).expect("a checked manifest is publishable");
    assert_eq!(Manifest::decode(&manifest.encode()), Ok(manifest));
}
