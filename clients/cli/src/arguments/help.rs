//! The texts below the options in `--help`: examples, exit codes, and what a command promises.

pub(super) const MAIN_HELP: &str = "\
Exit codes:
    0  done
    1  a local file cannot be read, written or named so, or files failed for different reasons
    2  the command line is invalid
    3  not logged in, wrong user name or password, or the operator has suspended the account
    4  no such file, version or upload
    5  conflict: the path is in use, the version has changed, or another sluice transfers the file
    6  the network or the server does not answer, or too many wrong passwords; try again later
    7  the bytes failed verification
    8  the account is full, or has too many unfinished uploads
    9  the server refused the request, or sent an answer that this client does not understand
   10  a local file changed while it was sent, and again at a second attempt
  130  interrupted by a signal

Start with:
  sluice --api https://files.example.com register ada
  sluice put photos/ --to holiday/
  sluice ls holiday/
  sluice get holiday/beach.jpg";

pub(super) const REGISTER_HELP: &str = "\
Examples:
  sluice --api https://files.example.com register ada
  sluice --api https://files.example.com register ada --password-stdin < password.txt
  sluice --api https://files.example.com register ada --invitation sluice_invitation_...

The password is asked for twice. The server is remembered, so that later commands need no --api.";

pub(super) const LOGIN_HELP: &str = "\
Examples:
  sluice login ada
  sluice --api https://files.example.com login ada --password-stdin < password.txt

Server and session are remembered until `sluice logout`, or until the session expires.";

pub(super) const LOGOUT_HELP: &str = "\
Examples:
  sluice logout";

pub(super) const WHOAMI_HELP: &str = "\
Examples:
  sluice whoami
  sluice whoami --json";

pub(super) const PASSWORD_HELP: &str = "\
Examples:
  sluice password
  sluice password --password-stdin < old-and-new.txt

The session of this computer goes on; all others end.";

pub(super) const SESSIONS_HELP: &str = "\
Examples:
  sluice sessions
  sluice sessions end 0123456789abcdef0123456789abcdef
  sluice sessions end --others

`sluice logout` ends the session of this computer.";

pub(super) const STAT_HELP: &str = "\
Examples:
  sluice stat holiday/beach.jpg
  sluice stat id:0123456789abcdef0123456789abcdef --json";

pub(super) const RM_HELP: &str = "\
Examples:
  sluice rm draft.txt
  sluice rm holiday/beach.jpg holiday/dunes.jpg

A file is not deleted if somebody else changes it meanwhile. For each file the command prints an id \
that `sluice versions` and `sluice restore` take afterwards.";

pub(super) const VERSIONS_HELP: &str = "\
Examples:
  sluice versions report.txt
  sluice versions id:0123456789abcdef0123456789abcdef    also after the file was deleted";

pub(super) const RESTORE_HELP: &str = "\
Examples:
  sluice versions report.txt                                     find the version id
  sluice restore report.txt 0123456789abcdef0123456789abcdef

Restoring makes a new version with the earlier bytes. No version is lost.";

pub(super) const UPLOADS_HELP: &str = "\
Examples:
  sluice uploads
  sluice uploads abort 0123456789abcdef0123456789abcdef

An open upload reserves space in the account until it is finished, aborted or expired.";

pub(super) const ABORT_HELP: &str = "\
Examples:
  sluice uploads abort 0123456789abcdef0123456789abcdef";
