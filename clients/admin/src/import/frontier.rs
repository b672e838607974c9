//! Tracks the last key up to which all objects are done, although objects are copied concurrently and end in
//! any order.

use std::collections::VecDeque;

/// How many keys may wait for the oldest unfinished object: 16 MiB, if each key has the greatest length.
const WINDOW: usize = 16_384;

/// The keys from the oldest unfinished one on.
#[derive(Debug, Default)]
pub(super) struct Frontier {
    waiting: VecDeque<(String, Progress)>,
    /// How many keys have left the queue.
    passed: u64,
    cursor: Option<String>,
    /// Whether a key failed, so that the cursor no longer moves.
    is_blocked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    InProgress,
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
        self.waiting.push_back((key, Progress::InProgress));
        self.passed + self.waiting.len() as u64 - 1
    }

    /// Notes that the object with this number is done or has failed.
    pub fn end(&mut self, number: u64, done: bool) {
        if let Some(entry) = self.waiting.get_mut((number - self.passed) as usize) {
            entry.1 = if done { Progress::Done } else { Progress::Failed };
        }
        while let Some((_, Progress::Done | Progress::Failed)) = self.waiting.front() {
            let Some((key, progress)) = self.waiting.pop_front() else { break };
            self.passed += 1;
            if progress == Progress::Failed {
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
        frontier.end(numbers[1], true);
        assert_eq!(frontier.cursor(), None);
        frontier.end(numbers[0], true);
        assert_eq!(frontier.cursor(), Some("b"));
        let fourth = frontier.begin("d".to_owned());
        frontier.end(fourth, true);
        frontier.end(numbers[2], true);
        assert_eq!((frontier.cursor(), frontier.waiting.len()), (Some("d"), 0));
    }

    #[test]
    fn the_cursor_stops_before_what_failed() {
        let mut frontier = Frontier::default();
        let numbers: Vec<u64> =
            ["a", "b", "c"].into_iter().map(|key| frontier.begin(key.to_owned())).collect();
        frontier.end(numbers[2], true);
        frontier.end(numbers[1], false);
        frontier.end(numbers[0], true);
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
        frontier.end(0, true);
        assert!(frontier.has_room());
    }
}
