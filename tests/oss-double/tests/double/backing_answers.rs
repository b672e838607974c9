//! Answers of the store in memory.

use bytes::Bytes;
use http::header::{CONTENT_RANGE, ETAG};
use http::{HeaderValue, Method};
use md5::{Digest, Md5};
use std::fmt::Write as _;

use crate::backing::{Answer, Call, Object, State, answer, error};

impl State {
    pub fn dispatch(&mut self, call: &Call) -> Answer {
        let of_object = call.path.trim_start_matches('/').contains('/');
        match (call.method.as_str(), of_object, call.parameter("uploadId")) {
            ("GET", false, _) if call.parameter("versioning").is_some() => self.versioning(call),
            ("GET", false, _) => self.list(call),
            ("POST", false, _) => self.delete_listed(call),
            (_, false, _) => answer(200, ""),
            ("PUT", true, Some(upload_id)) => self.put_part(call, upload_id),
            ("PUT", true, None) => self.put_object(call),
            ("GET", true, Some(upload_id)) => self.list_parts(upload_id),
            ("POST", true, Some(upload_id)) => {
                let body = String::from_utf8_lossy(&call.body).into_owned();
                // Like an old Ceph, its answer has no ETag.
                let done = self.complete(&call.path, upload_id, &body);
                done.map_or_else(
                    || error(404, "NoSuchUpload"),
                    |_| answer(200, "<CompleteMultipartUploadResult/>"),
                )
            }
            ("POST", true, None) => {
                let upload_id = self.begin_upload(call.description());
                created(&upload_id)
            }
            ("DELETE", true, Some(upload_id)) => {
                self.uploads.remove(upload_id);
                answer(204, "")
            }
            ("DELETE", true, None) => {
                self.objects.remove(&call.path);
                answer(204, "")
            }
            _ => self.read(call),
        }
    }

    fn versioning(&self, call: &Call) -> Answer {
        let status = if self.versioned.contains(&call.path) { "<Status>Enabled</Status>" } else { "" };
        answer(200, format!("<VersioningConfiguration>{status}</VersioningConfiguration>"))
    }

    fn list(&self, call: &Call) -> Answer {
        let bucket = format!("{}/", call.path);
        let prefix = call.parameter("prefix").unwrap_or("");
        let mut text = "<ListBucketResult><IsTruncated>false</IsTruncated>".to_owned();
        for (path, object) in &self.objects {
            let Some(key) = path.strip_prefix(&bucket).filter(|key| key.starts_with(prefix)) else {
                continue;
            };
            let (etag, size) = (object.etag.replace('"', "&quot;"), object.bytes.len());
            let _ =
                write!(text, "<Contents><Key>{key}</Key><ETag>{etag}</ETag><Size>{size}</Size></Contents>");
        }
        answer(200, text + "</ListBucketResult>")
    }

    fn list_parts(&self, upload_id: &str) -> Answer {
        let Some((_, parts)) = self.uploads.get(upload_id) else { return error(404, "NoSuchUpload") };
        let mut text = "<ListPartsResult>".to_owned();
        for (number, part) in parts {
            let etag = hex::encode(Md5::digest(part));
            let _ =
                write!(text, "<Part><PartNumber>{number}</PartNumber><ETag>&quot;{etag}&quot;</ETag></Part>");
        }
        answer(200, text + "</ListPartsResult>")
    }

    fn delete_listed(&mut self, call: &Call) -> Answer {
        let body = String::from_utf8_lossy(&call.body).into_owned();
        for key in body.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>")) {
            self.objects.remove(&format!("{}/{}", call.path, key.0));
        }
        answer(200, "<DeleteResult/>")
    }

    fn put_object(&mut self, call: &Call) -> Answer {
        let Some(source) = self.copied_bytes(call) else { return error(404, "NoSuchKey") };
        let is_copy = call.header("x-amz-copy-source").is_some();
        let etag = self.put(&call.path, source, call.description());
        let mut done = answer(200, if is_copy { copied("CopyObjectResult", &etag) } else { String::new() });
        done.headers_mut().insert(ETAG, etag.parse().unwrap());
        done
    }

    fn put_part(&mut self, call: &Call, upload_id: &str) -> Answer {
        let Some(part) = self.copied_bytes(call) else { return error(404, "NoSuchKey") };
        let digest = hex::encode(Md5::digest(&part));
        let Some((_, parts)) = self.uploads.get_mut(upload_id) else { return error(404, "NoSuchUpload") };
        parts.insert(call.parameter("partNumber").unwrap().parse().unwrap(), part);
        if call.header("x-amz-copy-source").is_some() {
            // Like SeaweedFS, the ETag of a copied part is not its MD5.
            return answer(200, copied("CopyPartResult", &format!("\"{digest}-1\"")));
        }
        let mut done = answer(200, "");
        done.headers_mut().insert(ETAG, format!("\"{digest}\"").parse().unwrap());
        done
    }

    /// The bytes of a copy's source, or the body if it is not a copy.
    fn copied_bytes(&self, call: &Call) -> Option<Bytes> {
        let Some(source) = call.header("x-amz-copy-source") else { return Some(call.body.clone()) };
        let source = percent_encoding::percent_decode_str(source).decode_utf8_lossy().into_owned();
        let bytes = self.objects.get(&source)?.bytes.clone();
        let range = call.header("x-amz-copy-source-range").and_then(|range| parse_range(range, bytes.len()));
        Some(range.map_or(bytes.clone(), |range| bytes.slice(range)))
    }

    fn read(&self, call: &Call) -> Answer {
        let Some(object) = self.objects.get(&call.path) else { return error(404, "NoSuchKey") };
        if call.header("if-match").is_some_and(|etag| etag != object.etag && etag != "*") {
            return error(412, "PreconditionFailed");
        }
        if call.header("if-none-match").is_some_and(|etag| etag == object.etag) {
            return with_head(answer(304, ""), object);
        }
        let range = call.header("range").and_then(|range| parse_range(range, object.bytes.len()));
        let body = range.clone().map_or(object.bytes.clone(), |range| object.bytes.slice(range));
        let mut read = with_head(answer(if range.is_some() { 206 } else { 200 }, body), object);
        if let Some(range) = range {
            let text = format!("bytes {}-{}/{}", range.start, range.end - 1, object.bytes.len());
            read.headers_mut().insert(CONTENT_RANGE, text.parse().unwrap());
        }
        if let Some(disposition) = call.parameter("response-content-disposition") {
            read.headers_mut().insert("content-disposition", disposition.parse().unwrap());
        }
        if call.method == Method::HEAD {
            read.headers_mut().insert("content-length", HeaderValue::from(object.bytes.len()));
        }
        read
    }
}

fn with_head(mut answer: Answer, object: &Object) -> Answer {
    answer.headers_mut().extend(object.headers.clone());
    answer.headers_mut().insert(ETAG, object.etag.parse().unwrap());
    answer.headers_mut().insert("x-amz-checksum-crc32", HeaderValue::from_static("AAAAAA=="));
    answer
}

fn created(upload_id: &str) -> Answer {
    let element = "InitiateMultipartUploadResult";
    answer(200, format!("<{element}><UploadId>{upload_id}</UploadId></{element}>"))
}

fn copied(element: &str, etag: &str) -> String {
    let etag = etag.replace('"', "&quot;");
    format!("<{element}><ETag>{etag}</ETag></{element}>")
}

fn parse_range(range: &str, length: usize) -> Option<std::ops::Range<usize>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let last = last.parse().map_or(length, |last: usize| (last + 1).min(length));
    Some(first.parse().ok()?..last)
}
