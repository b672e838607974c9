//! `sluice-deploy up`: deploys a stage after showing what would change.

use aws_sdk_cloudformation::types::{
    Capability, ChangeSetType, OnStackFailure, Parameter, ResourceStatus, StackStatus,
};
use clap::Args;
use std::path::PathBuf;

use sluice_infra::template;

use crate::aws::{Aws, refused};
use crate::bucket::Bucket;
use crate::packages::Uploaded;
use crate::progress::Progress;
use crate::stage::Stage;
use crate::target::{Outcome, Target, workspace_dir};
use crate::{changes, packages, page, prompt, stack};

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    target: Target,
    /// Deploy the functions' executables of this folder instead of building them
    #[arg(long, value_name = "FOLDER")]
    functions: Option<PathBuf>,
    /// Deploy the web page of this folder instead of building it
    #[arg(long, value_name = "FOLDER")]
    page: Option<PathBuf>,
}

pub(crate) async fn run(options: &Options) -> Outcome {
    let stage = Stage::read(&options.target.stage)?;
    let aws = Aws::open(&stage, &options.target).await?;
    let template = stage.with_names(&template::assemble(&workspace_dir())?)?;
    stage.check_parameters(&template)?;
    let page = if stage.serves_page() { Some(page::build(options.page.as_deref())?) } else { None };
    let artifacts = packages::build(&stage, options.functions.as_deref()).await?;
    let uploaded = packages::upload(&aws, &stage, artifacts, template).await?;

    println!("stack {} of account {} in {}", stage.stack, stage.account, stage.region);
    let proposal = Proposal::make(&aws, &stage, &uploaded).await?;
    match changes::wait(&aws, &proposal.change_set_id).await {
        Ok(Some(changes)) => {
            print!("{changes}");
            if !options.target.yes && !prompt::agrees("Deploy this?")? {
                proposal.withdraw().await?;
                return Err("nothing was deployed".into());
            }
            if page.is_none() {
                empty_page_bucket(&aws, &proposal.stack_id).await?;
            }
            proposal.execute().await?;
        }
        Ok(None) => {
            proposal.withdraw().await?;
            println!("the stack needs no change");
        }
        Err(error) => {
            proposal.withdraw().await?;
            return Err(error);
        }
    }
    let outputs = stack::outputs(stack::get(&aws, &stage.stack).await?);
    if let (Some(page), Some(name)) = (page, outputs.get(page::BUCKET_OUTPUT)) {
        page::upload(&Bucket { aws: &aws, name }, &page).await?;
    }
    for (name, value) in &outputs {
        println!("  {name:<32} {value}");
    }
    Ok(())
}

/// Empties the bucket of a page that will no longer be served. `CloudFormation` cannot delete a bucket with
/// objects.
async fn empty_page_bucket(aws: &Aws, stack_id: &str) -> Outcome {
    match stack::outputs(stack::get(aws, stack_id).await?).get(page::BUCKET_OUTPUT) {
        Some(name) => Bucket { aws, name }.delete_all_objects().await,
        None => Ok(()),
    }
}

/// A change set that waits for approval.
struct Proposal<'a> {
    aws: &'a Aws,
    stack_id: String,
    change_set_id: String,
}

impl<'a> Proposal<'a> {
    async fn make(aws: &'a Aws, stage: &Stage, uploaded: &Uploaded) -> Outcome<Self> {
        let is_new = match stack::status(aws, &stage.stack).await? {
            None | Some(StackStatus::ReviewInProgress) => true,
            Some(status) if status.as_str().ends_with("_IN_PROGRESS") => {
                return Err(format!("stack {} is being changed: {status}", stage.stack).into());
            }
            Some(_) => false,
        };
        let mut create = aws
            .cloudformation
            .create_change_set()
            .stack_name(&stage.stack)
            .change_set_name(format!("deploy-{}", random_name()?))
            .capabilities(Capability::CapabilityIam)
            .template_url(&uploaded.template_url)
            .set_parameters(Some(parameters(stage, uploaded)))
            .set_role_arn(stage.role.clone());
        if is_new {
            // Import the tables and buckets that an earlier stack of this name left, with their data. If the
            // creation fails, delete the stack, so that nobody has to do it by hand.
            create = create.change_set_type(ChangeSetType::Create).import_existing_resources(true);
            create = create.on_stack_failure(OnStackFailure::Delete);
        }
        let created = create.send().await.map_err(refused("cloudformation create-change-set"))?;
        Ok(Self {
            aws,
            stack_id: created.stack_id.unwrap_or_default(),
            change_set_id: created.id.unwrap_or_default(),
        })
    }

    async fn withdraw(&self) -> Outcome {
        let cloudformation = &self.aws.cloudformation;
        let delete = cloudformation.delete_change_set().change_set_name(&self.change_set_id);
        delete.send().await.map_err(refused("cloudformation delete-change-set"))?;
        // The stack is empty, unless somebody else has executed another change set meanwhile.
        if stack::status(self.aws, &self.stack_id).await? == Some(StackStatus::ReviewInProgress) {
            let delete = cloudformation.delete_stack().stack_name(&self.stack_id);
            delete.send().await.map_err(refused("cloudformation delete-stack"))?;
        }
        Ok(())
    }

    async fn execute(&self) -> Outcome {
        let progress = Progress::new(self.aws, &self.stack_id).await?;
        let execute = self.aws.cloudformation.execute_change_set().change_set_name(&self.change_set_id);
        execute.send().await.map_err(refused("cloudformation execute-change-set"))?;
        progress.follow(&[ResourceStatus::CreateComplete, ResourceStatus::UpdateComplete]).await
    }
}

/// A name that no other change set has.
fn random_name() -> Outcome<String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random)?;
    Ok(hex::encode(random))
}

fn parameters(stage: &Stage, uploaded: &Uploaded) -> Vec<Parameter> {
    let parameters = stage.parameters().into_iter().chain(uploaded.parameters.clone());
    let parameter = |(name, value)| Parameter::builder().parameter_key(name).parameter_value(value).build();
    parameters.map(parameter).collect()
}
