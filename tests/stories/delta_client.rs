//! A client of delta uploads, which cuts chunks itself and sends only those that the account does not have.

use serde_json::{Value, json};
use sluice_domain::chunk::{Chunk, Chunker};
use sluice_domain::hash::{ChunkId, Sha256};
use sluice_tests::{Client, text};
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
pub struct Delta {
    pub path: String,
    pub content: Vec<u8>,
    /// The new chunks, concatenated.
    pub pack: Vec<u8>,
    pub manifest: Value,
}

impl Delta {
    /// Computes what to send so that `path` has `content`, given the plan of the file that is there.
    pub async fn against(user: &Client, file: &Value, base: &[u8], path: &str, content: &[u8]) -> Self {
        let plan =
            user.get(&format!("/files/{}/plan?detail=terms", text(&file["file_id"]))).await.expect(200);
        let mut known: HashMap<ChunkId, (String, u64)> = HashMap::new();
        let mut chunks = cut(base).into_iter();
        for term in plan["terms"].as_array().expect("terms") {
            let first = term["first_chunk"].as_u64().expect("a number");
            let count = term["chunk_count"].as_u64().expect("a number");
            for (position, chunk) in (first..first + count).zip(&mut chunks) {
                known.insert(chunk.id(), (text(&term["pack_id"]).to_owned(), position));
            }
        }
        assert!(chunks.next().is_none(), "the terms say fewer chunks than the base has");
        Self::of(&known, path, content)
    }

    fn of(known: &HashMap<ChunkId, (String, u64)>, path: &str, content: &[u8]) -> Self {
        let mut pack = Vec::new();
        let mut lengths = Vec::new();
        let mut terms = Vec::new();
        let mut offset = 0;
        for chunk in cut(content) {
            let length = chunk.length_bytes() as usize;
            let (reference, position) = if let Some((pack_id, position)) = known.get(&chunk.id()) {
                (json!(pack_id), *position)
            } else {
                pack.extend_from_slice(&content[offset..offset + length]);
                lengths.push(length);
                (json!(1), lengths.len() as u64 - 1)
            };
            terms.push(
                json!({ "pack": reference, "first_chunk": position, "chunk_count": 1, "length": length }),
            );
            offset += length;
        }
        let packs = if lengths.is_empty() { json!([]) } else { json!([lengths]) };
        let manifest = json!({ "packs": packs, "terms": terms });
        Self { path: path.to_owned(), content: content.to_vec(), pack, manifest }
    }

    /// The body of the request that begins the upload.
    pub fn request(&self) -> Value {
        let pack = json!({ "size": self.pack.len(), "sha256": Sha256::of(&self.pack).to_string() });
        let packs = if self.pack.is_empty() { json!([]) } else { json!([pack]) };
        let sha256 = Sha256::of(&self.content).to_string();
        json!({ "path": self.path, "size": self.content.len(), "sha256": sha256, "packs": packs })
    }

    /// Begins the upload, sends the pack, and returns the answer to `POST /uploads`.
    pub async fn send(&self, user: &Client) -> Value {
        let plan = user.post("/uploads", &self.request()).await.expect(201);
        assert_eq!(plan["method"], "packs");
        for part in plan["parts"].as_array().expect("parts") {
            let reply = user.put_part(part, self.pack.clone()).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
        plan
    }

    /// The body of the completion.
    pub fn completion(&self) -> Value {
        json!({ "parts": [], "manifest": self.manifest })
    }

    /// Sends and completes the upload, and returns its path in the API.
    pub async fn upload(&self, user: &Client) -> String {
        let plan = self.send(user).await;
        let path = format!("/uploads/{}", text(&plan["upload_id"]));
        user.post(&format!("{path}/complete"), &self.completion()).await.expect(202);
        path
    }
}
