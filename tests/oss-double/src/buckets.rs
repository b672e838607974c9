//! Answers lists and deletions of many objects, and forwards unchanged requests.

use http::{HeaderMap, Method};

use crate::answer::{self, Answer, forwarded};
use crate::backing::read_text;
use crate::etag::to_oss;
use crate::failure::Failure;
use crate::front::Front;
use crate::request::Request;
use crate::xml;

impl Front {
    /// `ListObjects`, `ListObjectsV2` and `ListParts`: the store's answer with OSS's `ETag`s.
    pub(crate) async fn list(&self, request: &Request) -> Result<Answer, Failure> {
        if request.query.has("uploadId") {
            self.check_upload(request)?;
        }
        let response = self.backing.send(request.to_call()).await?;
        let status = response.status();
        let text = read_text(response).await?;
        Ok(answer::xml(status, xml::rewrite(&text, "ETag", to_oss)))
    }

    /// `DeleteObjects`. Its Content-MD5 has been checked and is forwarded, because stores may require it too.
    pub(crate) async fn delete_objects(&self, request: &Request) -> Result<Answer, Failure> {
        let answer = self.forward(request).await?;
        for object in xml::elements(&String::from_utf8_lossy(&request.body), "Object") {
            if let Some(key) = xml::text(object, "Key") {
                self.memory.keep_storage_class(&request.bucket, &key, None);
            }
        }
        Ok(answer)
    }

    /// Forwards a request that is the same on any store. Only the region of a new bucket is the store's own.
    pub(crate) async fn forward(&self, request: &Request) -> Result<Answer, Failure> {
        let mut call = request.to_call();
        if request.method == Method::PUT && call.query.to_canonical().is_empty() {
            call.body.clear();
        }
        let kept = ["content-md5", "content-type", "x-amz-acl"];
        let kept = kept.into_iter().filter_map(|name| Some((name, request.headers.get(name)?)));
        call.headers = kept.fold(HeaderMap::new(), |mut headers, (name, value)| {
            headers.insert(name, value.clone());
            headers
        });
        Ok(forwarded(self.backing.send(call).await?))
    }
}
