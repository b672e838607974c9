use super::*;
use crate::output::{Format, Output};
use rusqlite::{Connection, Transaction};
use sluice_domain::chunk::Chunk;
use sluice_domain::dedup::hooks;
use sluice_domain::hash::{ChunkId, Sha256};
use sluice_domain::id::{AccountId, FileId, VersionId};
use sluice_domain::path::FilePath;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn database(&self) -> PathBuf {
        self.0.path().join("cache/cache.sqlite3")
    }

    fn open(&self, account: u8) -> Cache {
        let api = "http://127.0.0.1:1".parse().expect("an address");
        Cache::open(&self.database(), &api, AccountId::from_bytes([account; 16]), &Output::new(Format::Quiet))
    }
}

fn chunks(seeds: std::ops::Range<u32>) -> Vec<Chunk> {
    let chunk = |seed: u32| Chunk::new(ChunkId::of(&seed.to_le_bytes()), 1 + (seed * 7919) % 65_536);
    seeds.map(|seed| chunk(seed).expect("a length within bounds")).collect()
}

fn version(number: u8) -> CachedVersion {
    CachedVersion {
        file_id: FileId::from_bytes([number; 16]),
        version_id: VersionId::from_bytes([number; 16]),
        sha256: Sha256::of(&[number]),
    }
}

const FINGERPRINT: Fingerprint =
    Fingerprint { size_bytes: 1, modified_nanoseconds: 2, changed_nanoseconds: 3, inode: u64::MAX };

fn remember(cache: &Cache, local: &str, fingerprint: Option<&Fingerprint>, number: u8) {
    let remote = FilePath::parse("a/b").expect("a path");
    let version = version(number);
    cache.remember_file(&CachedFile { local: Path::new(local), fingerprint, remote: &remote, version });
}

#[test]
fn a_file_counts_as_unchanged_only_if_its_whole_fingerprint_matches() {
    let home = Home::new();
    let cache = home.open(1);
    let local = Path::new("movie.mkv");
    remember(&cache, "movie.mkv", Some(&FINGERPRINT), 1);
    assert_eq!(cache.unchanged(local, &FINGERPRINT), Some(version(1).sha256));
    for other in [
        Fingerprint { size_bytes: 9, ..FINGERPRINT },
        Fingerprint { modified_nanoseconds: 9, ..FINGERPRINT },
        Fingerprint { changed_nanoseconds: 9, ..FINGERPRINT },
        Fingerprint { inode: 9, ..FINGERPRINT },
    ] {
        assert_eq!(cache.unchanged(local, &other), None);
    }
    assert_eq!(home.open(2).unchanged(local, &FINGERPRINT), None, "another account");
    remember(&cache, "movie.mkv", None, 2);
    assert_eq!(cache.unchanged(local, &FINGERPRINT), None);
    assert_eq!(cache.version_at(&FilePath::parse("a/b").expect("a path")), Some(version(2)));
    assert_eq!(
        (cache.version_of(&version(1).sha256), cache.version_of(&version(2).sha256)),
        (None, Some(version(2)))
    );
}

#[test]
fn blobs_are_found_by_hash_and_by_shared_hooks() {
    let home = Home::new();
    let cache = home.open(1);
    let first = Sha256::of(b"1");
    let second = Sha256::of(b"2");
    cache.remember_blob(&first, 1, &chunks(0..1000));
    cache.remember_blob(&second, 2, &chunks(900..2000));
    drop(cache);
    let cache = home.open(1);
    assert_eq!(cache.chunks(&first), Some(chunks(0..1000)));
    assert_eq!(cache.similar_blob(&hooks(&chunks(100..1000))), Some(first));
    assert_eq!(cache.similar_blob(&hooks(&chunks(5000..6000))), None);
    assert_eq!(home.open(2).chunks(&first), None, "another account");
}

#[test]
fn the_oldest_blobs_are_deleted_with_their_hooks() {
    let home = Home::new();
    let cache = home.open(1);
    let hash = |number: u8| Sha256::of(&[number]);
    for number in 0..3 {
        cache.remember_blob(
            &hash(number),
            1,
            &chunks(u32::from(number) * 100..u32::from(number) * 100 + 100),
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(cache.chunks(&hash(0)).is_some(), "used again");
    cache.with(|transaction, _| blobs::drop_beyond(transaction, 2 * 100 * 34)).expect("no error");
    let kept = |number| cache.chunks(&hash(number)).is_some();
    assert_eq!((kept(0), kept(1), kept(2)), (true, false, true));
    let count = |transaction: &Transaction<'_>, _| {
        transaction.query_row("SELECT count(*) FROM hooks", [], |row| row.get::<_, isize>(0))
    };
    let hooks: usize = [0..100, 200..300].map(|seeds| hooks(&chunks(seeds)).len()).iter().sum();
    assert_eq!(cache.with(count), Some(hooks.cast_signed()));
    cache.prune();
    assert!(kept(0), "young and small");
}

#[test]
fn a_damaged_newer_or_older_database_is_set_aside() {
    let home = Home::new();
    remember(&home.open(1), "a", Some(&FINGERPRINT), 1);
    fs::write(home.database(), vec![7; 9000]).expect("written");
    let cache = home.open(1);
    assert_eq!(cache.unchanged(Path::new("a"), &FINGERPRINT), None);
    remember(&cache, "a", Some(&FINGERPRINT), 1);
    drop(cache);
    assert_eq!(fs::read(home.database().with_extension("set-aside")).expect("kept").len(), 9000);

    for other_version in [1, 99] {
        let set_version =
            |connection: Connection| connection.pragma_update(None, "user_version", other_version);
        Connection::open(home.database()).and_then(set_version).expect("written");
        let cache = home.open(1);
        assert_eq!(cache.unchanged(Path::new("a"), &FINGERPRINT), None, "version {other_version}");
        remember(&cache, "a", Some(&FINGERPRINT), 1);
        assert!(cache.unchanged(Path::new("a"), &FINGERPRINT).is_some());
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let _cache = home.open(1);
    let mode = |path: &Path| fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
    assert_eq!(mode(&home.database()), 0o600);
    assert_eq!(mode(&home.database().with_extension("sqlite3-wal")), 0o600);
}
