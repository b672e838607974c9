//! Follows an upload through the API, as a second client.

use std::time::Duration;

use reqwest::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::sleep;

use crate::narrator::{Failure, Narrator};

const POLL_INTERVAL: Duration = Duration::from_millis(30);

#[derive(Deserialize)]
struct Session {
    token: String,
}

#[derive(Deserialize)]
struct UploadList {
    uploads: Vec<Upload>,
}

#[derive(Deserialize)]
struct Upload {
    #[serde(rename = "upload_id")]
    id: String,
    path: String,
    state: String,
    reason: Option<String>,
    method: String,
    part_size: u64,
    part_count: u32,
    #[serde(default)]
    received: Vec<serde::de::IgnoredAny>,
}

/// A logged-in client that only reads.
pub struct Watcher {
    client: Client,
    api: String,
    token: String,
}

impl Watcher {
    pub async fn log_in(api: &str, username: &str, password: &str) -> Result<Self, Failure> {
        let client = Client::builder().no_proxy().build()?;
        let credentials = serde_json::json!({ "username": username, "password": password });
        let answer = client.post(format!("{api}/sessions")).json(&credentials).send().await?;
        let session: Session = answer.error_for_status()?.json().await?;
        Ok(Self { client, api: api.to_owned(), token: session.token })
    }

    /// Prints each stage of the upload to `path` when it begins, until its version is available.
    pub async fn follow(&self, path: &str, narrator: &Narrator) -> Result<(), Failure> {
        let begun = self.wait_for_upload(path).await?;
        let Upload { method, part_count, part_size, .. } = &begun;
        let sizes = match &**method {
            "packs" => format!("{part_count} packs of the chunks that are new"),
            _ => format!("{part_count} parts of {} MiB", part_size >> 20),
        };
        narrator.print("init-upload", &format!("{sizes}, URLs signed, quota reserved"));
        let mut seen = (String::new(), 0);
        loop {
            let upload: Upload = self.get(&format!("/uploads/{}", begun.id)).await?;
            if upload.received.len() > seen.1 {
                let received =
                    format!("{} of {} parts have arrived", upload.received.len(), upload.part_count);
                narrator.print("landing bucket", &received);
            }
            if upload.state != seen.0 {
                match upload.state.as_str() {
                    "open" => {}
                    "pending" => {
                        narrator
                            .print("complete-upload", "everything arrived, version pending, worker notified");
                    }
                    "available" => {
                        narrator
                            .print("dedup-upload", "every byte hashed and in the vault, version available");
                        return Ok(());
                    }
                    ended => {
                        let reason = upload.reason.unwrap_or_else(|| "no reason given".to_owned());
                        return Err(format!("the upload was {ended}: {reason}").into());
                    }
                }
            }
            seen = (upload.state, upload.received.len());
            sleep(POLL_INTERVAL).await;
        }
    }

    async fn wait_for_upload(&self, path: &str) -> Result<Upload, Failure> {
        loop {
            let list: UploadList = self.get("/uploads").await?;
            if let Some(upload) =
                list.uploads.into_iter().find(|upload| upload.path.trim_start_matches('/') == path)
            {
                return Ok(upload);
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let request = self.client.get(format!("{}{path}", self.api)).bearer_auth(&self.token);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }
}
