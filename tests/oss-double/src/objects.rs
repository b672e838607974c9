//! Answers requests that put, read or delete one object.

use http::{Method, StatusCode};
use http_body_util::BodyExt;
use sluice_s3_protocol::uri::Query;
use sluice_s3_protocol::{Failure, xml};

use crate::answer::{Answer, etag_of, forwarded, set_crc, written};
use crate::backing::{Call, read_text};
use crate::failure;
use crate::front::Front;
use crate::request::Request;
use crate::{crc, rules};

impl Front {
    /// `PutObject`. Assumes that the store's `ETag` is the MD5 of the body, as it is on every store without
    /// encryption.
    pub(crate) async fn put_object(&self, request: &Request) -> Result<Answer, Failure> {
        let bucket = &request.bucket;
        let key = request.key();
        let _writing = self.memory.lock(bucket, key).await;
        self.check_overwrite(request).await?;
        let response = self.backing.send(request.to_call_with_description()).await?;
        let crc = crc::of(&request.body);
        if let Some(etag) = etag_of(response.headers()) {
            self.memory.keep_crc(bucket, key, etag, crc);
        }
        self.memory.keep_storage_class(bucket, key, rules::storage_class(request)?);
        Ok(written(response.headers(), crc))
    }

    /// `GetObject` and `HeadObject`. The checksum is that of the whole object, even for a range.
    pub(crate) async fn read_object(&self, request: &Request) -> Result<Answer, Failure> {
        let class = self.memory.storage_class(&request.bucket, request.key());
        if request.method == Method::GET {
            check_readable(class.as_deref())?;
        }
        let response = self.backing.send(self.reading_call(request).await?).await?;
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(forwarded(response));
        }
        let etag = etag_of(response.headers()).map(str::to_owned);
        let mut answer = forwarded(response);
        if let Some(etag) = etag {
            let crc = self.whole_crc(&request.bucket, request.key(), &request.query, &etag).await?;
            set_crc(answer.headers_mut(), crc);
        }
        if let Some(class) = class {
            answer.headers_mut().insert("x-amz-storage-class", crate::forward::header_value(&class)?);
        }
        Ok(answer)
    }

    /// `DeleteObject`.
    pub(crate) async fn delete_object(&self, request: &Request) -> Result<Answer, Failure> {
        let bucket = &request.bucket;
        let key = request.key();
        let _writing = self.memory.lock(bucket, key).await;
        let response = self.backing.send(request.to_call()).await?;
        if !request.query.has("versionId") {
            self.memory.keep_storage_class(bucket, key, None);
        }
        Ok(forwarded(response))
    }

    /// Checks `x-oss-forbid-overwrite: true`, which OSS ignores in versioned buckets. The caller must hold
    /// the key's lock.
    pub(crate) async fn check_overwrite(&self, request: &Request) -> Result<(), Failure> {
        let forbids =
            request.header("x-oss-forbid-overwrite").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if !forbids || self.head(&request.bucket, request.key(), &Query::default()).await?.is_none() {
            return Ok(());
        }
        if self.keeps_versions(&request.bucket).await? {
            return Ok(());
        }
        let message = "the object you specified already exists and can not be overwritten.";
        Err(Failure::new(StatusCode::CONFLICT, "FileAlreadyExists", message))
    }

    /// Returns the checksum of an object: the one kept at its write, or one computed by reading it once.
    pub(crate) async fn whole_crc(
        &self,
        bucket: &str,
        key: &str,
        query: &Query,
        etag: &str,
    ) -> Result<u64, Failure> {
        if let Some(crc) = self.memory.crc(bucket, key, etag) {
            return Ok(crc);
        }
        let call = Call::new(Method::GET, bucket, Some(key), query.only("versionId"));
        let mut body = self.backing.send(call).await?.into_body();
        let mut digest = crc::start();
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame.map_err(|error| failure::backing(&error))?.into_data() {
                digest.update(&data);
            }
        }
        let crc = digest.finalize();
        self.memory.keep_crc(bucket, key, etag, crc);
        Ok(crc)
    }

    /// Whether the store's bucket is or was versioned. A store without versions has no such bucket.
    async fn keeps_versions(&self, bucket: &str) -> Result<bool, Failure> {
        let query = Query::from([("versioning", "")]);
        match self.backing.send(Call::new(Method::GET, bucket, None, query)).await {
            Ok(response) => Ok(xml::text(&read_text(response).await?, "Status")?.is_some()),
            Err(failure) if failure.status == StatusCode::NOT_IMPLEMENTED => Ok(false),
            Err(failure) => Err(failure),
        }
    }
}

/// Fails with 403 `InvalidObjectState` for an archived object, which must be restored before it is read.
pub(crate) fn check_readable(class: Option<&str>) -> Result<(), Failure> {
    match class {
        Some("GLACIER") => {
            Err(Failure::forbidden("InvalidObjectState", "the object is archived and was not restored"))
        }
        _ => Ok(()),
    }
}
