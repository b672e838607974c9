//! Tracks the last key up to which all objects are done, although objects are copied concurrently and end in
//! any order.

use std::collections::VecDeque;

/// How many keys may wait for the oldest unfinished object: 16 MiB, if each key has the greatest length.
const WINDOW: usize = 16_384;

/// The keys from the oldest unfinished one on.
#[derive(Debug, Default)]
pub(super) struct Frontier {
    waiting: VecDeque<(String, KeyState)>,
    /// How many keys have left the queue.
    passed: u64,
    cursor: Option<String>,
    /// Whether a key failed, so that the cursor no longer moves.
    is_blocked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyState {
    InProgress,
    Ended(End),
}

/// How the copy of an object has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Done,
    /// Later keys do not count as done: the next run starts with this one.
    Failed,
}

impl Frontier {
    pub fn has_room(&self) -> bool {
        self.waiting.len() < WINDOW
    }

    /// Adds the next key, and returns its number.
    pub fn begin(&mut self, key: String) -> u64 {
        self.waiting.push_back((key, KeyState::InProgress));
        self.passed + self.waiting.len() as u64 - 1
    }

    /// Notes how the object with this number has ended.
    pub fn end(&mut self, number: u64, end: End) {
        if let Some(entry) = self.waiting.get_mut((number - self.passed) as usize) {
            entry.1 = KeyState::Ended(end);
        }
        while let Some((_, KeyState::Ended(end))) = self.waiting.front() {
            let end = *end;
            let Some((key, _)) = self.waiting.pop_front() else { break };
            self.passed += 1;
            if end == End::Failed {
                self.is_blocked = true;
            }
            if !self.is_blocked {
                self.cursor = Some(key);
            }
        }
    }

    /// The last key up to which all objects are done.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_waits_for_the_oldest() {
        let mut frontier = Frontier::default();
        let numbers: Vec<u64> =
            ["a", "b", "c"].into_iter().map(|key| frontier.begin(key.to_owned())).collect();
        frontier.end(numbers[1], End::Done);
        assert_eq!(frontier.cursor(), None);
        frontier.end(numbers[0], End::Done);
        assert_eq!(frontier.cursor(), Some("b"));
        let fourth = frontier.begin("d".to_owned());
        frontier.end(fourth, End::Done);
        frontier.end(numbers[2], End::Done);
        assert_eq!((frontier.cursor(), frontier.waiting.len()), (Some("d"), 0));
    }

    #[test]
    fn the_cursor_stops_before_what_failed() {
        let mut frontier = Frontier::default();
        let numbers: Vec<u64> =
            ["a", "b", "c"].into_iter().map(|key| frontier.begin(key.to_owned())).collect();
        frontier.end(numbers[2], End::Done);
        frontier.end(numbers[1], End::Failed);
        frontier.end(numbers[0], End::Done);
        assert_eq!((frontier.cursor(), frontier.waiting.len()), (Some("a"), 0));
    }

    #[test]
    fn only_so_many_keys_wait() {
        let mut frontier = Frontier::default();
        for number in 0..WINDOW {
            assert!(frontier.has_room());
            frontier.begin(number.to_string());
        }
        assert!(!frontier.has_room());
        frontier.end(0, End::Done);
        assert!(frontier.has_room());
    }
}
