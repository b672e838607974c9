//! `sluice-deploy` on the emulator: up, changed, failed, down with and without the data, and up again.

mod command;

use serde_json::{Value, json};
use sluice_tests::{Client, Deployed, bytes, text};

use crate::command::{Deployment, Run};

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_is_deployed_changed_removed_and_brought_back() {
    let deployment = Deployment::new().await;
    refuses_what_cannot_be_deployed(&deployment);
    deploys_nothing_without_a_yes(&deployment);

    let first = deployment.up(&json!({}));
    first
        .says("+ add     AccountsTable ")
        .says("0 to change, 0 to change or replace, 0 to replace, 0 to remove");
    first.says("CREATE_COMPLETE  AccountsTable").says("  ApiUrl ");
    let stack = deployment.deployed(&first);
    let user = Client::register(&stack).await;
    let content = bytes(1, 100_000);
    let file = text(&user.upload("kept", &content).await["version"]["file_id"]).to_owned();

    deployment.up(&json!({})).says("the stack needs no change");
    changes_a_parameter(&deployment);
    assert!(user.read(&file).await == content, "the data is still there");
    serves_the_page(&deployment);
    assert!(user.read(&file).await == content, "the stack still works");
    shows_all_on_the_dashboard(&deployment);
    a_function_is_held_to_its_role(&deployment, &stack).await;

    keeps_the_data(&deployment);
    let again = deployment.up(&json!({}));
    again.says("^ take in AccountsTable ").says("^ take in VaultBucket ").says("12 to take in");
    let user = user.at(&deployment.deployed(&again));
    assert!(user.read(&file).await == content, "the data came back");

    deletes_the_data_when_asked_twice(&deployment);
}

fn refuses_what_cannot_be_deployed(deployment: &Deployment) {
    let refused = deployment.run(&["up"], &json!({ "account": "111122223333" }), "");
    refused.fails().says("these credentials are of account 000000000000, the stage's is 111122223333");
    let refused = deployment.run(&["up", "--yes"], &json!({ "parameters": { "LogLevel": "loud" } }), "");
    refused.fails().says("LogLevel");
    let refused = deployment.run(&["up", "--yes"], &json!({ "parameters": { "Loglevel": "info" } }), "");
    refused.fails().says("the template has no parameter Loglevel");
    let named = json!({ "parameters": { "PageDomainName": "files.example" } });
    deployment.run(&["up", "--yes"], &named, "").fails().says("PageDomainName needs PageCertificateArn");
    let bucket = "staged-cache-000000000000-us-east-1";
    deployment.aws(&["s3api", "create-bucket", "--bucket", bucket]);
    let refused = deployment.run(&["up", "--yes"], &json!({}), "");
    refused.fails().says("these changes are not possible: ").says("CacheBucket");
    deployment.aws(&["s3api", "delete-bucket", "--bucket", bucket]);
    assert_eq!(deployment.status(), None, "nothing is left of it");
}

fn deploys_nothing_without_a_yes(deployment: &Deployment) {
    for answer in ["n\n", ""] {
        let declined = deployment.run(&["up"], &json!({}), answer);
        declined.fails().says("+ add     AccountsTable").says("nothing was deployed");
        assert_eq!(deployment.status(), None);
    }
}

fn changes_a_parameter(deployment: &Deployment) {
    let change = json!({ "parameters": { "RejectedUploadsPerHour": 5 } });
    let changed = deployment.run(&["up"], &change, "y\n").succeeds();
    // The emulator does not know what an alarm's new threshold does to it; AWS does.
    changed
        .says("RejectedUploadsAlarm ")
        .says(" Threshold\n")
        .says("0 to add, 0 to take in, ")
        .says("0 to replace, 0 to remove");
    assert_eq!(deployment.rejections_allowed(), "5.0");
}

/// At first somebody has taken the name of the page's bucket, and the update is rolled back.
fn serves_the_page(deployment: &Deployment) {
    let (bucket, page) = ("staged-page-000000000000-us-east-1", deployment.page());
    let change = json!({ "parameters": { "ServePage": true, "RejectedUploadsPerHour": 7 } });
    let update = || deployment.run(&["up", "--yes", "--page", &page], &change, "");
    deployment.aws(&["s3api", "create-bucket", "--bucket", bucket]);
    update().fails().says("failed at PageBucket: ").says("the stack is as it was before");
    assert_eq!(deployment.rejections_allowed(), "5.0", "nothing of it is left");
    assert_eq!(deployment.status().as_deref(), Some("UPDATE_ROLLBACK_COMPLETE"));
    deployment.aws(&["s3api", "delete-bucket", "--bucket", bucket]);

    let object = ["s3api", "head-object", "--bucket", bucket, "--key", "index.html"];
    update().succeeds().says("  PageUrl ");
    assert_eq!(deployment.aws(&object)["CacheControl"], "no-cache");
    // Switched off, it is cleared away, or it could not be switched on again.
    deployment.up(&json!({}));
    assert!(!deployment.buckets().contains(&"page".to_owned()));
    update().succeeds();
}

fn shows_all_on_the_dashboard(deployment: &Deployment) {
    let dashboard = deployment.aws(&["cloudwatch", "get-dashboard", "--dashboard-name", "staged"]);
    let body: Value = serde_json::from_str(text(&dashboard["DashboardBody"])).expect("a dashboard's JSON");
    let widgets = body["widgets"].as_array().expect("widgets");
    assert!(widgets.len() > 10 && !body.to_string().contains("${"), "{body}");
    let alarms = widgets[0]["properties"]["alarms"].as_array().expect("alarms");
    assert!(alarms.iter().all(|alarm| text(alarm).starts_with("arn:aws:cloudwatch:")), "{alarms:?}");
}

/// What a role is denied, its function cannot do: the emulator asks for rights inside functions too.
async fn a_function_is_held_to_its_role(deployment: &Deployment, stack: &Deployed) {
    let role = deployment.resource("AccountsRole");
    let denial = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Deny", "Action": "dynamodb:PutItem", "Resource": "*" }],
    });
    let policy = ["--role-name", &role, "--policy-name", "denial"];
    let put = ["iam", "put-role-policy", "--policy-document", &denial.to_string()];
    deployment.aws(&[&put[..], &policy].concat());
    let stranger = Client::stranger(stack);
    let account = json!({ "username": "denied", "password": "a password of some length" });
    stranger.post("/accounts", &account).await.expect_problem(500, "internal");
    deployment.aws(&[&["iam", "delete-role-policy"][..], &policy].concat());
    stranger.post("/accounts", &account).await.expect(201);
}

fn keeps_the_data(deployment: &Deployment) {
    deployment.run(&["down"], &json!({}), "n\n").fails().says("nothing was deleted");
    let removed = deployment.run(&["down"], &json!({}), "y\n").succeeds();
    removed.says("table  staged-accounts stays").says("bucket staged-vault-000000000000-us-east-1 stays");
    removed.says("DELETE_COMPLETE");
    assert_eq!(deployment.status(), None);
    let tables = deployment.aws(&["dynamodb", "list-tables"]);
    let kept = tables["TableNames"]
        .as_array()
        .expect("names")
        .iter()
        .filter(|name| text(name).starts_with("staged-"));
    assert_eq!(kept.count(), 10, "{tables}");
    let buckets = deployment.buckets();
    assert_eq!(buckets, ["artifacts", "landing", "vault"], "cache and page went");
}

fn deletes_the_data_when_asked_twice(deployment: &Deployment) {
    let asked = |answers: &str| -> Run { deployment.run(&["down", "--delete-data"], &json!({}), answers) };
    asked("y\nno\n").fails().says("Type the stack's name").says("nothing was deleted");
    assert_eq!(deployment.buckets().len(), 4);
    asked("y\nstaged\n").succeeds().says("deleting staged-accounts");
    let tables = deployment.aws(&["dynamodb", "list-tables"]);
    assert!(!tables.to_string().contains("staged-"), "{tables}");
    assert_eq!(deployment.buckets(), Vec::<String>::new());
}
