//! Collects the times of repeated measurements.

use std::time::Duration;

/// The time of each repetition, sorted.
#[derive(Debug)]
pub struct Samples(Vec<Duration>);

impl Samples {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    pub fn push(&mut self, elapsed: Duration) {
        let position = self.0.partition_point(|other| *other <= elapsed);
        self.0.insert(position, elapsed);
    }

    /// The median. There must be at least one sample.
    pub fn median(&self) -> Duration {
        let middle = self.0.len() / 2;
        if self.0.len().is_multiple_of(2) {
            (self.0[middle - 1] + self.0[middle]) / 2
        } else {
            self.0[middle]
        }
    }

    pub fn seconds(&self) -> String {
        self.text(1.0, 2)
    }

    pub fn milliseconds(&self) -> String {
        self.text(1e3, 1)
    }

    fn text(&self, scale: f64, decimals: usize) -> String {
        let [median, least, most] =
            [self.median(), self.0[0], self.0[self.0.len() - 1]].map(|value| value.as_secs_f64() * scale);
        format!("{median:.decimals$} ({least:.decimals$}–{most:.decimals$})")
    }
}

/// The median of `slow` divided by that of `fast`.
pub fn ratio(slow: &Samples, fast: &Samples) -> f64 {
    slow.median().as_secs_f64() / fast.median().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(milliseconds: &[u64]) -> Samples {
        let mut samples = Samples::new();
        for value in milliseconds {
            samples.push(Duration::from_millis(*value));
        }
        samples
    }

    #[test]
    fn the_median_does_not_depend_on_the_order() {
        assert_eq!(samples(&[30, 10, 20]).milliseconds(), "20.0 (10.0–30.0)");
        assert_eq!(samples(&[40, 10, 30, 20]).milliseconds(), "25.0 (10.0–40.0)");
        assert!((ratio(&samples(&[30]), &samples(&[20])) - 1.5).abs() < 1e-9);
    }
}
