//! Lists the calls of the API. The OpenAPI document is made from this table, and tests check deployed routes
//! with it.

/// A call of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The HTTP method, in capitals.
    pub method: &'static str,
    /// The path, with `{parameters}`.
    pub path: &'static str,
    /// The name of the function that answers the call.
    pub function: &'static str,
    /// Whether the call requires a session.
    pub authenticated: bool,
    /// What the call does, in one line.
    pub summary: &'static str,
}

macro_rules! routes {
    ($($function:literal { $($method:ident $path:literal $access:ident $summary:literal;)+ })+) => {
        /// Every call of the API.
        pub const ROUTES: &[Route] = &[$($(Route {
            method: stringify!($method),
            path: $path,
            function: $function,
            authenticated: routes!(@$access),
            summary: $summary,
        }),+),+];
    };
    (@public) => { false };
    (@session) => { true };
}

routes! {
    "accounts" {
        POST "/accounts" public "Register an account";
        GET "/accounts/me" session "The account: quota, used and reserved bytes";
        POST "/sessions" public "Log in";
        DELETE "/sessions/current" session "Log out, at once";
    }
    "init-upload" {
        POST "/uploads" session "Begin an upload, or make a version at once of a blob that the account holds";
        GET "/uploads" session "List open and pending uploads, or the uploads named by ids";
        GET "/uploads/{upload_id}" session "One upload and the parts received";
        DELETE "/uploads/{upload_id}" session "Abort an upload and release its quota";
        POST "/uploads/{upload_id}/parts" session "Fresh presigned URLs for parts";
    }
    "complete-upload" {
        POST "/uploads/{upload_id}/complete" session "Merge the parts; the version is pending until verified";
    }
    "lookup-hash" {
        POST "/lookups" session "Make a version at once of a blob that the account holds, by its hash";
        POST "/lookups/hooks" session "Find the account's packs that contain hooks";
    }
    "query-files" {
        GET "/files" session "List files by prefix, or find them by path or hash";
        GET "/files/{file_id}" session "A file's current version";
        PATCH "/files/{file_id}" session "Rename a file, or edit its media type and metadata";
        DELETE "/files/{file_id}" session "Delete a file, leaving a tombstone and its versions";
        GET "/files/{file_id}/versions" session "A file's versions, the latest first";
        POST "/files/{file_id}/restore" session "Make an earlier version current again";
    }
    "read-content" {
        GET "/files/{file_id}/content" session "A redirect to the bytes";
        HEAD "/files/{file_id}/content" session "A redirect to the headers of the bytes";
        GET "/files/{file_id}/plan" session "The chunks of a version and where to read them";
    }
    "bridge-events" {
        POST "/webhooks/store-events" public "Take a bucket notification from Ceph or MinIO";
    }
}
