//! Answers copies of objects and of parts, which the store makes itself.

use http::{HeaderMap, HeaderValue, StatusCode};

use crate::answer::{self, Answer};
use crate::backing::{Call, read_text};
use crate::etag::{condition_for_store, to_oss};
use crate::failure::Failure;
use crate::forward::header_value;
use crate::front::Front;
use crate::memory::Part;
use crate::objects::check_readable;
use crate::request::{Request, parse_copy_source};
use crate::rules;
use crate::uri::encode_path;
use crate::xml;

/// Headers that are forwarded unchanged. Conditions on the `ETag` are translated.
const COPY_HEADERS: [&str; 4] = [
    "x-amz-copy-source-if-modified-since",
    "x-amz-copy-source-if-unmodified-since",
    "x-amz-copy-source-range",
    "x-amz-metadata-directive",
];

impl Front {
    /// `CopyObject` of an object of at most 1 GB.
    pub(crate) async fn copy_object(&self, request: &Request) -> Result<Answer, Failure> {
        let (call, head) = self.copying_call(request).await?;
        let size_bytes = head.get("content-length").and_then(|length| length.to_str().ok()?.parse().ok());
        if size_bytes.is_none_or(|size_bytes: u64| size_bytes > self.copy_object_max_bytes) {
            let message = "CopyObject copies objects of up to 1 GB; use UploadPartCopy for larger ones";
            return Err(Failure::bad("EntityTooLarge", message));
        }
        let _writing = self.memory.lock(&request.bucket, request.key()).await;
        self.check_overwrite(request).await?;
        let (text, headers) = self.send_copy(call).await?;
        self.memory.keep_storage_class(&request.bucket, request.key(), rules::storage_class(request)?);
        Ok(copied(&text, &headers))
    }

    /// `UploadPartCopy` of a range or of a whole object.
    pub(crate) async fn copy_part(&self, request: &Request) -> Result<Answer, Failure> {
        let upload_id = self.check_upload(request)?;
        let (call, _) = self.copying_call(request).await?;
        let (text, headers) = self.send_copy(call).await?;
        let etag_of_store = xml::text(&text, "ETag").unwrap_or_default();
        let part = Part { etag: to_oss(&etag_of_store), etag_of_store, crc_and_bytes: None };
        self.memory.keep_part(upload_id, rules::part_number(request)?, part);
        Ok(copied(&text, &headers))
    }

    /// Builds the request to the store, and reads the source's head.
    async fn copying_call(&self, request: &Request) -> Result<(Call, HeaderMap), Failure> {
        let (bucket, key, query) = parse_copy_source(request.header("x-amz-copy-source").unwrap_or(""))?;
        check_readable(self.memory.storage_class(&bucket, &key).as_deref())?;
        let head = self.head(&bucket, &key, &query).await?;
        let no_such_key = || Failure::new(StatusCode::NOT_FOUND, "NoSuchKey", "the source does not exist");
        let head = head.ok_or_else(no_such_key)?;
        let mut call = request.to_call_with_description();
        let version =
            query.get("versionId").map(|version| format!("?versionId={version}")).unwrap_or_default();
        let source = format!("{}{version}", encode_path(&format!("/{bucket}/{key}")));
        call.headers.insert("x-amz-copy-source", header_value(&source)?);
        for name in COPY_HEADERS {
            if let Some(value) = request.headers.get(name) {
                call.headers.insert(name, value.clone());
            }
        }
        for name in ["x-amz-copy-source-if-match", "x-amz-copy-source-if-none-match"] {
            if let Some(condition) = request.header(name) {
                let condition = condition_for_store(condition, answer::etag_of(&head));
                call.headers.insert(name, header_value(&condition)?);
            }
        }
        Ok((call, head))
    }

    /// Sends a copy. It may fail after its status 200 was sent; the body then contains the error.
    async fn send_copy(&self, call: Call) -> Result<(String, HeaderMap), Failure> {
        let response = self.backing.send(call).await?;
        let headers = response.headers().clone();
        let text = read_text(response).await?;
        if text.contains("<Error>") {
            let code = xml::text(&text, "Code").unwrap_or_else(|| "InternalError".to_owned());
            let message = xml::text(&text, "Message").unwrap_or_default();
            return Err(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, &code, message));
        }
        Ok((text, headers))
    }
}

fn copied(text: &str, headers: &HeaderMap) -> Answer {
    let mut answer = answer::xml(StatusCode::OK, xml::rewrite(text, "ETag", to_oss));
    for name in ["x-amz-version-id", "x-amz-copy-source-version-id"] {
        let value: Option<&HeaderValue> = headers.get(name);
        if let Some(value) = value {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    answer
}
