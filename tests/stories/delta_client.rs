//! A client of delta uploads, which cuts chunks itself and sends only those that the account does not have.

use sluice_contracts::files::VersionView;
use sluice_contracts::packs::{ManifestTerm, PackManifest, PackReference};
use sluice_contracts::uploads::{Completed, Completion, UploadPlan, UploadRequest};
use sluice_domain::chunk::{Chunk, Chunker};
use sluice_domain::hash::{ChunkId, Sha256};
use sluice_domain::id::{PackId, UploadId};
use sluice_domain::part_plan::UploadMethod;
use sluice_domain::path::FilePath;
use sluice_domain::upload::DeclaredPack;
use sluice_domain::version::Metadata;
use sluice_tests::Client;
use std::collections::HashMap;

/// Cuts bytes into chunks.
pub fn cut(content: &[u8]) -> Vec<Chunk> {
    let mut chunker = Chunker::new();
    let mut chunks = Vec::new();
    chunker.update(content, |chunk, _| chunks.push(chunk));
    chunker.finish(|chunk, _| chunks.push(chunk));
    chunks
}

/// A delta upload with at most one pack.
#[derive(Clone)]
pub struct Delta {
    pub path: FilePath,
    pub content: Vec<u8>,
    /// The new chunks, concatenated.
    pub pack: Vec<u8>,
    pub manifest: PackManifest,
}

impl Delta {
    /// Computes what to send so that `path` has `content`, given the plan of the file that is there.
    pub async fn against(user: &Client, file: &VersionView, base: &[u8], path: &str, content: &[u8]) -> Self {
        let plan = user.plan(file.file_id, "?detail=terms").await;
        let mut known = HashMap::new();
        let mut chunks = cut(base).into_iter();
        for term in plan.terms {
            let positions = term.first_chunk..term.first_chunk + term.chunk_count;
            for (position, chunk) in positions.zip(&mut chunks) {
                known.insert(chunk.id(), (term.pack_id, position));
            }
        }
        assert!(chunks.next().is_none(), "the terms say fewer chunks than the base has");
        Self::of(&known, path, content)
    }

    fn of(known: &HashMap<ChunkId, (PackId, u32)>, path: &str, content: &[u8]) -> Self {
        let mut pack = Vec::new();
        let mut lengths = Vec::new();
        let mut terms = Vec::new();
        let mut rest = content;
        for chunk in cut(content) {
            let length = chunk.length_bytes();
            let (bytes, after) = rest.split_at(length as usize);
            rest = after;
            let (pack, first_chunk) = if let Some((pack_id, position)) = known.get(&chunk.id()) {
                (PackReference::Stored(*pack_id), *position)
            } else {
                pack.extend_from_slice(bytes);
                lengths.push(length);
                (PackReference::Sent(1), lengths.len() as u32 - 1)
            };
            terms.push(ManifestTerm { pack, first_chunk, chunk_count: 1, length });
        }
        let packs = if lengths.is_empty() { Vec::new() } else { vec![lengths] };
        let path = FilePath::parse(path).expect("a path");
        Self { path, content: content.to_vec(), pack, manifest: PackManifest { packs, terms } }
    }

    /// The body of the request that begins the upload.
    pub fn request(&self) -> UploadRequest {
        let pack = DeclaredPack { size: self.pack.len() as u32, sha256: Sha256::of(&self.pack) };
        UploadRequest {
            path: self.path.clone(),
            size: self.content.len() as u64,
            sha256: Some(Sha256::of(&self.content)),
            sha1: None,
            content_type: None,
            metadata: Metadata::new(),
            part_size: None,
            packs: Some(if self.pack.is_empty() { Vec::new() } else { vec![pack] }),
            part_sha256: false,
        }
    }

    /// Begins the upload, sends the pack, and returns the answer to `POST /uploads`.
    pub async fn send(&self, user: &Client) -> UploadPlan {
        let plan = user.post("/uploads", &self.request()).await.plan();
        assert_eq!(plan.method, UploadMethod::Packs);
        for part in &plan.parts {
            let reply = user.put_part(part, self.pack.clone()).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
        plan
    }

    /// The body of the completion.
    pub fn completion(&self) -> Completion {
        Completion { parts: Vec::new(), sha256: None, manifest: Some(self.manifest.clone()) }
    }

    /// Sends and completes the upload.
    pub async fn upload(&self, user: &Client) -> UploadId {
        let upload_id = self.send(user).await.upload_id;
        user.complete(upload_id, &self.completion()).await.parse::<Completed>(202);
        upload_id
    }
}
