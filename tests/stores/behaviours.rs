//! Lists every behaviour that is tested, in the order of the table.

use futures::future::BoxFuture;

use crate::test_store::{Observation, TestStore};
use crate::{
    checksums, conditions, copies, keys, lists, multipart, objects, presigned, presigned_copies,
    presigned_refusals as refusals, settings,
};

/// One row of the table.
pub struct Behaviour {
    /// What is tried and, after a colon, what is observed. "yes" means that it works.
    pub name: &'static str,
    /// Tries it on a store and returns the observation.
    pub observe: for<'a> fn(&'a TestStore) -> BoxFuture<'a, Observation>,
}

/// A section of the table.
pub struct Section {
    pub name: &'static str,
    pub behaviours: Vec<Behaviour>,
}

macro_rules! section {
    ($section:literal: $($name:literal => $observe:path),* $(,)?) => {
        Section {
            name: $section,
            behaviours: vec![$(Behaviour { name: $name, observe: |store| Box::pin($observe(store)) }),*],
        }
    };
}

/// All sections of the table.
pub fn all_sections() -> Vec<Section> {
    vec![
        of_objects(),
        of_keys(),
        of_lists(),
        of_multipart(),
        of_copies(),
        of_conditions(),
        of_urls(),
        of_refusals(),
        of_url_copies(),
        of_checksums(),
        of_settings(),
    ]
}

fn of_objects() -> Section {
    section! { "Objects":
        "put, get, head, delete" => objects::round_trip,
        "put over an object" => objects::overwrite,
        "get, head of a missing object: none" => objects::missing,
        "range of a missing object" => objects::range_of_missing,
        "delete of a missing object" => objects::delete_missing,
        "object of 0 bytes" => objects::empty,
        "first bytes of an object of 0 bytes" => objects::start_of_empty,
        "the same, `If-Match` with a wrong ETag" => objects::start_of_another_empty,
        "first bytes, with the size of all" => objects::start,
        "range" => objects::range,
        "range behind the end: status" => objects::range_behind,
        "time of writing" => objects::modified_at,
        "content type, metadata are kept" => objects::description,
        "GET without a signature: status" => objects::unsigned,
        "GET `If-Match`, right ETag" => objects::if_match_right,
        "GET `If-Match`, wrong ETag" => objects::if_match_wrong,
        "object replaced between reads: noticed" => objects::replaced,
    }
}

fn of_keys() -> Section {
    section! { "Keys":
        "with spaces" => keys::space,
        "with `+`" => keys::plus,
        "with `%`" => keys::percent,
        "with other signs" => keys::signs,
        "beyond ASCII" => keys::unicode,
        "of 900 bytes" => keys::long,
        "of 900 bytes, a `/` every 99" => keys::long_in_pieces,
        "`a` beside `a/b`" => keys::object_and_prefix,
    }
}

fn of_lists() -> Section {
    section! { "Lists":
        "1,101 objects, page by page" => lists::pages,
        "ordered by the bytes of the keys" => lists::order,
        "going on after any key leaves none out" => lists::one_by_one,
        "PUT, GET, HEAD and list say one ETag" => lists::etags_agree,
    }
}

fn of_multipart() -> Section {
    section! { "Multipart uploads":
        "create, send, list, complete" => multipart::whole,
        "a part sent twice: the last can be named" => multipart::part_twice,
        "ETag in Complete's answer" => multipart::answer_etag,
        "ETag as S3 computes it" => multipart::etag,
        "Complete repeated" => multipart::repeated,
        "Complete with a subset of the parts" => multipart::subset,
        "Complete with a wrong ETag" => multipart::wrong_etag,
        "part below 5 MiB" => multipart::small_parts,
        "parts with their SHA-256" => multipart::parts_with_sha256,
        "abort" => multipart::abort,
        "abort of a missing upload" => multipart::abort_missing,
        "Complete of a missing upload" => multipart::complete_missing,
    }
}

fn of_copies() -> Section {
    section! { "Copies on the store's side":
        "CopyObject" => copies::whole,
        "CopyObject, wrong `copy-source-if-match`" => copies::whole_of_another,
        "CopyObject, source replaced: noticed" => copies::replaced,
        "UploadPartCopy of ranges" => copies::ranges,
        "UploadPartCopy, wrong `copy-source-if-match`" => copies::ranges_of_another,
    }
}

fn of_conditions() -> Section {
    section! { "Conditional writes":
        "PUT `If-None-Match: *`, new object" => conditions::if_none_match_new,
        "PUT `If-None-Match: *`, existing object" => conditions::if_none_match,
        "eight PUTs `If-None-Match: *` at once" => conditions::race,
        "PUT `If-Match`, wrong ETag" => conditions::if_match,
        "Complete `If-None-Match: *`, existing object" => conditions::complete_if_none_match,
        "DELETE `If-Match`, wrong ETag" => conditions::delete_if_match,
        "`x-oss-forbid-overwrite`, existing object" => conditions::forbid_overwrite,
        "our write of a new object" => conditions::checked_new,
        "our write of a new object, existing object" => conditions::checked_existing,
    }
}

fn of_urls() -> Section {
    section! { "Presigned URLs":
        "PUT" => presigned::put_any,
        "PUT with the right SHA-256" => presigned::put_with_sha256,
        "PUT `If-None-Match: *`, new object" => presigned::put_new,
        "PUT `If-None-Match: *`, existing object" => presigned::put_existing,
        "PUT of a part" => presigned::part,
        "GET" => presigned::get,
        "GET of a range" => presigned::get_range,
        "HEAD" => presigned::head,
        "GET: `response-content-disposition`" => presigned::content_disposition,
        "GET: `response-content-type`" => presigned::content_type,
        "HEAD: `response-content-disposition`" => presigned::head_disposition,
    }
}

fn of_refusals() -> Section {
    section! { "Presigned URLs used otherwise than signed: status of the refusal":
        "shorter body" => refusals::shorter,
        "longer body" => refusals::longer,
        "longer part" => refusals::longer_part,
        "another path" => refusals::path,
        "another method" => refusals::method,
        "a signed header changed" => refusals::header,
        "a signed header left out" => refusals::header_left_out,
        "an `x-amz-meta-` header added" => refusals::header_added,
        "a parameter changed" => refusals::query,
        "PUT after the end" => refusals::expired_put,
        "GET after the end" => refusals::expired_get,
        "signed SHA-256, wrong body" => refusals::wrong_body,
    }
}

fn of_url_copies() -> Section {
    section! { "Presigned PUTs with an unsigned `x-amz-copy-source`: status of the refusal":
        "PUT" => presigned_copies::object,
        "PUT of a part" => presigned_copies::part,
        "PUT of a URL of ours" => presigned_copies::object_of_ours,
        "PUT of a part, of a URL of ours" => presigned_copies::part_of_ours,
        "honest PUT of a URL of ours" => presigned_copies::honest,
        "honest PUT of a part, of a URL of ours" => presigned_copies::honest_part,
    }
}

fn of_checksums() -> Section {
    section! { "Checksums":
        "signed `x-amz-checksum-sha256`, right body" => checksums::sha256_right,
        "signed `x-amz-checksum-sha256`, wrong body" => checksums::sha256_wrong,
        "the same of a part" => checksums::part_sha256_wrong,
        "signed `Content-MD5`, wrong body" => checksums::md5_wrong,
        "our checked write, wrong body" => checksums::checked_wrong,
        "the SDK's default trailers, over HTTP" => checksums::sdk_defaults,
        "ETag of a PUT is the MD5" => checksums::etag_is_md5,
        "`x-oss-hash-crc64ecma` of a PUT" => checksums::crc64_of_put,
        "`x-oss-hash-crc64ecma` of parts" => checksums::crc64_of_parts,
    }
}

fn of_settings() -> Section {
    section! { "Settings of a bucket":
        "CORS: one origin, no other" => settings::cors,
        "CORS exposes the ETag" => settings::exposed_etag,
        "lifecycle rule for unfinished uploads" => settings::lifecycle,
        "notifications configured" => settings::notifications,
    }
}
