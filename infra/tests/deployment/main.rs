//! Tests `sluice-deploy` on the emulator: create, change, fail, delete with and without the data, and create
//! again.

mod command;

use aws_sdk_cloudformation::types::StackStatus;
use serde_json::{Value, json};
use sluice_contracts::problem::Code;
use sluice_tests::{Client, Deployed, bytes, text};

use crate::command::{Deployment, Run};

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_is_created_changed_deleted_and_restored() {
    let deployment = Deployment::new().await;
    refuses_invalid_stages(&deployment).await;
    deploys_nothing_without_confirmation(&deployment).await;

    let first = deployment.up(&json!({}));
    first
        .prints("+ add     AccountsTable ")
        .prints("0 to change, 0 to change or replace, 0 to replace, 0 to remove");
    first.prints("CREATE_COMPLETE  AccountsTable").prints("  ApiUrl ");
    // The emulator has no Service Quotas.
    first.prints("WARNING: cannot ask for the limit on concurrent invocations: ");
    let stack = deployment.deployed(&first);
    let user = Client::register(&stack).await;
    let content = bytes(1, 100_000);
    let file = user.upload("kept", &content).await.file_id;

    deployment.up(&json!({})).prints("the stack needs no change");
    changes_a_parameter(&deployment);
    assert!(user.read(file).await == content, "the data is still there");
    serves_the_page(&deployment).await;
    assert!(user.read(file).await == content, "the stack still works");
    shows_metrics_and_alarms_on_the_dashboard(&deployment);
    a_function_has_only_the_rights_of_its_role(&deployment, &stack).await;

    keeps_the_data(&deployment).await;
    let again = deployment.up(&json!({}));
    again.prints("^ import  AccountsTable ").prints("^ import  VaultBucket ").prints("15 to import");
    again.prints("updating what was imported");
    let user = user.at(&deployment.deployed(&again));
    assert!(user.read(file).await == content, "the data is restored");

    deletes_the_data_after_a_second_confirmation(&deployment).await;
}

async fn refuses_invalid_stages(deployment: &Deployment) {
    let refused = deployment.run(&["up"], &json!({ "account": "111122223333" }), "");
    let reason = "these credentials belong to account 000000000000, but the stage is in account 111122223333";
    refused.fails().prints(reason);
    let refused = deployment.run(&["up", "--yes"], &json!({ "parameters": { "LogLevel": "loud" } }), "");
    refused.fails().prints("LogLevel");
    let refused = deployment.run(&["up", "--yes"], &json!({ "parameters": { "Loglevel": "info" } }), "");
    refused.fails().prints("the template has no parameter Loglevel");
    let named = json!({ "parameters": { "PageDomainName": "files.example" } });
    deployment.run(&["up", "--yes"], &named, "").fails().prints("PageDomainName needs PageCertificateArn");
    let large: String = "x".repeat(3000);
    let stores = json!({ "parameters": { "Stores": { "cold": { "endpoint": large } } } });
    deployment.run(&["up", "--yes"], &stores, "").fails().prints("and Lambda allows 4096");
    let bucket = "staged-cache-000000000000-us-east-1";
    deployment.create_bucket(bucket).await;
    let refused = deployment.run(&["up", "--yes"], &json!({}), "");
    refused.fails().prints("these changes are not possible: ").prints("CacheBucket");
    deployment.delete_bucket(bucket).await;
    assert_eq!(deployment.status().await, None, "the failed stack is deleted");
}

async fn deploys_nothing_without_confirmation(deployment: &Deployment) {
    for answer in ["n\n", ""] {
        let declined = deployment.run(&["up"], &json!({}), answer);
        declined.fails().prints("+ add     AccountsTable").prints("nothing was deployed");
        assert_eq!(deployment.status().await, None);
    }
}

fn changes_a_parameter(deployment: &Deployment) {
    let change = json!({ "parameters": { "RejectedUploadsPerHour": 5 } });
    let changed = deployment.run(&["up"], &change, "y\n").succeeds();
    // The emulator does not know whether a new threshold replaces the alarm. AWS does.
    changed
        .prints("RejectedUploadsAlarm ")
        .prints(" Threshold\n")
        .prints("0 to add, 0 to import, ")
        .prints("0 to replace, 0 to remove");
    assert_eq!(deployment.rejections_allowed(), "5.0");
}

/// The first update fails and is rolled back, because another bucket has the name of the page's bucket.
async fn serves_the_page(deployment: &Deployment) {
    let bucket = "staged-page-000000000000-us-east-1";
    let page = deployment.page();
    let change = json!({ "parameters": { "ServePage": true, "RejectedUploadsPerHour": 7 } });
    let update = || deployment.run(&["up", "--yes", "--page", &page], &change, "");
    deployment.create_bucket(bucket).await;
    update().fails().prints("failed at PageBucket: ").prints("the stack was rolled back");
    assert_eq!(deployment.rejections_allowed(), "5.0", "the other change is rolled back too");
    assert_eq!(deployment.status().await, Some(StackStatus::UpdateRollbackComplete));
    deployment.delete_bucket(bucket).await;

    update().succeeds().prints("  PageUrl ");
    let index = deployment.objects().head_object().bucket(bucket).key("index.html").send().await;
    assert_eq!(index.expect("an object").cache_control(), Some("no-cache"));
    // Without the page its bucket is deleted, or the page could not be switched on again.
    deployment.up(&json!({}));
    assert!(!deployment.buckets().await.contains(&"page".to_owned()));
    update().succeeds();
}

fn shows_metrics_and_alarms_on_the_dashboard(deployment: &Deployment) {
    let dashboard = deployment.aws(&["cloudwatch", "get-dashboard", "--dashboard-name", "staged-us-east-1"]);
    let body: Value = serde_json::from_str(text(&dashboard["DashboardBody"])).expect("a dashboard's JSON");
    let widgets = body["widgets"].as_array().expect("widgets");
    assert!(widgets.len() > 10 && !body.to_string().contains("${"), "{body}");
    let alarms = widgets[0]["properties"]["alarms"].as_array().expect("alarms");
    assert!(alarms.iter().all(|alarm| text(alarm).starts_with("arn:aws:cloudwatch:")), "{alarms:?}");
}

/// A function cannot do what its role is denied: the emulator checks rights inside functions too.
async fn a_function_has_only_the_rights_of_its_role(deployment: &Deployment, stack: &Deployed) {
    let role = deployment.resource("AccountsRole").await;
    let denial = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Deny", "Action": "dynamodb:PutItem", "Resource": "*" }],
    });
    let policy = ["--role-name", &role, "--policy-name", "denial"];
    let put = ["iam", "put-role-policy", "--policy-document", &denial.to_string()];
    deployment.aws(&[&put[..], &policy].concat());
    let stranger = Client::stranger(stack);
    let account = json!({ "username": "denied", "password": "a password of some length" });
    stranger.post("/accounts", &account).await.expect_problem(500, Code::Internal);
    deployment.aws(&[&["iam", "delete-role-policy"][..], &policy].concat());
    stranger.post("/accounts", &account).await.expect(201);
}

async fn keeps_the_data(deployment: &Deployment) {
    deployment.run(&["down"], &json!({}), "n\n").fails().prints("nothing was deleted");
    let removed = deployment.run(&["down"], &json!({}), "y\n").succeeds();
    removed.prints("table  staged-accounts stays").prints("bucket staged-vault-000000000000-us-east-1 stays");
    removed.prints("DELETE_COMPLETE");
    assert_eq!(deployment.status().await, None);
    let tables = deployment.tables().await;
    assert_eq!(tables.len(), 13, "{tables:?}");
    let buckets = deployment.buckets().await;
    assert_eq!(buckets, ["artifacts", "landing", "vault"], "cache and page are deleted");
}

async fn deletes_the_data_after_a_second_confirmation(deployment: &Deployment) {
    let arguments = ["down", "--delete-data"];
    let delete = |answers: &str| -> Run { deployment.run(&arguments, &json!({}), answers) };
    delete("y\nno\n").fails().prints("Type the stack's name").prints("nothing was deleted");
    assert_eq!(deployment.buckets().await.len(), 4);

    // A deletion that dies midway is finished by the next.
    deployment.kill_at("deleting staged-chunk-index", &arguments, "y\nstaged\n");
    assert_eq!(deployment.status().await, None);
    deployment.run(&["down"], &json!({}), "y\n").fails().prints("there is no stack staged");
    delete("y\nno\n").fails().prints("table  staged-versions will be deleted").prints("nothing was deleted");
    assert!(deployment.tables().await.contains(&"staged-versions".to_owned()));
    delete("y\nstaged\n").succeeds().prints("deleting staged-versions");
    assert_eq!(deployment.tables().await, Vec::<String>::new());
    assert_eq!(deployment.buckets().await, Vec::<String>::new());
    // A table of another program, whose name happens to be that of a stack which was never deployed.
    let key = ["--attribute-definitions", "AttributeName=a,AttributeType=S", "--key-schema"];
    let create = ["dynamodb", "create-table", "--table-name", "staged-accounts"];
    let rest = ["AttributeName=a,KeyType=HASH", "--billing-mode", "PAY_PER_REQUEST"];
    deployment.aws(&[&create[..], &key, &rest].concat());
    delete("y\nstaged\n").fails().prints("there is no stack staged");
    assert_eq!(deployment.tables().await, ["staged-accounts"]);
}
