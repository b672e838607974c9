//! Tests how accounts are made.

mod double;

use double::{Double, Sluice};

#[tokio::test]
async fn a_password_that_the_server_would_refuse_is_not_sent() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let before = double.world().log.len();
    let output = sluice.output("register eve --password-stdin", b"too short\n").await;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("at least 12 characters"), "{stderr}");
    assert_eq!(double.world().log.len(), before, "no request");
}

#[tokio::test]
async fn a_password_that_is_easy_to_guess_is_refused_in_the_words_of_the_server() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let before = double.world().log.len();
    let output = sluice.output("register eve --password-stdin", b"passwordpassword\n").await;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("easy to guess"), "{stderr}");
    assert_eq!(double.world().log.len(), before, "no request");
}
