//! `sluice-deploy up`: deploys a stage after showing what would change.

use clap::Args;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

use sluice_infra::template;

use crate::aws::{Aws, text};
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
    let aws = Aws::open(&stage, &options.target)?;
    let template = template::assemble(&workspace_dir())?;
    let template = template::with_names(&template, &stage.stack, &stage.account, &stage.region);
    stage.check_parameters(&template)?;
    let page = if stage.serves_page() { Some(page::build(options.page.as_deref())?) } else { None };
    let artifacts = packages::build(&stage, options.functions.as_deref()).await?;
    let uploaded = packages::upload(&aws, &stage, &artifacts, &template)?;

    println!("stack {} of account {} in {}", stage.stack, aws.account, stage.region);
    let proposal = Proposal::make(&aws, &stage, &uploaded)?;
    match changes::wait(&aws, &proposal.change_set_id) {
        Ok(Some(changes)) => {
            print!("{changes}");
            if !options.target.yes && !prompt::agrees("Deploy this?")? {
                proposal.withdraw()?;
                return Err("nothing was deployed".into());
            }
            if page.is_none() {
                page::delete_all(&aws, &stage.stack)?;
            }
            proposal.execute()?;
        }
        Ok(None) => {
            proposal.withdraw()?;
            println!("the stack needs no change");
        }
        Err(error) => {
            proposal.withdraw()?;
            return Err(error);
        }
    }
    let outputs = stack::outputs(&aws, &stage.stack)?;
    if let (Some(page), Some(bucket)) = (page, outputs.get("PageBucketName")) {
        page::upload(&aws, &page, bucket)?;
    }
    for (name, value) in &outputs {
        println!("  {name:<32} {value}");
    }
    Ok(())
}

/// A change set that waits for approval.
struct Proposal<'a> {
    aws: &'a Aws,
    stack_id: String,
    change_set_id: String,
}

impl<'a> Proposal<'a> {
    fn make(aws: &'a Aws, stage: &Stage, uploaded: &Uploaded) -> Outcome<Self> {
        let is_new = match stack::status(aws, &stage.stack).as_deref() {
            None | Some("REVIEW_IN_PROGRESS") => true,
            Some(status) if status.ends_with("_IN_PROGRESS") => {
                return Err(format!("stack {} is being changed: {status}", stage.stack).into());
            }
            Some(_) => false,
        };
        let mut create = vec!["cloudformation", "create-change-set", "--stack-name", &stage.stack];
        let name = format!("deploy-{}", random_name()?);
        create.extend(["--change-set-name", &name, "--capabilities", "CAPABILITY_IAM"]);
        create.extend(["--template-url", &uploaded.template_url]);
        let parameters = parameter_file(stage, uploaded)?;
        create.extend(["--parameters", &parameters]);
        if let Some(role) = &stage.role {
            create.extend(["--role-arn", role]);
        }
        if is_new {
            // Import the tables and buckets that an earlier stack of this name left, with their data. If the
            // creation fails, delete the stack, so that nobody has to do it by hand.
            create.extend(["--change-set-type", "CREATE", "--import-existing-resources"]);
            create.extend(["--on-stack-failure", "DELETE"]);
        }
        let answer = aws.json(&create)?;
        let id = |name: &str| text(&answer[name]).to_owned();
        Ok(Self { aws, stack_id: id("StackId"), change_set_id: id("Id") })
    }

    fn withdraw(&self) -> Outcome {
        self.aws.json(&["cloudformation", "delete-change-set", "--change-set-name", &self.change_set_id])?;
        // The stack is empty, unless somebody else has executed another change set meanwhile.
        if stack::status(self.aws, &self.stack_id).as_deref() == Some("REVIEW_IN_PROGRESS") {
            self.aws.json(&["cloudformation", "delete-stack", "--stack-name", &self.stack_id])?;
        }
        Ok(())
    }

    fn execute(&self) -> Outcome {
        let progress = Progress::new(self.aws, &self.stack_id)?;
        self.aws.json(&["cloudformation", "execute-change-set", "--change-set-name", &self.change_set_id])?;
        progress.follow(&["CREATE_COMPLETE", "UPDATE_COMPLETE"])
    }
}

/// A name that no other change set has.
fn random_name() -> Outcome<String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random)?;
    Ok(hex::encode(random))
}

/// Writes the parameters to a file and returns its URL. The AWS command line would parse JSON in an argument
/// itself.
fn parameter_file(stage: &Stage, uploaded: &Uploaded) -> Outcome<String> {
    let mut parameters = stage.parameters();
    parameters.extend(uploaded.parameters.clone());
    let list: Vec<Value> = parameters
        .iter()
        .map(|(name, value)| json!({ "ParameterKey": name, "ParameterValue": value }))
        .collect();
    let path = workspace_dir().join(format!("target/parameters-{}.json", stage.stack));
    fs::write(&path, Value::Array(list).to_string())?;
    Ok(format!("file://{}", path.display()))
}
