//! Checks that the template deploys every function, queue and table with all that belongs to it.

use std::collections::BTreeSet;

use crate::{document, functions, of_type, pascal_case, section, template};

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
    assert_eq!(bases(&template, "AWS::IAM::Role", "Role"), names);
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

#[test]
fn shared_policies_include_every_function_that_needs_them() {
    let template = template();
    let resources = section(&template, "Resources");
    let roles = |policy: &str| -> BTreeSet<String> {
        let lines = resources[policy].lines().filter_map(|line| line.trim().strip_prefix("- !Ref "));
        lines.map(str::to_owned).collect()
    };
    let all = of_type(&template, "AWS::IAM::Role");
    assert_eq!(roles("TracingPolicy"), all);
    let with_objects = all.into_iter().filter(|role| resources[role].contains("s3:"));
    assert_eq!(roles("StoreSecretsPolicy"), with_objects.collect());
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
