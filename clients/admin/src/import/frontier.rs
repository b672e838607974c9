//! Below which key all is done, while several objects are on their way and end in any order.

use std::collections::VecDeque;

/// How many keys may wait for the oldest object on its way: 16 MiB of them if each has the greatest length.
const WINDOW: usize = 16_384;

/// The keys from the oldest that is not done.
#[derive(Debug, Default)]
pub(super) struct Frontier {
    waiting: VecDeque<(String, Progress)>,
    /// How many keys were there before the first that waits.
    passed: u64,
    cursor: Option<String>,
    /// Whether a key has failed.
    stands: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    OnItsWay,
    Done,
    /// What comes after it does not count as done: the next run begins with it.
    Failed,
}

impl Frontier {
    /// Whether one more key may be begun.
    pub fn has_room(&self) -> bool {
        self.waiting.len() < WINDOW
    }

    /// Begins the next key, and gives its place.
    pub fn begin(&mut self, key: String) -> u64 {
        self.waiting.push_back((key, Progress::OnItsWay));
        self.passed + self.waiting.len() as u64 - 1
    }

    /// The object at this place is done, or has failed.
    pub fn end(&mut self, place: u64, done: bool) {
        if let Some(entry) = self.waiting.get_mut((place - self.passed) as usize) {
            entry.1 = if done { Progress::Done } else { Progress::Failed };
        }
        while let Some((_, Progress::Done | Progress::Failed)) = self.waiting.front() {
            let Some((key, progress)) = self.waiting.pop_front() else { break };
            self.passed += 1;
            if progress == Progress::Failed {
                self.stands = true;
            }
            if !self.stands {
                self.cursor = Some(key);
            }
        }
    }

    /// The last key such that it and all before it are done.
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
        let places: Vec<u64> =
            ["a", "b", "c"].into_iter().map(|key| frontier.begin(key.to_owned())).collect();
        frontier.end(places[1], true);
        assert_eq!(frontier.cursor(), None);
        frontier.end(places[0], true);
        assert_eq!(frontier.cursor(), Some("b"));
        let fourth = frontier.begin("d".to_owned());
        frontier.end(fourth, true);
        frontier.end(places[2], true);
        assert_eq!((frontier.cursor(), frontier.waiting.len()), (Some("d"), 0));
    }

    #[test]
    fn the_cursor_stops_before_what_failed() {
        let mut frontier = Frontier::default();
        let places: Vec<u64> =
            ["a", "b", "c"].into_iter().map(|key| frontier.begin(key.to_owned())).collect();
        frontier.end(places[2], true);
        frontier.end(places[1], false);
        frontier.end(places[0], true);
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
