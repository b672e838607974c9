//! Lists the objects of a bucket.

use aws_sdk_s3::types::EncodingType;
use percent_encoding::percent_decode_str;

use crate::bucket::Bucket;
use crate::call;
use crate::error::StorageError;
use crate::get::{ObjectHead, size, timestamp};

/// The most objects that a page lists.
pub const LIST_PAGE: i32 = 1000;

impl Bucket {
    /// One page of the objects with this key prefix, in the order of their keys, from after `after`. A page
    /// of fewer than [`LIST_PAGE`] objects is the last.
    pub async fn list_after(
        &self,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<Vec<(String, ObjectHead)>, StorageError> {
        let request = self.client.list_objects_v2().bucket(&self.name).prefix(prefix).max_keys(LIST_PAGE);
        // XML cannot carry every character that a key may have.
        let request = request.set_start_after(after.map(str::to_owned)).encoding_type(EncodingType::Url);
        let answer = call::read("s3:ListObjectsV2", request.send()).await?;
        let is_encoded = answer.encoding_type == Some(EncodingType::Url);
        let objects = answer.contents.unwrap_or_default().into_iter().map(|object| {
            let head = ObjectHead {
                size: size(object.size()),
                etag: object.e_tag().unwrap_or_default().to_owned(),
                modified_at: object.last_modified().map(timestamp),
                crc64: None,
            };
            let key = object.key.unwrap_or_default();
            (if is_encoded { decode(&key) } else { key }, head)
        });
        Ok(objects.collect())
    }
}

/// The key that a list has encoded for a URL. S3 writes a space as `+`, Ceph as `%20`.
fn decode(key: &str) -> String {
    percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_decoded_as_the_stores_encode_them() {
        for (encoded, key) in [
            ("a%01b/%1B%5B31m", "a\u{1}b/\u{1b}[31m"),
            ("a+b%20c%2Bd", "a b c+d"),
            ("100%2525", "100%25"),
            ("%E6%97%A5", "日"),
        ] {
            assert_eq!(decode(encoded), key);
        }
    }
}
