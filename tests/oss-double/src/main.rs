//! `oss-double`: the double as a command.

use clap::Parser;
use sluice_oss_double::{Account, OssDouble, Settings};
use std::net::SocketAddr;
use std::process::ExitCode;

/// Imitate Alibaba Cloud OSS's S3-compatible API in front of any S3 store
///
/// Requests that break a rule of OSS are refused as OSS refuses them. All others are forwarded to the store.
/// Buckets are reached as http://BUCKET.s3.oss-test-1.localhost:PORT, never by path. The client must resolve
/// names under `.localhost` to 127.0.0.1; curl and browsers do, other clients need /etc/hosts.
#[derive(Parser)]
#[command(name = "oss-double", version, after_help = EXAMPLES)]
struct Arguments {
    /// Loopback address to listen on; port 0 means any free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8380", value_parser = parse_loopback)]
    listen: SocketAddr,
    /// Store to forward requests to
    #[arg(long, value_name = "URL")]
    backing: String,
    /// Access key of the store
    #[arg(long, value_name = "KEY", env = "OSS_DOUBLE_BACKING_ACCESS_KEY", default_value = "test")]
    backing_access_key: String,
    /// Secret key of the store; prefer the environment variable, which other users cannot see
    #[arg(
        long,
        value_name = "SECRET",
        env = "OSS_DOUBLE_BACKING_SECRET_KEY",
        hide_env_values = true,
        default_value = "test"
    )]
    backing_secret_key: String,
    /// Region of the store
    #[arg(long, value_name = "REGION", default_value = "us-east-1")]
    backing_region: String,
    /// Region that clients must sign for
    #[arg(long, value_name = "REGION", default_value = "oss-test-1")]
    region: String,
    /// Access key that clients must sign with
    #[arg(long, value_name = "KEY", env = "OSS_DOUBLE_ACCESS_KEY", default_value = "oss-test")]
    access_key: String,
    /// Secret key that clients must sign with
    #[arg(
        long,
        value_name = "SECRET",
        env = "OSS_DOUBLE_SECRET_KEY",
        hide_env_values = true,
        default_value = "oss-test-secret"
    )]
    secret_key: String,
    /// Seconds that the double's clock is ahead of the real one; may be negative
    #[arg(long, value_name = "SECONDS", default_value_t = 0, allow_negative_numbers = true)]
    clock_skew: i64,
}

const EXAMPLES: &str = "\
Example, in front of a SeaweedFS:
  oss-double --backing http://127.0.0.1:8333 --backing-access-key any --backing-secret-key any

Clients of the AWS SDKs need the printed endpoint, virtual-hosted style (force_path_style = false), and
checksums only when required (request_checksum_calculation, response_checksum_validation).";

fn parse_loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| "not an address such as 127.0.0.1:8380".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("the double only listens on loopback".to_owned())
    }
}

fn settings(arguments: Arguments) -> Settings {
    let Arguments { backing, backing_access_key, backing_secret_key, .. } = &arguments;
    let defaults = Settings::in_front_of(backing, backing_access_key, backing_secret_key);
    Settings {
        listen: arguments.listen,
        backing_account: Account { region: arguments.backing_region, ..defaults.backing_account },
        host_suffix: format!("s3.{}.localhost", arguments.region),
        account: Account {
            access_key: arguments.access_key,
            secret_key: arguments.secret_key,
            region: arguments.region,
        },
        clock_skew_seconds: arguments.clock_skew,
        ..defaults
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let double = match OssDouble::start(settings(Arguments::parse())) {
        Ok(double) => double,
        Err(error) => {
            eprintln!("oss-double: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("{}", double.endpoint());
    let _ = tokio::signal::ctrl_c().await;
    ExitCode::SUCCESS
}
