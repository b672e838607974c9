//! Finds before the build what `AWS` would refuse after it, or only under load.

use std::collections::BTreeMap;

use sluice_infra::template;

use crate::aws::{Aws, Refused, refused};
use crate::stage::Stage;
use crate::target::Outcome;
use crate::{page, stack};

/// Lambda's limit on the variables of a function.
const ENVIRONMENT_BYTES: usize = 4096;
/// New accounts refuse functions with more memory. No call tells whether an account does.
const NEW_ACCOUNT_MEGABYTES: f64 = 3008.0;
/// The code of Lambda's limit on concurrent invocations.
const CONCURRENCY_QUOTA: &str = "L-B99A9384";
/// Lambda does not let functions reserve the last invocations of an account.
const UNRESERVED_CONCURRENCY: f64 = 100.0;

/// What may not fit into the account. Fails on what cannot fit into any.
pub(crate) async fn warnings(aws: &Aws, stage: &Stage, template: &str) -> Outcome<Vec<String>> {
    let values = stage.values(template)?;
    check_environments(template, &values)?;
    let number = |name: &str| values.get(name).and_then(|value| value.parse::<f64>().ok()).unwrap_or(0.0);

    let mut warnings = Vec::new();
    let workers = template.matches("Type: AWS::Lambda::EventSourceMapping").count();
    let reserving = template.matches("ReservedConcurrentExecutions:").count();
    match concurrency(aws).await {
        Ok(limit) => {
            warnings.extend(concurrency_warning(limit, workers, number("WorkerConcurrency")));
            warnings.extend(reservation_warning(limit, reserving, number("ReservedConcurrency")));
        }
        Err(error) => {
            warnings.push(format!("cannot ask for the limit on concurrent invocations: {error}"));
        }
    }
    if number("WorkerMemoryMegabytes") > NEW_ACCOUNT_MEGABYTES {
        warnings.push(format!(
            "new accounts refuse functions with more than {NEW_ACCOUNT_MEGABYTES} MB; lower \
             WorkerMemoryMegabytes if the functions cannot be created"
        ));
    }
    if stage.serves_page() && !has_page(aws, stage).await? {
        warnings.push(
            "CloudFront refuses accounts that AWS has not verified yet; if it does, write to AWS Support, \
             and set \"ServePage\": false meanwhile"
                .to_owned(),
        );
    }
    Ok(warnings)
}

fn check_environments(template: &str, values: &BTreeMap<String, String>) -> Outcome {
    let sizes = template::environment_bytes(template, values)?;
    match sizes.into_iter().max_by_key(|(_, bytes)| *bytes) {
        Some((function, bytes)) if bytes > ENVIRONMENT_BYTES => Err(format!(
            "the environment of {function} would have up to {bytes} bytes, and Lambda allows \
             {ENVIRONMENT_BYTES}: shorten Stores or MigrationRules"
        )
        .into()),
        _ => Ok(()),
    }
}

/// The concurrent invocations that the account allows in this region.
async fn concurrency(aws: &Aws) -> Result<f64, Refused> {
    let get = aws.quotas.get_service_quota().service_code("lambda").quota_code(CONCURRENCY_QUOTA);
    let got = get.send().await.map_err(refused("service-quotas get-service-quota"))?;
    Ok(got.quota.and_then(|quota| quota.value).unwrap_or(0.0))
}

fn concurrency_warning(limit: f64, workers: usize, each: f64) -> Option<String> {
    let all = u32::try_from(workers).map_or(f64::INFINITY, f64::from) * each;
    (limit <= all).then(|| {
        format!(
            "the account allows {limit} concurrent invocations in this region, and {workers} queue workers may \
             take {all}, so that calls of the API fail: lower WorkerConcurrency, or ask for more of quota \
             {CONCURRENCY_QUOTA}"
        )
    })
}

fn reservation_warning(limit: f64, functions: usize, each: f64) -> Option<String> {
    let all = u32::try_from(functions).map_or(f64::INFINITY, f64::from) * each;
    (all > 0.0 && limit - all < UNRESERVED_CONCURRENCY).then(|| {
        format!(
            "the account allows {limit} concurrent invocations in this region, and AWS refuses to leave less \
             than {UNRESERVED_CONCURRENCY} unreserved, but {functions} functions would reserve {all}: lower \
             ReservedConcurrency, or ask for more of quota {CONCURRENCY_QUOTA}"
        )
    })
}

/// Whether the deployed stack serves the page, so that the account can have a distribution.
async fn has_page(aws: &Aws, stage: &Stage) -> Result<bool, Refused> {
    let stack = stack::find(aws, &stage.stack).await?;
    Ok(stack.is_some_and(|stack| stack::outputs(stack).contains_key(page::BUCKET_OUTPUT)))
}

#[cfg(test)]
mod tests {
    use super::{check_environments, concurrency_warning, reservation_warning};
    use crate::target::workspace_dir;
    use serde_json::{Value, json};
    use sluice_infra::template;

    #[test]
    fn workers_that_could_take_all_invocations_are_told() {
        assert_eq!(concurrency_warning(1000.0, 4, 20.0), None);
        let warning = concurrency_warning(10.0, 4, 20.0).expect("a warning");
        assert!(warning.contains("allows 10 ") && warning.contains("may take 80,"), "{warning}");
    }

    #[test]
    fn a_reservation_that_leaves_too_little_is_told() {
        assert_eq!(reservation_warning(10.0, 7, 0.0), None);
        assert_eq!(reservation_warning(1000.0, 7, 100.0), None);
        let warning = reservation_warning(1000.0, 7, 130.0).expect("a warning");
        assert!(warning.contains("would reserve 910:"), "{warning}");
    }

    /// Four stores besides the stack's own, and ten rules.
    #[test]
    fn a_large_registry_fits_into_the_environment_and_a_larger_one_is_refused() {
        let template = template::assemble(&workspace_dir()).expect("a template");
        let check = |stores: u32, rules: u32| {
            let store = |number: u32| {
                let store = json!({
                    "kind": "oss",
                    "endpoint": "https://s3.oss-eu-central-1.aliyuncs.com",
                    "region": "oss-eu-central-1",
                    "credentials": format!("secretsmanager:sluice/store-{number}"),
                    "buckets": { "cold": format!("sluice-packs-{number}") },
                });
                (format!("store-{number}"), store)
            };
            let rule = |number: u32| json!({ "to": format!("store-{number}"), "min_age_days": 30 });
            let stores = Value::Object((0..stores).map(store).collect());
            let rules = Value::Array((0..rules).map(rule).collect());
            let values = [("Stores", stores), ("MigrationRules", rules)];
            let values = values.map(|(name, value)| (name.to_owned(), value.to_string())).into();
            check_environments(&template, &values).map_err(|error| error.to_string())
        };
        assert_eq!(check(4, 10), Ok(()));
        let refusal = check(20, 10).expect_err("too large");
        assert!(refusal.contains("Lambda allows 4096"), "{refusal}");
    }
}
