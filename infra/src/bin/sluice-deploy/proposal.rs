//! Change sets, from their creation to the end of their execution.

use aws_sdk_cloudformation::types::{
    Capability, ChangeSetType, DeploymentMode, OnStackFailure, Parameter, ResourceStatus, StackStatus,
};

use crate::aws::{Aws, refused};
use crate::changes::{self, Changes};
use crate::packages::Uploaded;
use crate::progress::Progress;
use crate::stack;
use crate::stage::Stage;
use crate::target::Outcome;

/// A change set that waits for approval.
pub(crate) struct Proposal<'a> {
    aws: &'a Aws,
    pub(crate) stack_id: String,
    change_set_id: String,
}

enum Mode {
    Create,
    Update,
    /// Also updates what differs from the template although neither has changed.
    RevertDrift,
}

impl<'a> Proposal<'a> {
    /// Proposes to create or update the stack.
    pub(crate) async fn make(aws: &'a Aws, stage: &Stage, uploaded: &Uploaded) -> Outcome<Self> {
        let stack = stack::find(aws, &stage.stack).await?;
        let mode = match stack.as_ref().and_then(|stack| stack.stack_status.as_ref()) {
            None | Some(StackStatus::ReviewInProgress) => Mode::Create,
            // A creation failed, and whoever watched it was interrupted. Such a stack can only be deleted.
            Some(status) if is_failed_creation(status) => {
                let stack_id = stack.as_ref().and_then(|stack| stack.stack_id()).unwrap_or_default();
                delete_rolled_back(aws, stack_id).await?;
                Mode::Create
            }
            Some(status) if status.as_str().ends_with("_IN_PROGRESS") => {
                return Err(format!("stack {} is being changed: {status}", stage.stack).into());
            }
            Some(_) => Mode::Update,
        };
        Self::create(aws, stage, uploaded, mode).await
    }

    /// Proposes to give everything the properties that the template says.
    pub(crate) async fn revert_drift(aws: &'a Aws, stage: &Stage, uploaded: &Uploaded) -> Outcome<Self> {
        Self::create(aws, stage, uploaded, Mode::RevertDrift).await
    }

    async fn create(aws: &'a Aws, stage: &Stage, uploaded: &Uploaded, mode: Mode) -> Outcome<Self> {
        let mut create = aws
            .cloudformation
            .create_change_set()
            .stack_name(&stage.stack)
            .change_set_name(format!("deploy-{}", random_name()?))
            .capabilities(Capability::CapabilityIam)
            .template_url(&uploaded.template_url)
            .set_parameters(Some(parameters(stage, uploaded)))
            .set_role_arn(stage.role.clone());
        match mode {
            // Import the tables and buckets that an earlier stack of this name left, with their data.
            Mode::Create => {
                create = create.change_set_type(ChangeSetType::Create).import_existing_resources(true);
                create = create.on_stack_failure(OnStackFailure::Rollback);
            }
            Mode::Update => {}
            Mode::RevertDrift => create = create.deployment_mode(DeploymentMode::RevertDrift),
        }
        let created = create.send().await.map_err(refused("cloudformation create-change-set"))?;
        Ok(Self {
            aws,
            stack_id: created.stack_id.unwrap_or_default(),
            change_set_id: created.id.unwrap_or_default(),
        })
    }

    /// Waits for the changes. Withdraws the change set if there are none or they are not possible.
    pub(crate) async fn review(&self) -> Outcome<Option<Changes>> {
        let changes = changes::wait(self.aws, &self.change_set_id).await;
        if !matches!(changes, Ok(Some(_))) {
            self.withdraw().await?;
        }
        changes
    }

    pub(crate) async fn withdraw(&self) -> Outcome {
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

    /// Executes the change set. If that fails, what it created is deleted, retained types too, and a new
    /// stack as a whole: the next attempt would import the remains.
    pub(crate) async fn execute(&self, changes: &Changes) -> Outcome {
        let progress = Progress::new(self.aws, &self.stack_id).await?;
        let execute = self.aws.cloudformation.execute_change_set().change_set_name(&self.change_set_id);
        // AWS does not say whether an imported table counts as created.
        let execute = execute.retain_except_on_create(!changes.import_data());
        execute.send().await.map_err(refused("cloudformation execute-change-set"))?;
        let ended = progress.follow(&[ResourceStatus::CreateComplete, ResourceStatus::UpdateComplete]).await;
        if ended.is_err()
            && stack::status(self.aws, &self.stack_id).await?.as_ref().is_some_and(is_failed_creation)
        {
            delete_rolled_back(self.aws, &self.stack_id).await?;
        }
        ended
    }
}

/// Whether a creation was rolled back. This may fail: tables are protected from deletion.
fn is_failed_creation(status: &StackStatus) -> bool {
    matches!(status, StackStatus::RollbackComplete | StackStatus::RollbackFailed)
}

/// Deletes a stack whose creation was rolled back. Empty tables that are protected stay, by their deletion
/// policy, and the next creation imports them.
async fn delete_rolled_back(aws: &Aws, stack_id: &str) -> Outcome {
    let progress = Progress::new(aws, stack_id).await?;
    let delete = aws.cloudformation.delete_stack().stack_name(stack_id);
    delete.send().await.map_err(refused("cloudformation delete-stack"))?;
    progress.follow(&[ResourceStatus::DeleteComplete]).await
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
