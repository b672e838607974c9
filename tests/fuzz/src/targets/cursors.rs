//! Targets for the cursors of lists and of plans.

use sluice_contracts::cursor::{ListCursor, PlanCursor};

use crate::seeds::texts;
use crate::target::{Form, Target, Verdict, refused, text};

/// Longer than the sort key of any row.
const AFTER_MAX_BYTES: usize = 1024;

pub const LIST_CURSOR: Target = Target {
    name: "list_cursor",
    form: Form::Text,
    seeds: || {
        let after = ["a", "photos/2026/\u{e9}.jpg", "01a1ee565e7b70018c0ffee00c0ffee0", "a/\u{10ffff}"];
        let cursors = after.iter().map(|after| encode(after));
        let longest = [AFTER_MAX_BYTES, AFTER_MAX_BYTES + 1].map(|length| "x".repeat(length));
        cursors.chain(longest.map(|after| encode(&after))).collect()
    },
    tokens: &["=", "+", "/", "-", "_", "A", "\u{e9}"],
    cases: 1500,
    check: check_list_cursor,
};

pub const PLAN_CURSOR: Target = Target {
    name: "plan_cursor",
    form: Form::Text,
    seeds: || texts(&["01a1ee565e7b70018c0ffee00c0ffee0-0", "01a1ee565e7b70018c0ffee00c0ffee0-8000"]),
    tokens: &["-", "+", "0", "18446744073709551615", "18446744073709551616", " "],
    cases: 1250,
    check: check_plan_cursor,
};

fn encode(after: &str) -> Vec<u8> {
    ListCursor(after.to_owned()).to_string().into_bytes()
}

fn check_list_cursor(bytes: &[u8]) -> Verdict {
    let Some(cursor) = text(bytes) else { return Verdict::Refused };
    let after = match cursor.parse::<ListCursor>() {
        Ok(after) => after,
        Err(error) => return refused(error),
    };
    assert!((1..=AFTER_MAX_BYTES).contains(&after.0.len()));
    assert_eq!(after.to_string(), cursor);
    Verdict::Accepted
}

fn check_plan_cursor(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    match text.parse::<PlanCursor>() {
        Ok(cursor) => {
            assert_eq!(cursor.to_string().parse::<PlanCursor>().ok(), Some(cursor));
            assert!(text.starts_with(&cursor.version_id.to_string()));
            Verdict::Accepted
        }
        Err(error) => refused(error),
    }
}
