//! Compares whole outputs of the command with the files in `snapshots/`, which
//! `INSTA_UPDATE=always cargo test -p sluice --test output` rewrites.

mod double;

use clap::CommandFactory as _;
use double::{Double, Sluice};
use std::process::Command;

/// The arguments that lead to each help page, of this command and those below it.
fn pages(command: &clap::Command, arguments: &[String]) -> Vec<Vec<String>> {
    let mut found = vec![arguments.to_vec()];
    // The other commands pass `--help` on to sluice-admin.
    for below in command.get_subcommands().filter(|below| !below.is_disable_help_flag_set()) {
        let arguments = [arguments, &[below.get_name().to_owned()]].concat();
        found.extend(pages(below, &arguments));
    }
    found
}

#[test]
fn the_help_pages_are_those_of_the_snapshots() {
    for arguments in pages(&sluice::arguments::Arguments::command(), &[]) {
        let mut help = Command::new(env!("CARGO_BIN_EXE_sluice"));
        // The pages would show the variables that a developer has set.
        let output = help.args(&arguments).arg("--help").env_clear().output().expect("run");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        let page = String::from_utf8(output.stdout).expect("UTF-8");
        let name = ["help"].into_iter().chain(arguments.iter().map(String::as_str));
        insta::assert_snapshot!(name.collect::<Vec<_>>().join("-"), page);
    }
}

#[tokio::test]
async fn results_are_printed_as_in_the_snapshots() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    sluice.write("new.txt", b"another text");
    double.world().add_file("notes/today.txt", b"some text", None);
    double.world().add_file("notes/yesterday.txt", &vec![7; 3_000_000], None);
    for (name, line) in [
        ("ls", "ls notes/"),
        ("ls-json", "ls notes/ --json"),
        ("stat", "stat notes/today.txt"),
        ("put", "put new.txt"),
        ("put-known", "put new.txt --to again.txt"),
        ("whoami", "whoami"),
        ("not-found", "stat nowhere"),
        ("not-found-json", "stat nowhere --json"),
    ] {
        let printed = sluice.print(line).await.replace(&double.url(), "[url]");
        insta::assert_snapshot!(name, printed);
    }
}
