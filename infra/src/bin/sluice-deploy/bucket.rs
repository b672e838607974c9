//! Creates, fills, empties and deletes buckets.

use std::path::PathBuf;

use aws_sdk_s3::operation::head_bucket::HeadBucketError;
use aws_sdk_s3::operation::head_bucket::builders::HeadBucketFluentBuilder;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, Delete, ObjectIdentifier};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::aws::{Aws, Refused, refused};
use crate::target::Outcome;

/// Requests at a time: enough to fill most connections.
const UPLOADS_AT_ONCE: usize = 6;
/// The region that S3 refuses to be told.
const FIRST_REGION: &str = "us-east-1";

/// A bucket of the stage's account. Every call but the creation names the owner, because anybody could have
/// taken the name in an account of their own.
pub(crate) struct Bucket<'a> {
    pub(crate) aws: &'a Aws,
    pub(crate) name: &'a str,
}

/// A file that becomes an object.
pub(crate) struct Upload {
    pub(crate) key: String,
    pub(crate) path: PathBuf,
    pub(crate) cache_control: Option<&'static str>,
}

impl Bucket<'_> {
    /// Whether the bucket exists and the caller may use it.
    pub(crate) async fn is_usable(&self) -> bool {
        self.head().send().await.is_ok()
    }

    pub(crate) async fn exists(&self) -> Result<bool, Refused> {
        match self.head().send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(HeadBucketError::is_not_found) => Ok(false),
            Err(error) => Err(refused("s3 head-bucket")(error)),
        }
    }

    fn head(&self) -> HeadBucketFluentBuilder {
        self.aws.objects.head_bucket().bucket(self.name).expected_bucket_owner(&self.aws.account)
    }

    pub(crate) async fn create(&self) -> Result<(), Refused> {
        let region = self.aws.region.as_str();
        let elsewhere = (region != FIRST_REGION).then(|| {
            let constraint = BucketLocationConstraint::from(region);
            CreateBucketConfiguration::builder().location_constraint(constraint).build()
        });
        let create = self.aws.objects.create_bucket().bucket(self.name);
        let created = create.set_create_bucket_configuration(elsewhere).send().await;
        created.map(drop).map_err(refused("s3 create-bucket"))
    }

    /// The keys that begin with the prefix.
    pub(crate) async fn keys(&self, prefix: &str) -> Result<Vec<String>, Refused> {
        let list = self.aws.objects.list_objects_v2().bucket(self.name).prefix(prefix);
        let list = list.expected_bucket_owner(&self.aws.account);
        let pages = list.into_paginator().send().try_collect().await;
        let pages = pages.map_err(refused("s3 list-objects-v2"))?;
        let objects = pages.into_iter().flat_map(|page| page.contents.unwrap_or_default());
        Ok(objects.filter_map(|object| object.key).collect())
    }

    pub(crate) async fn put(&self, key: &str, body: String) -> Result<(), Refused> {
        let body = ByteStream::from(body.into_bytes());
        let put = self.put_object(key.to_owned()).body(body).send().await;
        put.map(drop).map_err(refused("s3 put-object"))
    }

    fn put_object(&self, key: String) -> PutObjectFluentBuilder {
        let put = self.aws.objects.put_object().bucket(self.name).key(key);
        put.expected_bucket_owner(&self.aws.account)
    }

    /// Uploads files, several at a time.
    pub(crate) async fn upload(&self, uploads: Vec<Upload>) -> Outcome {
        let uploads = stream::iter(uploads).map(|upload| self.upload_one(upload));
        uploads.buffer_unordered(UPLOADS_AT_ONCE).try_collect().await
    }

    async fn upload_one(&self, upload: Upload) -> Outcome {
        let body = ByteStream::from_path(&upload.path).await;
        let body = body.map_err(|error| format!("{}: {error}", upload.path.display()))?;
        let content_type = mime_guess::from_path(&upload.path).first_raw().map(str::to_owned);
        let put = self.put_object(upload.key).body(body).set_content_type(content_type);
        let put = put.set_cache_control(upload.cache_control.map(str::to_owned));
        put.send().await.map_err(refused("s3 put-object"))?;
        Ok(())
    }

    /// Deletes these objects.
    pub(crate) async fn delete_objects(&self, keys: Vec<String>) -> Outcome {
        let object = |key| ObjectIdentifier::builder().key(key).build();
        self.delete_identified(keys.into_iter().map(object).collect::<Result<_, _>>()?).await
    }

    async fn delete_identified(&self, objects: Vec<ObjectIdentifier>) -> Outcome {
        // One request deletes at most a thousand.
        for objects in objects.chunks(1000) {
            let objects = Delete::builder().set_objects(Some(objects.to_vec())).build()?;
            let delete = self.aws.objects.delete_objects().bucket(self.name).delete(objects);
            let deleted = delete.expected_bucket_owner(&self.aws.account).send().await;
            if let Some(error) = deleted.map_err(refused("s3 delete-objects"))?.errors().first() {
                let key = error.key().unwrap_or_default();
                let reason = error.message().unwrap_or_default();
                return Err(format!("deleting {key} of {}: {reason}", self.name).into());
            }
        }
        Ok(())
    }

    /// Deletes page after page, so that a large bucket neither fills the memory nor is left whole by a
    /// failure. Former versions too, which a bucket with versioning keeps.
    pub(crate) async fn delete_all_objects(&self) -> Outcome {
        let list = self.aws.objects.list_object_versions().bucket(self.name);
        let list = list.expected_bucket_owner(&self.aws.account);
        // The first page, until there is none: what is left begins the next list.
        loop {
            let page = list.clone().send().await.map_err(refused("s3 list-object-versions"))?;
            let versions = page.versions().iter().map(|version| (version.key(), version.version_id()));
            let markers = page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
            let object = |(key, version): (Option<&str>, Option<&str>)| {
                let object = ObjectIdentifier::builder().key(key.unwrap_or_default());
                object.set_version_id(version.map(str::to_owned)).build()
            };
            let objects: Vec<_> = versions.chain(markers).map(object).collect::<Result<_, _>>()?;
            if objects.is_empty() {
                return Ok(());
            }
            self.delete_identified(objects).await?;
        }
    }

    /// Deletes the bucket with all its objects.
    pub(crate) async fn delete(&self) -> Outcome {
        self.delete_all_objects().await?;
        Ok(self.delete_empty().await?)
    }

    async fn delete_empty(&self) -> Result<(), Refused> {
        let delete = self.aws.objects.delete_bucket().bucket(self.name);
        let deleted = delete.expected_bucket_owner(&self.aws.account).send().await;
        deleted.map(drop).map_err(refused("s3 delete-bucket"))
    }
}

#[cfg(test)]
mod tests {
    use super::Bucket;
    use crate::aws::Aws;
    use aws_config::retry::RetryConfig;
    use aws_config::{BehaviorVersion, Region};
    use aws_sdk_s3::config::Credentials;
    use std::sync::{Arc, Mutex};
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpListener;

    /// Refuses every request, and remembers its head.
    async fn refuse(listener: TcpListener, heads: Arc<Mutex<Vec<String>>>) {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if stream.read_line(&mut head).await.expect("a line") == 0 {
                    break;
                }
            }
            heads.lock().expect("a lock").push(head.to_lowercase());
            let refusal = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.get_mut().write_all(refusal.as_bytes()).await.expect("written");
        }
    }

    async fn aws(endpoint: &str) -> Aws {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .endpoint_url(endpoint)
            .load()
            .await;
        let objects = aws_sdk_s3::config::Builder::from(&config).force_path_style(true);
        Aws {
            cloudformation: aws_sdk_cloudformation::Client::new(&config),
            tables: aws_sdk_dynamodb::Client::new(&config),
            objects: aws_sdk_s3::Client::from_conf(objects.build()),
            quotas: aws_sdk_servicequotas::Client::new(&config),
            account: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: Some(endpoint.to_owned()),
            partition: "aws".to_owned(),
        }
    }

    /// Anybody can take the name of the artifact bucket before its owner does.
    #[tokio::test]
    async fn every_call_names_the_expected_owner() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let heads = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(refuse(listener, heads.clone()));

        let aws = aws(&endpoint).await;
        let bucket = Bucket { aws: &aws, name: "sluice-artifacts" };
        assert!(!bucket.is_usable().await);
        assert!(bucket.exists().await.is_err());
        assert!(bucket.keys("").await.is_err());
        assert!(bucket.put("key", String::new()).await.is_err());
        assert!(bucket.delete_objects(vec!["key".to_owned()]).await.is_err());
        assert!(bucket.delete_all_objects().await.is_err());
        assert!(bucket.delete_empty().await.is_err());

        let heads = heads.lock().expect("a lock");
        assert_eq!(heads.len(), 7);
        for head in heads.iter() {
            assert!(head.contains("\r\nx-amz-expected-bucket-owner: 111122223333\r\n"), "{head}");
        }
    }
}
