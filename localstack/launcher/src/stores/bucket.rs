//! Creates the deployment's buckets in a store.

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, CorsConfiguration, CorsRule,
    ExpirationStatus, LifecycleRule, LifecycleRuleFilter,
};

use super::LocalStore;
use crate::Error;

/// The same as in `infra/template/buckets/`.
const ABORT_UPLOADS_AFTER_DAYS: i32 = 8;
const METHODS: [&str; 3] = ["GET", "HEAD", "PUT"];
const EXPOSED_HEADERS: [&str; 5] =
    ["ETag", "Accept-Ranges", "Content-Disposition", "Content-Length", "Content-Range"];

impl LocalStore {
    /// Creates a bucket if it is missing. If the store has bucket rules, pages of `cors_origins` may read and
    /// write its objects (an empty list leaves the rules unchanged), and unfinished uploads are aborted after
    /// 8 days. A name has at least 3 characters.
    pub async fn create_bucket(&self, name: &str, cors_origins: &[String]) -> Result<(), Error> {
        if let Err(error) = self.client().create_bucket().bucket(name).send().await {
            let error = error.into_service_error();
            if !error.is_bucket_already_owned_by_you() {
                return Err(Error::call("creating a bucket")(error));
            }
        }
        if !self.kind().has_bucket_rules() {
            return Ok(());
        }
        if !cors_origins.is_empty() {
            self.allow_origins(name, cors_origins).await?;
        }
        self.abort_old_uploads(name).await
    }

    async fn allow_origins(&self, bucket: &str, origins: &[String]) -> Result<(), Error> {
        let action = "setting a bucket's CORS rules";
        let owned = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
        let rule = CorsRule::builder()
            .set_allowed_origins(Some(origins.to_owned()))
            .set_allowed_methods(owned(&METHODS))
            .set_expose_headers(owned(&EXPOSED_HEADERS))
            .allowed_headers("*")
            .build()
            .map_err(Error::call(action))?;
        let rules = CorsConfiguration::builder().cors_rules(rule).build().map_err(Error::call(action))?;
        let set = self.client().put_bucket_cors().bucket(bucket).cors_configuration(rules);
        set.send().await.map(drop).map_err(Error::call(action))
    }

    async fn abort_old_uploads(&self, bucket: &str) -> Result<(), Error> {
        let action = "setting a bucket's lifecycle rules";
        let abort =
            AbortIncompleteMultipartUpload::builder().days_after_initiation(ABORT_UPLOADS_AFTER_DAYS).build();
        let rule = LifecycleRule::builder()
            .id("abort-unfinished-uploads")
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix("").build())
            .abort_incomplete_multipart_upload(abort)
            .build()
            .map_err(Error::call(action))?;
        let rules =
            BucketLifecycleConfiguration::builder().rules(rule).build().map_err(Error::call(action))?;
        let set = self.client().put_bucket_lifecycle_configuration().bucket(bucket);
        set.lifecycle_configuration(rules).send().await.map(drop).map_err(Error::call(action))
    }
}
