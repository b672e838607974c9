//! Answers copies of objects and of parts, which the store makes itself.

use axum::response::IntoResponse;
use http::{HeaderMap, StatusCode};
use sluice_s3_protocol::uri::encode_path;
use sluice_s3_protocol::{Failure, xml};

use crate::answer::{Answer, etag_of, forwarded_xml};
use crate::backing::{Call, read_result};
use crate::etag::{condition_for_store, to_oss};
use crate::forward::{header_value, pick};
use crate::front::Front;
use crate::memory::Part;
use crate::objects::check_readable;
use crate::request::{CopySource, Request, parse_copy_source};
use crate::rules;

/// Headers that are forwarded unchanged. Conditions on the `ETag` are translated.
const COPY_HEADERS: [&str; 4] = [
    "x-amz-copy-source-if-modified-since",
    "x-amz-copy-source-if-unmodified-since",
    "x-amz-copy-source-range",
    "x-amz-metadata-directive",
];

/// The store's answer to a copy.
struct Copied {
    etag_of_store: String,
    answer: Answer,
}

impl Front {
    /// `CopyObject` of an object of at most 1 GB.
    pub(crate) async fn copy_object(&self, request: &Request) -> Result<Answer, Failure> {
        let (call, head) = self.copying_call(request).await?;
        let size_bytes = head.get("content-length").and_then(|length| length.to_str().ok()?.parse().ok());
        if size_bytes.is_none_or(|size_bytes: u64| size_bytes > self.settings.copy_object_max_bytes) {
            let message = "CopyObject copies objects of up to 1 GB; use UploadPartCopy for larger ones";
            return Err(Failure::bad("EntityTooLarge", message));
        }
        let _writing = self.memory.lock(&request.bucket, request.key()).await;
        self.check_overwrite(request).await?;
        let copied = self.send_copy(call).await?;
        self.memory.keep_storage_class(&request.bucket, request.key(), rules::storage_class(request)?);
        Ok(copied.answer)
    }

    /// `UploadPartCopy` of a range or of a whole object.
    pub(crate) async fn copy_part(&self, request: &Request) -> Result<Answer, Failure> {
        let upload_id = self.check_upload(request)?;
        let (call, _) = self.copying_call(request).await?;
        let Copied { etag_of_store, answer } = self.send_copy(call).await?;
        let part = Part { etag: to_oss(&etag_of_store), etag_of_store, checksum: None };
        self.memory.keep_part(upload_id, rules::part_number(request)?, part);
        Ok(answer)
    }

    /// Builds the request to the store, and reads the source's head.
    async fn copying_call(&self, request: &Request) -> Result<(Call, HeaderMap), Failure> {
        let source = parse_copy_source(request.header("x-amz-copy-source").unwrap_or(""))?;
        let CopySource { bucket, key, query } = source;
        check_readable(self.memory.storage_class(&bucket, &key).as_deref())?;
        let head = self.head(&bucket, &key, &query).await?;
        let no_such_key = || Failure::new(StatusCode::NOT_FOUND, "NoSuchKey", "the source does not exist");
        let head = head.ok_or_else(no_such_key)?;
        let mut call = request.to_call_with_description();
        let version =
            query.get("versionId").map(|version| format!("?versionId={version}")).unwrap_or_default();
        let source = format!("{}{version}", encode_path(&format!("/{bucket}/{key}")));
        call.headers.insert("x-amz-copy-source", header_value(&source)?);
        call.headers.extend(pick(&request.headers, &COPY_HEADERS));
        for name in ["x-amz-copy-source-if-match", "x-amz-copy-source-if-none-match"] {
            if let Some(condition) = request.header(name) {
                let condition = condition_for_store(condition, etag_of(&head));
                call.headers.insert(name, header_value(&condition)?);
            }
        }
        Ok((call, head))
    }

    async fn send_copy(&self, call: Call) -> Result<Copied, Failure> {
        let response = self.backing.send(call).await?;
        let versions = pick(response.headers(), &["x-amz-version-id", "x-amz-copy-source-version-id"]);
        let text = read_result(response).await?;
        let etag_of_store = xml::text(&text, "ETag")?.unwrap_or_default();
        let answer = forwarded_xml(StatusCode::OK, &text)?;
        Ok(Copied { etag_of_store, answer: (versions, answer).into_response() })
    }
}
