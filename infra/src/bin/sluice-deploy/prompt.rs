//! Asks the user questions.

use std::io::{self, Write as _};

use crate::target::Outcome;

/// Returns whether the answer is yes. No answer means no.
pub(crate) fn agrees(question: &str) -> Outcome<bool> {
    let answer = ask(&format!("{question} [y/N] "))?;
    Ok(matches!(answer.to_lowercase().as_str(), "y" | "yes"))
}

/// Returns whether the user typed exactly this text.
pub(crate) fn types(question: &str, text: &str) -> Outcome<bool> {
    Ok(ask(&format!("{question} "))? == text)
}

fn ask(question: &str) -> Outcome<String> {
    print!("{question}");
    io::stdout().flush()?;
    let mut answer = String::new();
    if io::stdin().read_line(&mut answer)? == 0 {
        println!();
    }
    Ok(answer.trim().to_owned())
}
