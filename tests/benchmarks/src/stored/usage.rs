//! Reads what a deployment of Sluice has stored.

use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::{BTreeMap, HashMap};

use crate::Failure;
use crate::bench_stack::BenchStack;

const BUCKETS: [&str; 3] = ["LandingBucketName", "VaultBucketName", "CacheBucketName"];
const TABLES: [&str; 6] = [
    "BlobsTableName",
    "PacksTableName",
    "ChunkIndexTableName",
    "FilesTableName",
    "VersionsTableName",
    "UploadsTableName",
];

/// Stored bytes by place.
#[derive(Debug, Default)]
pub struct Usage {
    /// Objects, by bucket and the first part of their keys.
    pub objects: BTreeMap<String, u64>,
    /// Rows as DynamoDB counts them, by table, without inline bytes.
    pub rows: BTreeMap<String, u64>,
    /// Pack indexes and manifests that are stored in rows, because they are small.
    pub inline_bytes: u64,
}

impl Usage {
    /// Reads all buckets and tables of files.
    pub async fn read(bench: &BenchStack) -> Result<Self, Failure> {
        let mut usage = Self::default();
        for bucket in BUCKETS {
            usage.add_objects(bench, bucket).await?;
        }
        for table in TABLES {
            usage.add_rows(bench, table).await?;
        }
        Ok(usage)
    }

    /// The bytes of the files: objects and inline bytes.
    pub fn content_bytes(&self) -> u64 {
        self.objects.values().sum::<u64>() + self.inline_bytes
    }

    /// The bytes of the files, and the rows of files, versions, blobs and packs.
    pub fn all_bytes(&self) -> u64 {
        self.content_bytes() + self.rows.values().sum::<u64>()
    }

    async fn add_objects(&mut self, bench: &BenchStack, output: &str) -> Result<(), Failure> {
        let config = aws_sdk_s3::config::Builder::from(bench.stack.sdk_config()).force_path_style(true);
        let client = aws_sdk_s3::Client::from_conf(config.build());
        let name = bench.stack.output(output).ok_or_else(|| format!("the stack has no {output}"))?;
        let mut pages = client.list_objects_v2().bucket(name).into_paginator().send();
        while let Some(page) = pages.try_next().await? {
            for object in page.contents() {
                let key = object.key().unwrap_or_default();
                let place = key.split_once('/').map_or(key, |(first, _)| first);
                let place = format!("{} `{place}/`", output.trim_end_matches("BucketName").to_lowercase());
                *self.objects.entry(place).or_default() += object.size().unwrap_or(0).cast_unsigned();
            }
        }
        Ok(())
    }

    async fn add_rows(&mut self, bench: &BenchStack, output: &str) -> Result<(), Failure> {
        let client = aws_sdk_dynamodb::Client::new(bench.stack.sdk_config());
        let name = bench.stack.output(output).ok_or_else(|| format!("the stack has no {output}"))?;
        let mut items = client.scan().table_name(name).into_paginator().items().send();
        let mut rows_bytes = 0;
        while let Some(item) = items.try_next().await? {
            let inline_bytes = item.values().map(inline_bytes).sum::<usize>();
            rows_bytes += (map_bytes(&item) - inline_bytes) as u64;
            self.inline_bytes += inline_bytes as u64;
        }
        self.rows.insert(output.trim_end_matches("TableName").to_lowercase(), rows_bytes);
        Ok(())
    }
}

/// The size of an attribute's value, as DynamoDB's documentation gives it; numbers as if each digit took a
/// byte.
fn value_bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::M(map) => 3 + map.len() + map_bytes(map),
        AttributeValue::L(list) => 3 + list.iter().map(|value| 1 + value_bytes(value)).sum::<usize>(),
        AttributeValue::Ss(texts) | AttributeValue::Ns(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::Bs(all) => all.iter().map(|bytes| bytes.as_ref().len()).sum(),
        _ => 1,
    }
}

fn map_bytes(map: &HashMap<String, AttributeValue>) -> usize {
    map.iter().map(|(name, value)| name.len() + value_bytes(value)).sum()
}

/// The size of binary attributes. Only pack indexes and manifests are binary.
fn inline_bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::M(map) => map.values().map(inline_bytes).sum(),
        AttributeValue::L(list) => list.iter().map(inline_bytes).sum(),
        _ => 0,
    }
}
