//! Selects the blobs to move, page by page.

use sluice_deployment::clock;
use sluice_domain::blob::{Blob, Life};
use sluice_domain::id::AccountId;
use sluice_domain::migration::Rule;
use sluice_domain::time::Timestamp;
use sluice_storage::Tables;
use sluice_storage::tables::{FileBlob, Listing, Segment, SegmentCursor};
use std::collections::HashSet;

use super::blob_to_move::BlobToMove;
use crate::arguments::MigrateArguments;
use crate::error::{Error, Result};
use crate::settings::DeploymentAccess;

const WHOLE_TABLE: Segment = Segment { number: 0, of: 1 };

/// How many files one page lists.
const PAGE: usize = 500;

/// The selected blobs. Each blob comes once; for that, the ids of blobs that were found by path stay in
/// memory.
pub(super) struct Selection<'a> {
    account: Option<AccountId>,
    to: &'a str,
    again: bool,
    /// With `--rule`: only blobs that one of these rules sends to the store.
    rules: Option<Vec<Rule>>,
    sources: Vec<Source>,
    now: Timestamp,
    seen: HashSet<String>,
}

/// Where to look for blobs.
enum Source {
    /// The table of blobs, which includes those of earlier versions.
    Blobs { after: Option<SegmentCursor> },
    /// The current files of an account.
    Files { prefix: String, after: Option<String> },
    /// The current files of all accounts, for a rule with a prefix.
    AllFiles { prefix: String, after: Option<SegmentCursor> },
}

impl<'a> Selection<'a> {
    pub async fn new(arguments: &MigrateArguments, access: &DeploymentAccess, to: &'a str) -> Result<Self> {
        let account = arguments.account.find(&access.deployment.tables()?).await?;
        let rules = arguments.rule.then(|| access.deployment.migration_rules()).transpose()?;
        let rules = rules.map(|rules| rules.into_iter().filter(|rule| rule.to == to).collect::<Vec<_>>());
        if rules.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::Usage(format!("no rule of SLUICE_MIGRATION_RULES sends anything to {to}")));
        }
        let sources = match (&arguments.prefix, &rules) {
            (Some(prefix), _) => vec![Source::Files { prefix: prefix.clone(), after: None }],
            (None, None) => vec![Source::Blobs { after: None }],
            (None, Some(rules)) => sources_of(rules, account.is_some()),
        };
        let again = arguments.again;
        let now = clock::now();
        Ok(Self { account, to, again, rules, sources, now, seen: HashSet::new() })
    }

    /// The next page, which may be empty. None after the last page.
    pub async fn next_page(&mut self, tables: &Tables) -> Result<Option<Vec<BlobToMove>>> {
        let Some(source) = self.sources.pop() else { return Ok(None) };
        let (blobs, next) = self.page(source, tables).await?;
        self.sources.extend(next);
        Ok(Some(blobs))
    }

    /// One page, and the source of the next.
    async fn page(&mut self, source: Source, tables: &Tables) -> Result<(Vec<BlobToMove>, Option<Source>)> {
        match source {
            Source::Blobs { after } => {
                let (blobs, next) = tables.scan_blobs(WHOLE_TABLE, after).await?;
                let next = next.map(|next| Source::Blobs { after: Some(next) });
                let is_new = |blob: &&Blob| !self.seen.contains(&blob.blob_id) && self.selects(blob, None);
                Ok((blobs.iter().filter(is_new).map(BlobToMove::of).collect(), next))
            }
            Source::AllFiles { prefix, after } => {
                let (files, next) = tables.scan_files(&prefix, WHOLE_TABLE, after).await?;
                let next = next.map(|next| Source::AllFiles { prefix, after: Some(next) });
                Ok((self.blobs_of(files, tables).await?, next))
            }
            Source::Files { prefix, after } => {
                let Some(account_id) = self.account else { return Ok((Vec::new(), None)) };
                let listing = Listing {
                    account_id,
                    prefix: &prefix,
                    delimiter: None,
                    after: after.as_deref(),
                    limit: PAGE,
                };
                let page = tables.list(listing, &|| false).await?;
                let files = page.files.iter().filter_map(|file| {
                    let sha256 = file.live()?.sha256?;
                    let path = file.path.to_string();
                    Some(FileBlob { account_id, path, sha256 })
                });
                let blobs = self.blobs_of(files.collect(), tables).await?;
                Ok((blobs, page.next.map(|next| Source::Files { prefix, after: Some(next) })))
            }
        }
    }

    async fn blobs_of(&mut self, files: Vec<FileBlob>, tables: &Tables) -> Result<Vec<BlobToMove>> {
        let mut blobs = Vec::new();
        for file in files {
            if self.account.is_some_and(|account| account != file.account_id) {
                continue;
            }
            if let Some(blob) = tables.blob(file.account_id, &file.sha256).await?
                && !self.seen.contains(&blob.blob_id)
                && self.selects(&blob, Some(&file.path))
            {
                blobs.push(BlobToMove::of(&blob));
                self.seen.insert(blob.blob_id);
            }
        }
        Ok(blobs)
    }

    fn selects(&self, blob: &Blob, path: Option<&str>) -> bool {
        let matches = |rule: &Rule| {
            let prefix = rule.prefix.as_deref();
            prefix.is_none_or(|prefix| path.is_some_and(|path| path.starts_with(prefix)))
                && rule.takes(blob, self.now)
        };
        blob.life == Life::Live
            && self.account.is_none_or(|account| account == blob.account_id)
            && (self.again || blob.migrated_to.as_deref() != Some(self.to))
            && self.rules.as_ref().is_none_or(|rules| rules.iter().any(matches))
    }
}

/// The sources for these rules. The last source is read first, so that blobs are found by path before the
/// whole table is read.
fn sources_of(rules: &[Rule], of_one_account: bool) -> Vec<Source> {
    let by_path = rules.iter().filter_map(|rule| rule.prefix.clone());
    let files = |prefix| Source::Files { prefix, after: None };
    let all_files = |prefix| Source::AllFiles { prefix, after: None };
    let by_path = by_path.map(|prefix| if of_one_account { files(prefix) } else { all_files(prefix) });
    let plain = rules.iter().any(|rule| rule.prefix.is_none()).then_some(Source::Blobs { after: None });
    plain.into_iter().chain(by_path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_choose_the_sources_that_can_find_their_blobs() {
        let rules = |json: &str| serde_json::from_str::<Vec<Rule>>(json).expect("rules");
        let kinds = |json: &str, of_one: bool| {
            let sources = sources_of(&rules(json), of_one);
            let kind = |source: &Source| match source {
                Source::Blobs { .. } => "blobs",
                Source::Files { .. } => "files",
                Source::AllFiles { .. } => "all files",
            };
            sources.iter().map(kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds(r#"[{"to":"oss"},{"to":"oss","min_size":1}]"#, false), ["blobs"]);
        assert_eq!(kinds(r#"[{"to":"oss","prefix":"a/"}]"#, false), ["all files"]);
        assert_eq!(kinds(r#"[{"to":"oss","prefix":"a/"},{"to":"oss"}]"#, true), ["blobs", "files"]);
    }
}
