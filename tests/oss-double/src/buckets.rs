//! Answers lists and deletions of many objects, and forwards unchanged requests.

use http::Method;
use serde::Deserialize;
use sluice_s3_protocol::{Failure, xml};

use crate::answer::{Answer, forwarded, forwarded_xml};
use crate::backing::read_text;
use crate::forward::pick;
use crate::front::Front;
use crate::request::Request;

/// The body of `DeleteObjects`.
#[derive(Deserialize)]
struct Deletion {
    #[serde(rename = "Object", default)]
    objects: Vec<DeletedObject>,
}

#[derive(Deserialize)]
struct DeletedObject {
    #[serde(rename = "Key")]
    key: String,
}

impl Front {
    /// `ListObjects`, `ListObjectsV2` and `ListParts`: the store's answer with OSS's `ETag`s.
    pub(crate) async fn list(&self, request: &Request) -> Result<Answer, Failure> {
        if request.query.has("uploadId") {
            self.check_upload(request)?;
        }
        let response = self.backing.send(request.to_call()).await?;
        let status = response.status();
        forwarded_xml(status, &read_text(response).await?)
    }

    /// `DeleteObjects`. Its Content-MD5 has been checked and is forwarded, because stores may require it too.
    pub(crate) async fn delete_objects(&self, request: &Request) -> Result<Answer, Failure> {
        let deletion: Deletion = xml::parse(&request.body)?;
        let answer = self.forward(request).await?;
        for object in &deletion.objects {
            self.memory.keep_storage_class(&request.bucket, &object.key, None);
        }
        Ok(answer)
    }

    /// Forwards a request that is the same on any store. Only the region of a new bucket is the store's own.
    pub(crate) async fn forward(&self, request: &Request) -> Result<Answer, Failure> {
        let mut call = request.to_call();
        if request.method == Method::PUT && call.query.to_canonical().is_empty() {
            call.body.clear();
        }
        call.headers = pick(&request.headers, &["content-md5", "content-type", "x-amz-acl"]);
        Ok(forwarded(self.backing.send(call).await?))
    }
}
