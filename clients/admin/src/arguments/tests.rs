use super::*;
use clap::CommandFactory as _;

#[test]
fn the_command_line_is_well_formed() {
    Arguments::command().debug_assert();
}

#[test]
fn valid_command_lines() {
    for line in [
        "doctor --all",
        "doctor --store oss --bucket-role cold",
        "--json migrate --to oss --account ada --prefix a/ --dry-run",
        "migrate --to oss --all --rule --wait",
        "migrate --rollback --account-id 0123456789abcdef0123456789abcdef --in-process --jobs 2",
        "receipts --json",
        "receipts key",
        "receipts --import ceph/photos",
        "account list --json",
        "account invite",
        "account invite --quota 20g --expires 36h",
        "account create ada --quota 1t --password-stdin",
        "account quota ada 50g",
        "account suspend ada",
        "account resume ada",
        "account reset-password ada",
        "verify --all --sample 1.5 --store oss --jobs 4 --bandwidth 20m",
        "import s3://photos/2019/ --from ceph --to oss --to-prefix old/ --jobs 4 --bandwidth 1g --dry-run",
    ] {
        let line = format!("sluice-admin {line}");
        Arguments::try_parse_from(line.split(' ')).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

#[test]
fn invalid_command_lines() {
    for line in [
        "doctor",
        "doctor --all --store oss",
        "doctor --store oss --bucket-role attic",
        "migrate --to oss",
        "migrate --account ada",
        "migrate --to oss --rollback --all",
        "migrate --to oss --all --prefix a/",
        "migrate --to oss --all --account ada",
        "migrate --to oss --all --dry-run --in-process",
        "receipts key --account ada",
        "receipts --import a/b --account ada",
        "receipts --verify-with abc",
        "account",
        "account invite --expires 7",
        "account invite --expires 0d",
        "account quota ada",
        "account suspend a/b",
        "verify",
        "verify --all --sample 0",
        "verify --all --sample 101",
        "import photos --from ceph --to oss",
        "import s3://photos --to oss",
        "import s3://photos --from ceph --to oss --jobs 0",
        "--json --quiet doctor --all",
    ] {
        let line = format!("sluice-admin {line}");
        assert!(Arguments::try_parse_from(line.split(' ')).is_err(), "{line}");
    }
}
