//! Checks that the template deploys every function, queue and table with all that belongs to it.

use std::collections::BTreeSet;

use crate::{document, functions, of_type, pascal_case, section, template, workspace_dir};

/// The names of the resources of a type, without the suffix that all of them have.
fn bases(template: &str, resource_type: &str, suffix: &str) -> BTreeSet<String> {
    let base = |name: String| {
        name.strip_suffix(suffix).unwrap_or_else(|| panic!("{name} does not end with {suffix}")).to_owned()
    };
    of_type(template, resource_type).into_iter().map(base).collect()
}

#[test]
fn every_function_is_deployed_with_all_that_belongs_to_it() {
    let template = template();
    let names: BTreeSet<String> = functions().iter().map(|name| pascal_case(name)).collect();
    assert_eq!(bases(&template, "AWS::Lambda::Function", "Function"), names);
    let roles = bases(&template, "AWS::IAM::Role", "Role");
    assert_eq!(roles.into_iter().filter(|role| !role.ends_with("Url")).collect::<BTreeSet<_>>(), names);
    let resources = section(&template, "Resources");
    let outputs = section(&template, "Outputs");
    for function in functions() {
        let name = pascal_case(&function);
        let part = document(&format!("infra/template/functions/{function}.yaml"));
        for kind in ["Role", "Function", "LogGroup", "ErrorsAlarm"] {
            assert!(part.contains(&format!("\n  {name}{kind}:\n")), "{name}{kind} is not in its part");
        }
        assert!(
            part.contains(&format!("\n  {name}Permission:\n"))
                || part.contains(&format!("\n  {name}EventSource:\n"))
        );
        assert!(outputs.contains_key(&format!("{name}FunctionName")));

        let own = &resources[&format!("{name}Function")];
        for line in [
            format!("FunctionName: !Sub \"${{AWS::StackName}}-{function}\""),
            format!("S3Key: !Sub \"${{ArtifactPrefix}}{function}.zip\""),
            format!("Role: !GetAtt {name}Role.Arn"),
            format!("LogGroup: !Ref {name}LogGroup"),
            "TracingConfig: { Mode: !If [TraceCalls, Active, PassThrough] }".to_owned(),
            "SLUICE_STACK_NAME: !Ref AWS::StackName".to_owned(),
        ] {
            assert!(own.contains(&line), "{name}Function: {line}");
        }
        assert!(
            resources[&format!("{name}LogGroup")]
                .contains(&format!("/aws/lambda/${{AWS::StackName}}-{function}\""))
        );
        assert!(resources[&format!("{name}ErrorsAlarm")].contains(&format!("Value: !Ref {name}Function }}")));
        assert!(resources[&format!("{name}Role")].contains(&format!("Resource: !GetAtt {name}LogGroup.Arn")));
    }
}

#[test]
fn every_queue_of_a_function_has_a_dead_letter_queue_and_alarm() {
    let template = template();
    let sources =
        section(&template, "Resources").into_iter().filter(|(name, _)| name.ends_with("EventSource"));
    let queues: BTreeSet<String> = sources
        .map(|(name, source)| {
            let queue = source
                .split("EventSourceArn: !GetAtt ")
                .nth(1)
                .and_then(|rest| rest.split("Queue.Arn").next());
            let queue = queue.unwrap_or_else(|| panic!("{name} has no queue")).to_owned();
            let dead_letters = format!("deadLetterTargetArn: !GetAtt {queue}DeadLetterQueue.Arn");
            assert!(section(&template, "Resources")[&format!("{queue}Queue")].contains(&dead_letters));
            assert!(
                of_type(&template, "AWS::CloudWatch::Alarm").contains(&format!("{queue}DeadLetterAlarm"))
            );
            queue
        })
        .collect();
    let all = bases(&template, "AWS::SQS::Queue", "Queue");
    assert_eq!(all.into_iter().filter(|name| !name.ends_with("DeadLetter")).collect::<BTreeSet<_>>(), queues);
}

/// A policy that is attached later than the function is created comes too late: Lambda refuses to trace a
/// function whose role may not send traces.
#[test]
fn roles_name_the_shared_policies_that_they_need() {
    let template = template();
    let resources = section(&template, "Resources");
    assert_eq!(of_type(&template, "AWS::IAM::Policy"), BTreeSet::new(), "attached by itself");
    for role in of_type(&template, "AWS::IAM::Role") {
        let text = &resources[&role];
        let names = |condition: &str, policy: &str| {
            text.contains(&format!("- !If [{condition}, !Ref {policy}, !Ref AWS::NoValue]"))
        };
        if !role.ends_with("UrlRole") {
            assert!(names("TraceCalls", "TracingPolicy"), "{role}");
            assert_eq!(names("ReadStoreSecrets", "StoreSecretsPolicy"), text.contains("s3:"), "{role}");
        }
        let reads_data = text.contains("s3:") || text.contains("dynamodb:");
        assert_eq!(names("OwnKey", "EncryptionKeyPolicy"), reads_data, "{role}");
        let boundary =
            "PermissionsBoundary: !If [BoundRoles, !Ref PermissionsBoundaryArn, !Ref AWS::NoValue]";
        assert!(text.contains(boundary), "{role}");
    }
}

/// New AWS accounts refuse functions with more memory.
#[test]
fn every_function_fits_into_a_new_account_by_default() {
    const NEW_ACCOUNT_MEGABYTES: u32 = 3008;
    let template = template();
    let (resources, parameters) = (section(&template, "Resources"), section(&template, "Parameters"));
    let value = |text: &str, key: &str| -> String {
        let value = text.lines().find_map(|line| line.trim().strip_prefix(key));
        value.unwrap_or_else(|| panic!("{key} is not in {text}")).to_owned()
    };
    for function in of_type(&template, "AWS::Lambda::Function") {
        let memory = value(&resources[&function], "MemorySize: ");
        let memory = match memory.strip_prefix("!Ref ") {
            Some(parameter) => value(&parameters[parameter], "Default: "),
            None => memory,
        };
        assert!(memory.parse::<u32>().expect("a number") <= NEW_ACCOUNT_MEGABYTES, "{function}: {memory}");
    }
}

#[test]
fn the_dashboard_shows_every_queue_function_and_alarm() {
    let template = template();
    let dashboard = &section(&template, "Resources")["Dashboard"];
    for queue in of_type(&template, "AWS::SQS::Queue") {
        assert!(dashboard.contains(&format!("${{{queue}.QueueName}}")), "{queue}");
    }
    for function in of_type(&template, "AWS::Lambda::Function") {
        assert_eq!(dashboard.matches(&format!("${{{function}}}")).count(), 4, "{function}");
    }
    for alarm in of_type(&template, "AWS::CloudWatch::Alarm") {
        assert!(dashboard.contains(&format!("${{{alarm}.Arn}}")), "{alarm}");
    }
}

#[test]
fn every_parameter_has_a_description_bounds_and_a_group() {
    let template = template();
    let groups: String = template
        .lines()
        .skip_while(|line| *line != "Metadata:")
        .take_while(|line| *line != "Parameters:")
        .collect();
    for (name, parameter) in section(&template, "Parameters") {
        assert!(parameter.contains("    Description: "), "{name}");
        let bounds = ["AllowedValues:", "AllowedPattern:", "MinValue:"];
        assert!(bounds.iter().any(|bound| parameter.contains(bound)), "{name} has no bounds");
        let listed = |mark: char| {
            groups.contains(&format!("{mark}{name},")) || groups.contains(&format!("{mark}{name}]"))
        };
        assert!(listed('[') || listed(' '), "{name} is in no group");
    }
}

/// A function's own credentials end at a time that nobody tells it, and its URLs with them.
#[test]
fn functions_that_sign_urls_use_sessions_of_a_role_that_can_do_no_more() {
    let resources = section(&template(), "Resources");
    for function in functions() {
        let name = pascal_case(&function);
        let own = &resources[&format!("{name}Function")];
        let app = workspace_dir().join(format!("functions/http/{function}/src/app.rs"));
        if !std::fs::read_to_string(app).is_ok_and(|app| app.contains("deployment.url_life()")) {
            continue;
        }
        assert!(own.contains(&format!("SLUICE_URL_SIGNING_ROLE_ARN: !GetAtt {name}UrlRole.Arn")), "{name}");
        let role = &resources[&format!("{name}Role")];
        let may_assume =
            format!("Action: [sts:AssumeRole]\n                Resource: !GetAtt {name}UrlRole.Arn");
        assert!(role.contains(&may_assume), "{name}");
        let actions = resources[&format!("{name}UrlRole")].matches("Action: [").count();
        let of_urls = ["Action: [s3:PutObject]", "Action: [s3:GetObject]"]
            .map(|action| resources[&format!("{name}UrlRole")].matches(action).count());
        assert_eq!(actions, of_urls.iter().sum::<usize>(), "{name}UrlRole");
    }
}

/// Anybody could take the name of a bucket that was deleted.
#[test]
fn roles_reach_only_buckets_of_the_own_account() {
    let own = r#"Condition: { StringEquals: { "aws:ResourceAccount": !Ref AWS::AccountId } }"#;
    let resources = section(&template(), "Resources");
    for (name, role) in resources.iter().filter(|(name, _)| name.ends_with("Role")) {
        for statement in role.split("- Sid: ").filter(|statement| statement.contains("s3:")) {
            assert!(statement.contains(own), "{name}: {statement}");
        }
    }
}

#[test]
fn names_that_are_the_same_in_all_regions_contain_the_region() {
    let template = template();
    let resources = section(&template, "Resources");
    let global =
        ["CloudFront::OriginAccessControl", "CloudFront::ResponseHeadersPolicy", "CloudWatch::Dashboard"];
    for resource_type in global {
        for resource in of_type(&template, &format!("AWS::{resource_type}")) {
            let name = resources[&resource].lines().find(|line| line.contains("Name: "));
            assert!(name.is_some_and(|name| name.contains("${AWS::Region}")), "{resource}: {name:?}");
        }
    }
}

/// What a function deletes by mistake can be restored for some days.
#[test]
fn the_vault_keeps_versions_that_no_function_can_delete() {
    let resources = section(&template(), "Resources");
    let vault = &resources["VaultBucket"];
    assert!(vault.contains("VersioningConfiguration: !If [KeepNoncurrent, { Status: Enabled }, "), "{vault}");
    assert!(vault.contains("NoncurrentDays: !If [KeepNoncurrent, !Ref VaultNoncurrentDays, 1]"), "{vault}");
    for (name, role) in resources.iter().filter(|(name, _)| name.ends_with("Role")) {
        assert!(!role.contains("s3:DeleteObjectVersion"), "{name}");
    }
}

#[test]
fn every_table_and_bucket_of_data_is_encrypted_with_the_own_key() {
    let template = template();
    let resources = section(&template, "Resources");
    let data = of_type(&template, "AWS::S3::Bucket").into_iter().filter(|bucket| bucket != "PageBucket");
    for resource in of_type(&template, "AWS::DynamoDB::Table").into_iter().chain(data) {
        assert!(resources[&resource].contains("!Ref EncryptionKeyArn"), "{resource}");
    }
}

#[test]
fn every_role_names_single_actions_on_single_resources() {
    let template = template();
    for (name, resource) in
        section(&template, "Resources").into_iter().filter(|(name, _)| name.ends_with("Role"))
    {
        assert!(!resource.contains(":*"), "{name}");
        assert!(!resource.contains("Resource: \"*\""), "{name}");
    }
}
