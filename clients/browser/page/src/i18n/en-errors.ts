const BAD_USERNAME =
  "A user name has 3 to 64 letters, digits or . _ - @, and begins with a letter or a digit.";
const WEAK_PASSWORD =
  "Choose another password: 12 to 256 characters that nobody guesses, and not your user name.";

/** English texts of error codes, with what to do, of wrong fields, and of why a version was rejected. */
export const errorsInEnglish = {
  errors: {
    wrong_credentials: "User name or password is wrong. Check both and try again.",
    bad_username: BAD_USERNAME,
    username_taken: "This user name is taken. Choose another one, or sign in.",
    wrong_password: "That is not your present password.",
    registration_closed: "Registration is closed here. Ask the operator of this service for an account.",
    invitation_invalid:
      "You need a valid invitation to register, and each works once. Ask the operator of this service for one.",
    account_suspended: "This account is suspended. Ask the operator of this service.",
    too_many_attempts: "Too many wrong passwords. Wait before the next try.",
    unauthenticated: "Your session has ended. Sign in again.",
    quota_exceeded:
      "Your account is full, or has too many unfinished uploads. Cancel uploads that you no longer need, or ask for more space. Deleting files frees no space, because their versions are kept.",
    precondition_failed:
      "Someone else changed this file in the meantime. Reload the list and check before you try again.",
    conflict: "Someone else made a change at the same time. Try again.",
    path_in_use: "There is already a file at that path.",
    not_found: "It no longer exists. Reload the list.",
    version_not_available: "This version is not available: it has not been verified yet, or was rejected.",
    upload_ended: "This upload has ended on the server. Try again to start over.",
    too_many_requests: "Too many requests. Wait a moment, then try again.",
    offline: "There is no network connection. Connect, then try again.",
    unreachable: "The server does not answer. Check the network, then try again.",
    bucket_refused:
      "Storage refused the data. Try again. If that does not help, ask the operator to check the bucket’s access rules.",
    file_changed: "The file was changed, moved or deleted while it was being read. Pick it again.",
    damaged: "The data failed verification, and nothing was saved. Try again.",
    aborted: "Cancelled.",
    invalid_request: "The server refused the request.",
    unsaved: "The file could not be written. Check the free space on your disk, then try again.",
    fallback: "An unexpected error occurred. Try again.",
    request: (id: string) => `If that does not help, give the operator this number: ${id}`,
  },
  fields: {
    username: BAD_USERNAME,
    password: WEAK_PASSWORD,
    new_password: WEAK_PASSWORD,
  },
  reasons: {
    size_mismatch: "The server received more or less data than the file has. Try again.",
    sha256_mismatch: "The data was damaged in transit. Try again.",
    sha1_mismatch: "The data was damaged in transit. Try again.",
    precondition_failed: "Someone else changed the file during the upload.",
    invalid_manifest: "The server could not assemble the file. Try again.",
    pack_mismatch: "The data was damaged in transit. Try again.",
    pack_gone: "Earlier data that this upload relied on is gone. Try again to send the whole file.",
    bytes_lost: "The data was lost before it was verified. Try again.",
    processing_failed: "Verification failed repeatedly. Tell the operator.",
  },
};
