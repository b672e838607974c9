//! Lists files by prefix, and finds them by hash.

use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::id::AccountId;
use sluice_domain::path::{FilePath, LAST};
use sluice_domain::time::TimeCheck;
use sluice_domain::version::File;

use super::access::place;
use super::files::{FileRow, read};
use super::{Query, Tables};
use crate::error::StorageError;
use crate::transaction::{Values, key, parse};

/// A request for a page.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    pub account_id: AccountId,
    /// What the paths begin with.
    pub prefix: &'a str,
    /// Paths that have this after the prefix are rolled up into common prefixes.
    pub delimiter: Option<&'a str>,
    /// The page begins after this path or prefix.
    pub after: Option<&'a str>,
    /// The most files and common prefixes of a page.
    pub limit: usize,
}

/// The hash of a file's bytes.
#[derive(Debug, Clone, Copy)]
pub enum FileHash {
    Sha256(Sha256),
    Sha1(Sha1),
}

/// A page of files.
#[derive(Debug, Default)]
pub struct Page {
    /// Live files, in the order of their paths.
    pub files: Vec<File>,
    /// Common prefixes, in order.
    pub common_prefixes: Vec<String>,
    /// Pass this as `after` for the next page; none on the last.
    pub next: Option<String>,
}

/// The most rows that one query reads.
const QUERY_MAX: usize = 500;

/// The most rows that are read for one page. Deleted files are read but not shown, and a page must end
/// nevertheless.
const ROWS_MAX: usize = 5000;

/// The most queries of one page. One finds at most two common prefixes.
const QUERIES_MAX: usize = 64;

impl Tables {
    /// One page of an account's live files. It ends early once a limit is reached or the time is up, but gets
    /// on by at least one query.
    ///
    /// With a delimiter the query skips from prefix to prefix, and reads just enough under a prefix to know
    /// that it is not empty. The number of rows that a query asks for starts at one and doubles as long as
    /// they are plain files.
    pub async fn list(&self, listing: Listing<'_>, out_of_time: &TimeCheck) -> Result<Page, StorageError> {
        let mut page = Page::default();
        let mut after = listing.after.unwrap_or_default().to_owned();
        let mut limit = if listing.delimiter.is_some() { 1 } else { listing.limit };
        let mut rows_read = 0;
        for query in 1.. {
            let (rows, more) = self.rows_after(&listing, &after, limit.clamp(1, QUERY_MAX)).await?;
            rows_read += rows.len();
            let mut skipped = false;
            for row in rows {
                // Skips the last row of the previous query, and rows under a prefix that has been added.
                if row.path <= after {
                    continue;
                }
                after.clone_from(&row.path);
                if let Some(prefix) = page.add(&listing, row.try_into()?) {
                    after = format!("{prefix}{LAST}");
                    skipped = true;
                }
                if page.is_full(listing.limit) {
                    page.next = Some(after);
                    return Ok(page);
                }
            }
            if !more && !skipped {
                return Ok(page);
            }
            if rows_read >= ROWS_MAX || query >= QUERIES_MAX || out_of_time() {
                break;
            }
            limit = if skipped { 1 } else { limit * 2 };
        }
        page.next = Some(after);
        Ok(page)
    }

    async fn rows_after(
        &self,
        listing: &Listing<'_>,
        after: &str,
        limit: usize,
    ) -> Result<(Vec<FileRow>, bool), StorageError> {
        let low = if after > listing.prefix { after } else { listing.prefix };
        let high = format!("{}{LAST}", listing.prefix);
        let values = Values::new().with(":account_id", &listing.account_id)?;
        // DynamoDB refuses an empty key value, and BETWEEN bounds that are out of order.
        let (condition, values) = if low.is_empty() {
            ("#account_id = :account_id", values)
        } else if *low > *high {
            return Ok((Vec::new(), false));
        } else {
            (
                "#account_id = :account_id AND #path BETWEEN :low AND :high",
                values.with(":low", &low)?.with(":high", &high)?,
            )
        };
        let query = Query {
            table: &self.names.files,
            index: None,
            condition,
            values,
            after: None,
            // One more, because the row at `after` is read again.
            limit: limit + usize::from(!after.is_empty()),
            descending: false,
        };
        let (rows, last) = self.query(query).await?;
        Ok((rows.into_iter().map(parse).collect::<Result<_, _>>()?, last.is_some()))
    }

    /// Live files with this hash, in the order of their paths, from after a path.
    pub async fn files_by_hash(
        &self,
        account: AccountId,
        hash: FileHash,
        after: Option<&FilePath>,
        limit: usize,
    ) -> Result<Page, StorageError> {
        let (algorithm, digest) = match hash {
            FileHash::Sha256(sha256) => ("sha256", sha256.to_string()),
            FileHash::Sha1(sha1) => ("sha1", sha1.to_string()),
        };
        let account_id = account.to_string();
        let after = after
            .map(|path| key([("account_id", &account_id), ("path", path.as_str()), (algorithm, &digest)]));
        let query = Query {
            table: &self.names.files,
            index: Some(&format!("by_{algorithm}")),
            condition: &format!("#account_id = :account_id AND #{algorithm} = :digest"),
            values: Values::new().with(":account_id", &account)?.with(":digest", &digest)?,
            after,
            limit,
            descending: false,
        };
        let (rows, last) = self.query(query).await?;
        let mut page = Page::default();
        for row in rows {
            page.add_file(read(row)?);
        }
        page.next = place(last, "path")?;
        Ok(page)
    }
}

impl Listing<'_> {
    fn common_prefix(&self, path: &str) -> Option<String> {
        let delimiter = self.delimiter?;
        let rest = path.strip_prefix(self.prefix)?;
        let end = rest.find(delimiter)? + delimiter.len();
        Some(format!("{}{}", self.prefix, &rest[..end]))
    }
}

impl Page {
    /// Adds a live file or its common prefix, and returns that prefix.
    fn add(&mut self, listing: &Listing<'_>, file: File) -> Option<String> {
        let prefix = listing.common_prefix(file.path.as_str());
        if file.live().is_none() || file.displaced {
            return None;
        }
        match &prefix {
            Some(prefix) => self.common_prefixes.push(prefix.clone()),
            None => self.files.push(file),
        }
        prefix
    }

    fn add_file(&mut self, file: File) {
        if file.live().is_some() && !file.displaced {
            self.files.push(file);
        }
    }

    fn is_full(&self, limit: usize) -> bool {
        self.files.len() + self.common_prefixes.len() >= limit
    }
}
