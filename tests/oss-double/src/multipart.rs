//! Answers requests of multipart uploads.

use axum::response::IntoResponse;
use http::StatusCode;
use quick_xml::escape::escape;
use serde::Deserialize;
use sluice_s3_protocol::uri::Query;
use sluice_s3_protocol::{Failure, xml};

use crate::answer::{self, Answer, etag_of, forwarded, set_crc, written};
use crate::backing::{read_result, read_text};
use crate::etag::{bare, to_oss};
use crate::failure;
use crate::forward::pick;
use crate::front::Front;
use crate::memory::{Part, PartChecksum, Upload};
use crate::request::Request;
use crate::{crc, rules};

/// The smallest size of every part but the last, in bytes.
const MIN_PART_BYTES: u64 = 100 << 10;

/// The body of `CompleteMultipartUpload`.
#[derive(Deserialize)]
struct Completion {
    #[serde(rename = "Part", default)]
    parts: Vec<ListedPart>,
}

#[derive(Deserialize)]
struct ListedPart {
    #[serde(rename = "PartNumber")]
    number: u16,
    #[serde(rename = "ETag")]
    etag: String,
}

impl Front {
    /// `CreateMultipartUpload`.
    pub(crate) async fn create_upload(&self, request: &Request) -> Result<Answer, Failure> {
        let text = read_text(self.backing.send(request.to_call_with_description()).await?).await?;
        let upload_id = xml::text(&text, "UploadId")?.unwrap_or_default();
        self.memory.begin_upload(&upload_id, rules::storage_class(request)?);
        Ok(answer::xml(StatusCode::OK, text))
    }

    /// `UploadPart`.
    pub(crate) async fn upload_part(&self, request: &Request) -> Result<Answer, Failure> {
        let upload_id = self.check_upload(request)?;
        let number = rules::part_number(request)?;
        let response = self.backing.send(request.to_call()).await?;
        let crc = crc::of(&request.body);
        let checksum = Some(PartChecksum { crc, size_bytes: request.body.len() as u64 });
        let etag_of_store = etag_of(response.headers()).unwrap_or_default().to_owned();
        let part = Part { etag: to_oss(&etag_of_store), etag_of_store, checksum };
        self.memory.keep_part(upload_id, number, part);
        Ok(written(response.headers(), crc))
    }

    /// `AbortMultipartUpload`.
    pub(crate) async fn abort_upload(&self, request: &Request) -> Result<Answer, Failure> {
        let upload_id = self.check_upload(request)?;
        let response = self.backing.send(request.to_call()).await?;
        self.memory.end_upload(upload_id);
        Ok(forwarded(response))
    }

    /// `CompleteMultipartUpload`. It reads the `ETag` with a HEAD afterwards, because not every store's
    /// answer has it.
    pub(crate) async fn complete_upload(&self, request: &Request) -> Result<Answer, Failure> {
        let bucket = &request.bucket;
        let key = request.key();
        let upload_id = self.check_upload(request)?;
        let listed = listed_parts(&request.body)?;
        let upload = self.memory.upload(upload_id);
        let crc = upload.as_ref().map_or(Ok(None), |upload| check_parts(&listed, upload))?;
        let _writing = self.memory.lock(bucket, key).await;
        self.check_overwrite(request).await?;
        let mut call = request.to_call();
        call.body = parts_for_store(&listed, upload.as_ref()).into();
        read_result(self.backing.send(call).await?).await?;
        self.memory.keep_storage_class(bucket, key, upload.and_then(|upload| upload.storage_class));
        self.memory.end_upload(upload_id);
        self.completed(bucket, key, crc).await
    }

    async fn completed(&self, bucket: &str, key: &str, crc: Option<u64>) -> Result<Answer, Failure> {
        let query = Query::default();
        let head = self.head(bucket, key, &query).await?.unwrap_or_default();
        let etag = etag_of(&head).unwrap_or("\"\"");
        if let Some(crc) = crc {
            self.memory.keep_crc(bucket, key, etag, crc);
        }
        let crc = self.whole_crc(bucket, key, &query, etag).await?;
        let location = format!("http://{bucket}.{}/{key}", self.settings.host_suffix);
        let etag = to_oss(etag);
        let mut answer = answer::xml(
            StatusCode::OK,
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CompleteMultipartUploadResult>\
                 <Location>{}</Location><Bucket>{bucket}</Bucket><Key>{}</Key><ETag>{}</ETag>\
                 </CompleteMultipartUploadResult>",
                escape(&location),
                escape(key),
                escape(&etag),
            ),
        );
        set_crc(answer.headers_mut(), crc);
        Ok((pick(&head, &["x-amz-version-id"]), answer).into_response())
    }

    /// Returns the upload's id. Fails if the upload was completed or aborted.
    pub(crate) fn check_upload<'a>(&self, request: &'a Request) -> Result<&'a str, Failure> {
        let upload_id = request.query.get("uploadId").unwrap_or("");
        if self.memory.is_ended(upload_id) { Err(failure::no_such_upload()) } else { Ok(upload_id) }
    }
}

/// Parses the parts of a completion.
fn listed_parts(body: &[u8]) -> Result<Vec<ListedPart>, Failure> {
    let parts = xml::parse::<Completion>(body)?.parts;
    if parts.is_empty() {
        return Err(Failure::bad("MalformedXML", "the body must list parts with number and ETag"));
    }
    if parts.iter().any(|part| !(1..=10_000).contains(&part.number)) {
        return Err(failure::invalid_argument("part numbers must be 1 to 10000"));
    }
    if parts.is_sorted_by(|first, second| first.number < second.number) {
        return Ok(parts);
    }
    Err(Failure::bad("InvalidPartOrder", "parts must be listed in ascending order"))
}

/// Compares the listed parts with the uploaded ones. Returns the checksum of all, if each is known.
fn check_parts(listed: &[ListedPart], upload: &Upload) -> Result<Option<u64>, Failure> {
    let mut whole = Some(0);
    for (index, ListedPart { number, etag }) in listed.iter().enumerate() {
        let part = upload.parts.get(number).filter(|part| bare(&part.etag) == bare(etag));
        let invalid =
            || Failure::bad("InvalidPart", format!("part {number} was not uploaded with this ETag"));
        let part = part.ok_or_else(invalid)?;
        let is_last = index + 1 == listed.len();
        if !is_last && part.checksum.is_some_and(|known| known.size_bytes < MIN_PART_BYTES) {
            return Err(Failure::bad("EntityTooSmall", "every part but the last must have at least 100 KiB"));
        }
        let with = |(whole, next): (u64, PartChecksum)| crc::combine(whole, next.crc, next.size_bytes);
        whole = whole.zip(part.checksum).map(with);
    }
    Ok(whole)
}

/// Builds the completion with the store's `ETag`s. Those of an upload that was not started here are assumed
/// to be MD5s.
fn parts_for_store(listed: &[ListedPart], upload: Option<&Upload>) -> String {
    let part = |ListedPart { number, etag }: &ListedPart| {
        let known = upload.and_then(|upload| upload.parts.get(number));
        let etag = known.map_or_else(|| etag.to_ascii_lowercase(), |part| part.etag_of_store.clone());
        let etag = escape(bare(&etag));
        format!("<Part><PartNumber>{number}</PartNumber><ETag>&quot;{etag}&quot;</ETag></Part>")
    };
    let parts: String = listed.iter().map(part).collect();
    let namespace = "http://s3.amazonaws.com/doc/2006-03-01/";
    format!("<CompleteMultipartUpload xmlns=\"{namespace}\">{parts}</CompleteMultipartUpload>")
}
