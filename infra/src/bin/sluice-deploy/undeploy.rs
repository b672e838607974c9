//! `sluice-deploy down`: deletes a stage's stack, and its data if asked to.

use aws_sdk_cloudformation::types::{ResourceStatus, StackResourceSummary};
use aws_sdk_dynamodb::types::TableStatus;
use clap::Args;

use sluice_infra::template;

use crate::aws::{Aws, refused};
use crate::bucket::Bucket;
use crate::poll::PollInterval;
use crate::progress::Progress;
use crate::stage::Stage;
use crate::target::{Outcome, Target};
use crate::{page, prompt, stack};

/// Buckets of objects that can be recreated. `CloudFormation` cannot delete a bucket with objects.
const EMPTIED: [&str; 2] = ["CacheBucketName", page::BUCKET_OUTPUT];

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    target: Target,
    /// Also delete all accounts, files and blobs for ever; asks a second time
    #[arg(long)]
    delete_data: bool,
}

/// A table or bucket that outlives the stack.
struct Kept {
    is_table: bool,
    name: String,
}

pub(crate) async fn run(options: &Options) -> Outcome {
    let stage = Stage::read(&options.target.stage)?;
    let aws = Aws::open(&stage, &options.target).await?;
    let stack = stack::get(&aws, &stage.stack).await?;
    let stack_id = stack.stack_id().unwrap_or_default().to_owned();
    let kept = kept(&aws, &stack_id).await?;

    println!(
        "stack {} of account {} in {} will be deleted, with its functions, queues, logs and API",
        stage.stack, stage.account, stage.region
    );
    let fate = if options.delete_data { "will be deleted" } else { "stays" };
    for Kept { is_table, name } in &kept {
        println!("  {} {name} {fate}", if *is_table { "table " } else { "bucket" });
    }
    if !options.target.yes && !prompt::agrees("Delete this stack?")? {
        return Err("nothing was deleted".into());
    }
    if options.delete_data {
        let question =
            format!("All data of {0} will be lost for ever. Type the stack's name to continue:", stage.stack);
        if !prompt::types(&question, &stage.stack)? {
            return Err("nothing was deleted".into());
        }
    }
    let outputs = stack::outputs(stack);
    let buckets: Vec<&str> = EMPTIED.iter().filter_map(|name| Some(outputs.get(*name)?.as_str())).collect();
    if let Err(error) = remove(&aws, &stack_id, &buckets).await {
        // A function that was still running may have written to the cache again.
        println!("trying again: {error}");
        remove(&aws, &stack_id, &buckets).await?;
    }
    if options.delete_data {
        for kept in &kept {
            delete(&aws, kept).await?;
        }
        delete(&aws, &Kept { is_table: false, name: stage.artifact_bucket() }).await?;
    } else {
        println!(
            "the tables and buckets above stay, and {} with the code; deploy again to use them",
            stage.artifact_bucket()
        );
    }
    Ok(())
}

/// Empties those of the `buckets` that exist, then deletes the stack.
async fn remove(aws: &Aws, stack_id: &str, buckets: &[&str]) -> Outcome {
    for name in buckets {
        let bucket = Bucket { aws, name };
        if bucket.is_usable().await {
            bucket.delete_all_objects().await?;
        }
    }
    let progress = Progress::new(aws, stack_id).await?;
    let delete = aws.cloudformation.delete_stack().stack_name(stack_id);
    delete.send().await.map_err(refused("cloudformation delete-stack"))?;
    progress.follow(&[ResourceStatus::DeleteComplete]).await
}

/// The resources that the deployed template retains. Today's template may retain others.
async fn kept(aws: &Aws, stack_id: &str) -> Outcome<Vec<Kept>> {
    let got = aws.cloudformation.get_template().stack_name(stack_id).send().await;
    let template = got.map_err(refused("cloudformation get-template"))?.template_body.unwrap_or_default();
    let retained = template::retained(&template);
    let list = aws.cloudformation.list_stack_resources().stack_name(stack_id);
    let mut resources = list.into_paginator().items().send();
    let mut kept = Vec::new();
    while let Some(resource) = resources.next().await {
        let resource: StackResourceSummary =
            resource.map_err(refused("cloudformation list-stack-resources"))?;
        if retained.contains(&resource.logical_resource_id().unwrap_or_default()) {
            kept.push(Kept {
                is_table: resource.resource_type() == Some("AWS::DynamoDB::Table"),
                name: resource.physical_resource_id.unwrap_or_default(),
            });
        }
    }
    Ok(kept)
}

async fn delete(aws: &Aws, Kept { is_table, name }: &Kept) -> Outcome {
    println!("deleting {name}");
    if *is_table { delete_table(aws, name).await } else { Bucket { aws, name }.delete().await }
}

async fn delete_table(aws: &Aws, name: &str) -> Outcome {
    let unprotect = aws.tables.update_table().table_name(name).deletion_protection_enabled(false);
    unprotect.send().await.map_err(refused("dynamodb update-table"))?;
    // A table cannot be deleted while it changes.
    let mut interval = PollInterval::new();
    loop {
        let described = aws.tables.describe_table().table_name(name).send().await;
        let table = described.map_err(refused("dynamodb describe-table"))?.table;
        if table.and_then(|table| table.table_status) == Some(TableStatus::Active) {
            break;
        }
        interval.wait().await;
    }
    let deleted = aws.tables.delete_table().table_name(name).send().await;
    Ok(deleted.map(drop).map_err(refused("dynamodb delete-table"))?)
}
