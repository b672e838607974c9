//! Tests that a change whose answer is lost is made once, and that the command tells of its success.

mod double;

use double::{Double, Sluice};

/// The idempotency keys of the calls that end a run, and its exit code, if their first answers are lost.
async fn keys_of(double: &Double, sluice: &Sluice, line: &str) -> (i32, Vec<String>) {
    double.world().idempotency_keys.clear();
    double.world().lost_answers = 2;
    let run = sluice.run(line).await;
    assert_eq!(double.world().lost_answers, 0, "{line}: {}", run.stderr);
    (run.exit_code, double.world().idempotency_keys.clone())
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_repeated_with_the_same_key_and_made_once() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    sluice.write("copy", b"bytes");
    let file = double.world().add_file("file", b"bytes", None);
    let version = file.version_id;
    let mut seen = Vec::new();
    for line in [
        "mv file renamed".to_owned(),
        format!("restore renamed {version}"),
        format!("put copy --if-match {version}"),
        "rm renamed".to_owned(),
    ] {
        let (exit_code, keys) = keys_of(&double, &sluice, &line).await;
        assert_eq!((exit_code, keys.len()), (0, 3), "{line}: {keys:?}");
        assert!(keys.iter().all(|key| *key == keys[0] && !seen.contains(key)), "{line}: {keys:?}");
        seen.extend(keys);
    }
    assert_eq!(double.world().files.len(), 0);
}

#[tokio::test]
async fn a_session_whose_end_is_not_heard_of_has_ended() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    double.world().lost_answers = 1;
    let run = sluice.run("sessions end 0123456789abcdef0123456789abcdef").await;
    assert_eq!((run.exit_code, &run.lines[0]["outcome"]), (0, &"ended".into()), "{}", run.stderr);
    assert_eq!(double.world().lost_answers, 0);
}
