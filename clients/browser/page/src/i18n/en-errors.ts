/** What went wrong and what to do, by the error's code; and why a version was rejected, by its reason. */
export const errorsInEnglish = {
  errors: {
    wrong_credentials: "User name or password is wrong. Check both and try again.",
    username_taken: "This user name has an account. Choose another, or sign in.",
    unauthenticated: "The session has ended. Sign in again.",
    quota_exceeded:
      "The account is full. Cancel uploads that you no longer need, or ask for more room. Deleting files frees none: their versions are kept.",
    precondition_failed: "Somebody changed this file in the meantime. Load the list again and decide anew.",
    conflict: "Somebody changed the same thing in the same moment. Try again.",
    path_in_use: "Another file lies at that path.",
    not_found: "That is no longer there. Load the list again.",
    version_not_available: "This version cannot be used: it is not verified yet, or was rejected.",
    upload_ended: "The server no longer knows this upload. Try again: it begins anew.",
    too_many_requests: "Too much at once. Wait a moment, then try again.",
    offline: "There is no network. Connect, then try again.",
    unreachable: "The server does not answer. Check the network, then try again.",
    bucket_refused:
      "Storage refused the bytes. Try again; if it stays so, the operator should look at the bucket’s access rules.",
    file_changed: "The file changed, moved or vanished while it was read. Pick it again.",
    damaged: "The bytes that came are not the right ones, and nothing was saved. Try again.",
    aborted: "It was cancelled.",
    invalid_request: "The server refused the request.",
    unsaved: "The file could not be written. Check the room on your disk, then try again.",
    fallback: "Something failed that should not. Try again.",
    request: (id: string) => `If it stays so, tell the operator this number: ${id}`,
  },
  reasons: {
    size_mismatch: "What arrived is longer or shorter than the file. Try again.",
    sha256_mismatch: "What arrived is not what was read here. Try again.",
    sha1_mismatch: "What arrived is not what was read here. Try again.",
    precondition_failed: "Somebody changed the file while this upload ran.",
    invalid_manifest: "The server could not put the file together. Try again.",
    pack_mismatch: "What arrived is not what was read here. Try again.",
    pack_gone: "Earlier bytes that this upload relied on are gone. Try again: the file is then sent whole.",
    bytes_lost: "The bytes were lost before they were verified. Try again.",
    processing_failed: "Verification failed again and again. Tell the operator.",
  },
};
