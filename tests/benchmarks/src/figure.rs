//! Formats figures for tables.

/// A number with commas between groups of thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `whole` divided by `part`, with two decimals.
#[expect(clippy::cast_precision_loss, reason = "two digits are printed")]
pub fn times(whole: u64, part: u64) -> String {
    format!("{:.2}", whole as f64 / part as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(times(3, 2), "1.50");
    }
}
