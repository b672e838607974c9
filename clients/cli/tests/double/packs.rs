//! The packs of the double, and its answers about plans and hooks.

use axum::body::{Body, Bytes};
use axum::http::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sluice_contracts::packs::{
    HooksFound, HooksLookup, PLAN_CHUNKS_MAX, PackIndexView, PackManifest, PackReference, Plan, PlanChunk,
    PlanObject, PlanTerm,
};
use sluice_contracts::problem::Code;
use sluice_domain::blob::Encoding;
use sluice_domain::chunk::Chunk;
use sluice_domain::content_pass::ContentPass;
use sluice_domain::hash::ChunkId;
use sluice_domain::id::PackId;
use sluice_domain::manifest::{Term, append};
use sluice_domain::pack_index::PackIndex;
use std::collections::BTreeMap;

use super::server::{json, problem};
use super::{World, never};

/// A longer index has to be read from the bucket.
const INLINE_MAX_CHUNKS: usize = 100;

pub struct Pack {
    pub bytes: Vec<u8>,
    pub index: PackIndex,
}

impl World {
    pub fn pack(&self, id: &str) -> &Pack {
        &self.packs[&id.parse::<PackId>().expect("an id")]
    }

    /// Cuts bytes into packs.
    pub fn adopt(&mut self, content: &[u8]) -> Vec<Term> {
        let mut pass = ContentPass::new();
        let mut drafts = pass.update(content);
        drafts.extend(pass.finish().1);
        let mut terms = Vec::new();
        for draft in drafts {
            let pack_id = PackId::from_bytes(self.next_bytes());
            let start = draft.offset_bytes() as usize;
            let bytes = content[start..start + draft.raw_length_bytes() as usize].to_vec();
            terms.push(draft.term(pack_id));
            self.packs.insert(pack_id, Pack { bytes, index: draft.into_index(pack_id) });
        }
        terms
    }

    /// Assembles a file from packs that were sent and packs that exist.
    pub fn assemble(
        &mut self,
        manifest: &PackManifest,
        received: &BTreeMap<u32, Vec<u8>>,
    ) -> (Vec<u8>, Vec<Term>) {
        let mut sent = Vec::new();
        for (lengths, bytes) in manifest.packs.iter().zip(received.values()) {
            let pack_id = PackId::from_bytes(self.next_bytes());
            let mut rest = &**bytes;
            let chunks = lengths.iter().map(|length| {
                let (bytes, after) = rest.split_at(*length as usize);
                rest = after;
                Chunk::new(ChunkId::of(bytes), *length).expect("a chunk")
            });
            let index = PackIndex::new(pack_id, chunks.collect()).expect("a pack");
            self.packs.insert(pack_id, Pack { bytes: bytes.clone(), index });
            sent.push(pack_id);
        }
        let mut content = Vec::new();
        let mut terms = Vec::new();
        for term in &manifest.terms {
            let pack_id = match term.pack {
                PackReference::Sent(number) => sent[number as usize - 1],
                PackReference::Stored(pack_id) => pack_id,
            };
            let pack = &self.packs[&pack_id];
            let range = pack.index.raw_range(term.first_chunk, term.chunk_count).expect("chunks of the pack");
            content.extend_from_slice(&pack.bytes[range.start as usize..range.end as usize]);
            let term = Term {
                pack_id,
                first_chunk: term.first_chunk,
                chunk_count: term.chunk_count,
                raw_length_bytes: term.length,
            };
            append(&mut terms, term);
        }
        (content, terms)
    }
}

/// Answers `GET /files/{file_id}/plan`.
pub fn plan(world: &World, file_id: &str, query: &str) -> Response<Body> {
    let parameters: BTreeMap<_, _> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let is_it = |version_id: &str| parameters.get("version") == Some(&version_id);
    let found = world
        .files
        .iter()
        .find(|file| file.file_id.to_string() == file_id && is_it(&file.version_id.to_string()));
    let Some(file) = found else { return problem(Code::NotFound) };
    let with_chunks = parameters["detail"] == "chunks";
    let begin: usize = parameters.get("cursor").map_or(0, |cursor| cursor.parse().expect("ours"));
    let page = if world.plan_chunks_max == 0 { PLAN_CHUNKS_MAX } else { world.plan_chunks_max };
    let end = if with_chunks { begin + page } else { usize::MAX };
    let mut terms = Vec::<PlanTerm>::new();
    let mut packs = Vec::new();
    let mut offset = 0;
    let mut number = 0;
    for term in &file.terms {
        let index = &world.packs[&term.pack_id].index;
        let mut opened = false;
        for position in term.first_chunk..term.first_chunk + term.chunk_count {
            let chunk = index.chunks()[position as usize];
            if (begin..end).contains(&number) {
                if !opened {
                    terms.push(plan_term(
                        index,
                        position,
                        offset,
                        with_chunks.then(|| object_of(&mut packs, index)),
                    ));
                    opened = true;
                }
                add_chunk(terms.last_mut().expect("opened"), chunk, with_chunks);
            }
            offset += u64::from(chunk.length_bytes());
            number += 1;
        }
    }
    let plan = Plan {
        version_id: file.version_id,
        size: file.content.len() as u64,
        sha256: file.sha256,
        objects: packs.into_iter().map(|pack_id| plan_object(world, pack_id)).collect(),
        terms,
        expires_at: never(),
        next_cursor: (end < number).then(|| end.to_string()),
    };
    json(200, &plan)
}

/// The number of the pack's object on the page.
fn object_of(packs: &mut Vec<PackId>, index: &PackIndex) -> u32 {
    let known = packs.iter().position(|pack_id| *pack_id == index.pack_id());
    let number = known.unwrap_or(packs.len());
    if known.is_none() {
        packs.push(index.pack_id());
    }
    number as u32
}

fn plan_object(world: &World, pack_id: PackId) -> PlanObject {
    let url = format!("{}/bucket/packs/{pack_id}?generation={}", world.url, world.url_generation);
    PlanObject { url, headers: BTreeMap::new() }
}

fn plan_term(index: &PackIndex, position: u32, offset: u64, object: Option<u32>) -> PlanTerm {
    let pack_id = index.pack_id();
    let start = index.raw_range(0, position).expect("chunks of the pack").end;
    PlanTerm {
        offset,
        length: 0,
        pack_id,
        first_chunk: position,
        chunk_count: 0,
        object,
        // `add_chunk` moves the end.
        range: object.map(|_| format!("bytes={start}-{start}")),
        encoding: Encoding::Raw,
        frames: Vec::new(),
        skip: 0,
        chunks: Vec::new(),
    }
}

fn add_chunk(term: &mut PlanTerm, chunk: Chunk, with_chunks: bool) {
    term.length += u64::from(chunk.length_bytes());
    term.chunk_count += 1;
    if with_chunks {
        term.chunks.push(PlanChunk { id: chunk.id(), length: chunk.length_bytes() });
        let range = term.range.take().expect("given");
        let first: u64 =
            range["bytes=".len()..].split('-').next().expect("a range").parse().expect("a number");
        term.range = Some(format!("bytes={first}-{}", first + term.length - 1));
    }
}

/// Answers `POST /lookups/hooks`.
pub fn look_up_hooks(world: &World, body: &Bytes) -> Response<Body> {
    let lookup: HooksLookup = serde_json::from_slice(body).expect("hooks");
    assert!(lookup.hooks.len() <= 100);
    let has_any = |pack: &&Pack| pack.index.chunks().iter().any(|chunk| lookup.hooks.contains(&chunk.id()));
    let view = |pack: &Pack| {
        let pack_id = pack.index.pack_id();
        let chunk_count = pack.index.chunks().len();
        let is_short = chunk_count <= INLINE_MAX_CHUNKS;
        let url = || format!("{}/bucket/indexes/{pack_id}?generation={}", world.url, world.url_generation);
        PackIndexView {
            pack_id,
            size: pack.bytes.len() as u64,
            chunk_count: chunk_count as u32,
            index_base64: is_short.then(|| BASE64.encode(pack.index.encode())),
            index_url: (!is_short).then(url),
        }
    };
    json(200, &HooksFound { packs: world.packs.values().filter(has_any).map(view).collect() })
}
