//! S3's operations on the objects in memory: those that `sluice-storage` uses.

use async_trait::async_trait;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopyPartResult,
    CopySource, CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteObjectInput,
    DeleteObjectOutput, ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput,
    ListObjectsV2Input, ListObjectsV2Output, ListPartsInput, ListPartsOutput, Object as ListedObject,
    PutObjectInput, PutObjectOutput, Range, StreamingBlob, UploadPartCopyInput, UploadPartCopyOutput,
    UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use std::ops::Bound;

use super::object::{Checksums, Object, check_conditions, description, length, md5_etag, now};
use super::{Objects, Place};

/// How many objects or parts a page lists at most.
const PAGE_MAX: i32 = 1000;

impl Objects {
    /// The source of a copy, if it meets the condition.
    fn source(&self, source: CopySource, if_match: Option<&ETagCondition>) -> S3Result<Object> {
        let CopySource::Bucket { bucket, key, .. } = source else { return Err(s3_error!(NotImplemented)) };
        let place = Place { bucket: bucket.into(), key: key.into() };
        let source = self.lock().object(&place)?.clone();
        check_conditions(Some(&source.etag), if_match, None)?;
        Ok(source)
    }

    fn read(
        &self,
        place: &Place,
        if_match: Option<&ETagCondition>,
        if_none_match: Option<&ETagCondition>,
    ) -> S3Result<Object> {
        let object = self.lock().object(place)?.clone();
        check_conditions(Some(&object.etag), if_match, if_none_match)?;
        Ok(object)
    }
}

fn page_size(wanted: Option<i32>) -> usize {
    usize::try_from(wanted.unwrap_or(PAGE_MAX).clamp(0, PAGE_MAX)).unwrap_or(0)
}

#[async_trait]
impl S3 for Objects {
    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        let checksums =
            Checksums { md5: input.content_md5, crc32: input.checksum_crc32, sha256: input.checksum_sha256 };
        let bytes = checksums.read(input.body, request.trailing_headers).await?;
        let place = Place { bucket: input.bucket, key: input.key };
        let object = Object::new(bytes.clone(), md5_etag(&bytes), description!(input));
        let output = PutObjectOutput { e_tag: Some(object.etag.clone()), ..PutObjectOutput::default() };
        let mut state = self.lock();
        let current = state.objects.get(&place).map(|object| &object.etag);
        check_conditions(current, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        state.objects.insert(place, object);
        Ok(S3Response::new(output))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let place = Place { bucket: input.bucket, key: input.key };
        let object = self.read(&place, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let size = object.bytes.len() as u64;
        let range = input.range.map(|range| range.check(size)).transpose()?;
        let content_range =
            range.as_ref().map(|range| format!("bytes {}-{}/{size}", range.start, range.end - 1));
        let range = range.unwrap_or(0..size);
        let bytes = object.bytes.slice(range.start as usize..range.end as usize);
        Ok(S3Response::new(GetObjectOutput {
            content_length: Some(length(&bytes)),
            body: Some(StreamingBlob::from(s3s::Body::from(bytes))),
            content_range,
            e_tag: Some(object.etag),
            last_modified: Some(object.modified_at),
            cache_control: object.description.cache_control,
            content_disposition: object.description.content_disposition,
            content_encoding: object.description.content_encoding,
            content_language: object.description.content_language,
            content_type: object.description.content_type,
            metadata: object.description.metadata,
            ..GetObjectOutput::default()
        }))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        let place = Place { bucket: input.bucket, key: input.key };
        let object = self.read(&place, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(object.size()),
            e_tag: Some(object.etag),
            last_modified: Some(object.modified_at),
            cache_control: object.description.cache_control,
            content_disposition: input
                .response_content_disposition
                .or(object.description.content_disposition),
            content_encoding: object.description.content_encoding,
            content_language: object.description.content_language,
            content_type: input.response_content_type.or(object.description.content_type),
            metadata: object.description.metadata,
            ..HeadObjectOutput::default()
        }))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let input = request.input;
        let place = Place { bucket: input.bucket, key: input.key };
        let mut state = self.lock();
        if input.if_match.is_some() {
            let current = state.objects.get(&place).map(|object| &object.etag);
            check_conditions(current, input.if_match.as_ref(), None)?;
        }
        state.objects.remove(&place);
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let prefix = input.prefix.clone().unwrap_or_default();
        let after = input.continuation_token.clone().or(input.start_after.clone());
        let place = |key: &str| Place { bucket: input.bucket.clone(), key: key.to_owned() };
        let start = match &after {
            Some(after) if *after >= prefix => Bound::Excluded(place(after)),
            _ => Bound::Included(place(&prefix)),
        };
        let state = self.lock();
        let mut objects = state
            .objects
            .range((start, Bound::Unbounded))
            .take_while(|(place, _)| place.bucket == input.bucket && place.key.starts_with(&prefix))
            .map(|(place, object)| ListedObject {
                key: Some(place.key.clone()),
                e_tag: Some(object.etag.clone()),
                size: Some(object.size()),
                last_modified: Some(object.modified_at.clone()),
                ..ListedObject::default()
            });
        let page_size = page_size(input.max_keys);
        let page: Vec<_> = objects.by_ref().take(page_size).collect();
        let is_truncated = objects.next().is_some();
        Ok(S3Response::new(ListObjectsV2Output {
            key_count: i32::try_from(page.len()).ok(),
            next_continuation_token: page.last().filter(|_| is_truncated).and_then(|last| last.key.clone()),
            contents: Some(page),
            is_truncated: Some(is_truncated),
            name: Some(input.bucket),
            prefix: input.prefix,
            ..ListObjectsV2Output::default()
        }))
    }

    async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        let input = request.input;
        let replaces =
            input.metadata_directive.as_ref().is_some_and(|directive| directive.as_str() == "REPLACE");
        let own = description!(input);
        let source = self.source(input.copy_source, input.copy_source_if_match.as_ref())?;
        let etag = md5_etag(&source.bytes);
        let description = if replaces { own } else { source.description };
        let copy = Object::new(source.bytes, etag.clone(), description);
        let place = Place { bucket: input.bucket, key: input.key };
        let result = CopyObjectResult {
            e_tag: Some(etag),
            last_modified: Some(copy.modified_at.clone()),
            ..CopyObjectResult::default()
        };
        self.lock().objects.insert(place, copy);
        Ok(S3Response::new(CopyObjectOutput {
            copy_object_result: Some(result),
            ..CopyObjectOutput::default()
        }))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let input = request.input;
        let place = Place { bucket: input.bucket, key: input.key };
        let id = self.lock().begin_upload(place, description!(input));
        Ok(S3Response::new(CreateMultipartUploadOutput {
            upload_id: Some(id),
            checksum_algorithm: input.checksum_algorithm,
            ..CreateMultipartUploadOutput::default()
        }))
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let input = request.input;
        let sha256 = input.checksum_sha256.clone();
        let checksums =
            Checksums { md5: input.content_md5, crc32: input.checksum_crc32, sha256: input.checksum_sha256 };
        let bytes = checksums.read(input.body, request.trailing_headers).await?;
        let place = Place { bucket: input.bucket, key: input.key };
        let mut state = self.lock();
        let upload = state.upload(&place, &input.upload_id)?;
        let etag = upload.send(input.part_number, bytes, sha256.clone())?;
        Ok(S3Response::new(UploadPartOutput {
            e_tag: Some(etag),
            checksum_sha256: sha256,
            ..UploadPartOutput::default()
        }))
    }

    async fn upload_part_copy(
        &self,
        request: S3Request<UploadPartCopyInput>,
    ) -> S3Result<S3Response<UploadPartCopyOutput>> {
        let input = request.input;
        let source = self.source(input.copy_source, input.copy_source_if_match.as_ref())?;
        let size = source.bytes.len() as u64;
        let range = match input.copy_source_range {
            Some(range) => Range::parse(&range).map_err(|_| s3_error!(InvalidArgument))?.check(size)?,
            None => 0..size,
        };
        let bytes = source.bytes.slice(range.start as usize..range.end as usize);
        let place = Place { bucket: input.bucket, key: input.key };
        let etag = self.lock().upload(&place, &input.upload_id)?.send(input.part_number, bytes, None)?;
        let result =
            CopyPartResult { e_tag: Some(etag), last_modified: Some(now()), ..CopyPartResult::default() };
        Ok(S3Response::new(UploadPartCopyOutput {
            copy_part_result: Some(result),
            ..UploadPartCopyOutput::default()
        }))
    }

    async fn list_parts(&self, request: S3Request<ListPartsInput>) -> S3Result<S3Response<ListPartsOutput>> {
        let input = request.input;
        let after = input.part_number_marker.unwrap_or(0);
        let page_size = page_size(input.max_parts);
        let place = Place { bucket: input.bucket, key: input.key };
        let mut parts = self.lock().upload(&place, &input.upload_id)?.list(after, page_size + 1);
        let is_truncated = parts.len() > page_size;
        parts.truncate(page_size);
        let last = parts.last().filter(|_| is_truncated).and_then(|part| part.part_number);
        Ok(S3Response::new(ListPartsOutput {
            bucket: Some(place.bucket),
            key: Some(place.key),
            upload_id: Some(input.upload_id),
            next_part_number_marker: last,
            is_truncated: Some(is_truncated),
            parts: Some(parts),
            ..ListPartsOutput::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = request.input;
        let place = Place { bucket: input.bucket, key: input.key };
        let listed = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let mut state = self.lock();
        let object = state.upload(&place, &input.upload_id)?.merge(&listed)?;
        let current = state.objects.get(&place).map(|object| &object.etag);
        check_conditions(current, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let output = CompleteMultipartUploadOutput {
            bucket: Some(place.bucket.clone()),
            key: Some(place.key.clone()),
            e_tag: Some(object.etag.clone()),
            ..CompleteMultipartUploadOutput::default()
        };
        state.uploads.remove(&input.upload_id);
        state.objects.insert(place, object);
        Ok(S3Response::new(output))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let input = request.input;
        let place = Place { bucket: input.bucket, key: input.key };
        let mut state = self.lock();
        state.upload(&place, &input.upload_id)?;
        state.uploads.remove(&input.upload_id);
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }
}
