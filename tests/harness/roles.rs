//! Assumes the functions' roles, as Lambda does.

use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_sdk_cloudformation::Client;
use aws_sdk_s3::config::{ProvideCredentials as _, SharedCredentialsProvider};
use sluice_localstack::{Settings, function_names};
use std::collections::BTreeMap;

/// The name that [`Settings`] gives to stacks.
const STACK: &str = "sluice";

/// Assumes the role of every function. The emulator accepts its administrator as the service that a role
/// trusts.
pub async fn assume_all(sdk: &SdkConfig) -> BTreeMap<String, SdkConfig> {
    let functions = function_names(&Settings::new("").workspace_dir).expect("functions");
    let mut roles = BTreeMap::new();
    for function in functions {
        let role = role_name(sdk, &function).await;
        let arn = format!("arn:aws:iam::000000000000:role/{role}");
        let provider = AssumeRoleProvider::builder(arn).session_name(&function).configure(sdk).build().await;
        let credentials = provider.provide_credentials().await.expect("credentials");
        let provider = SharedCredentialsProvider::new(credentials);
        roles.insert(function, sdk.to_builder().credentials_provider(provider).build());
    }
    roles
}

async fn role_name(sdk: &SdkConfig, function: &str) -> String {
    let capitalise = |word: &str| word[..1].to_uppercase() + &word[1..];
    let logical_id: String = function.split('-').map(capitalise).chain(["Role".to_owned()]).collect();
    let describe =
        Client::new(sdk).describe_stack_resource().stack_name(STACK).logical_resource_id(&logical_id);
    let described = describe.send().await.unwrap_or_else(|error| panic!("{logical_id}: {error:?}"));
    let resource = described.stack_resource_detail.expect("a resource");
    resource.physical_resource_id.expect("a name")
}
