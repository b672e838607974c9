//! `sluice-deploy down`: deletes a stage's stack, and its data if asked to.

use aws_sdk_cloudformation::types::{ResourceStatus, Stack, StackStatus};
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types::TableStatus;
use clap::Args;

use sluice_infra::template::{self, Retained};

use crate::aws::{Aws, Refused, refused};
use crate::bucket::Bucket;
use crate::poll::PollInterval;
use crate::progress::Progress;
use crate::stage::Stage;
use crate::target::{Outcome, Target, workspace_dir};
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

pub(crate) async fn run(options: &Options) -> Outcome {
    let stage = Stage::read(&options.target.stage)?;
    let aws = Aws::open(&stage, &options.target).await?;
    let stack = stack::find(&aws, &stage.stack).await?;
    let mut kept = kept(&aws, &stage, stack.as_ref()).await?;
    if options.delete_data {
        kept = existing(&aws, kept).await?;
    }
    // The bucket of the code is deleted last. Without it nothing says that tables of these names are
    // Sluice's.
    let was_deployed = options.delete_data && kept.contains(&Retained::Bucket(stage.artifact_bucket()));
    if stack.is_none() && !was_deployed {
        return Err(format!("there is no stack {}", stage.stack).into());
    }
    show(&stage, stack.is_some(), &kept, options.delete_data);
    if !options.target.yes && !prompt::agrees("Delete this?")? {
        return Err("nothing was deleted".into());
    }
    if options.delete_data {
        let question =
            format!("All data of {0} will be lost for ever. Type the stack's name to continue:", stage.stack);
        if !prompt::types(&question, &stage.stack)? {
            return Err("nothing was deleted".into());
        }
    }
    if let Some(stack) = stack {
        delete_stack(&aws, stack).await?;
    }
    if options.delete_data {
        for kept in &kept {
            delete(&aws, kept).await?;
        }
    } else {
        println!("the tables and buckets above stay; deploy again to use them");
    }
    Ok(())
}

fn show(stage: &Stage, is_deployed: bool, kept: &[Retained], delete_data: bool) {
    let Stage { stack, account, region, .. } = stage;
    if is_deployed {
        println!(
            "stack {stack} of account {account} in {region} will be deleted, with its functions, queues, \
             logs and API"
        );
    } else {
        println!("there is no stack {stack} of account {account} in {region} any more, but these are left");
    }
    let fate = if delete_data { "will be deleted" } else { "stays" };
    for kept in kept {
        match kept {
            Retained::Table(name) => println!("  table  {name} {fate}"),
            Retained::Bucket(name) => println!("  bucket {name} {fate}"),
        }
    }
}

async fn delete_stack(aws: &Aws, stack: Stack) -> Outcome {
    let stack_id = stack.stack_id().unwrap_or_default().to_owned();
    let outputs = stack::outputs(stack);
    let buckets: Vec<&str> = EMPTIED.iter().filter_map(|name| Some(outputs.get(*name)?.as_str())).collect();
    if let Err(error) = remove(aws, &stack_id, &buckets).await {
        // A function that was still running may have written to the cache again.
        println!("trying again: {error}");
        remove(aws, &stack_id, &buckets).await?;
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
    // A deletion that was interrupted has gone on, and causes no more events once it has ended.
    if stack::status(aws, stack_id).await? == Some(StackStatus::DeleteComplete) {
        return Ok(());
    }
    let delete = aws.cloudformation.delete_stack().stack_name(stack_id);
    delete.send().await.map_err(refused("cloudformation delete-stack"))?;
    progress.follow(&[ResourceStatus::DeleteComplete]).await
}

/// The tables and buckets that outlive the stack: those of the deployed template (today's may retain others),
/// or of today's if the stack is gone; and the bucket of the functions' code.
async fn kept(aws: &Aws, stage: &Stage, stack: Option<&Stack>) -> Outcome<Vec<Retained>> {
    let template = match stack {
        Some(stack) => {
            let stack_id = stack.stack_id().unwrap_or_default();
            let got = aws.cloudformation.get_template().stack_name(stack_id).send().await;
            got.map_err(refused("cloudformation get-template"))?.template_body.unwrap_or_default()
        }
        None => template::assemble(&workspace_dir())?,
    };
    let mut kept = template::retained(&stage.with_names(&template)?)?;
    kept.push(Retained::Bucket(stage.artifact_bucket()));
    Ok(kept)
}

async fn existing(aws: &Aws, kept: Vec<Retained>) -> Outcome<Vec<Retained>> {
    let mut existing = Vec::new();
    for kept in kept {
        let exists = match &kept {
            Retained::Table(name) => table_exists(aws, name).await?,
            Retained::Bucket(name) => Bucket { aws, name }.exists().await?,
        };
        if exists {
            existing.push(kept);
        }
    }
    Ok(existing)
}

/// Whether the table exists and nobody is deleting it.
async fn table_exists(aws: &Aws, name: &str) -> Result<bool, Refused> {
    match aws.tables.describe_table().table_name(name).send().await {
        Ok(described) => {
            Ok(described.table.and_then(|table| table.table_status) != Some(TableStatus::Deleting))
        }
        Err(error)
            if error.as_service_error().is_some_and(DescribeTableError::is_resource_not_found_exception) =>
        {
            Ok(false)
        }
        Err(error) => Err(refused("dynamodb describe-table")(error)),
    }
}

async fn delete(aws: &Aws, kept: &Retained) -> Outcome {
    let (Retained::Table(name) | Retained::Bucket(name)) = kept;
    println!("deleting {name}");
    match kept {
        Retained::Table(name) => delete_table(aws, name).await,
        Retained::Bucket(name) => Bucket { aws, name }.delete().await,
    }
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
