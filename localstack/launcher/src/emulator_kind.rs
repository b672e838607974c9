//! Names the AWS emulators.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// The emulator that takes the place of AWS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum EmulatorKind {
    /// Small, and can keep its state between runs.
    #[default]
    Ministack,
    /// `LocalStack`'s free edition with our plug-in, and `dynoxide` as its `DynamoDB`. It keeps no state
    /// between runs.
    LocalStack,
}

impl EmulatorKind {
    pub const ALL: [Self; 2] = [Self::Ministack, Self::LocalStack];

    /// Whether tables and queues can outlive the stack.
    pub fn keeps_state(self) -> bool {
        matches!(self, Self::Ministack)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ministack => "ministack",
            Self::LocalStack => "localstack",
        }
    }
}

impl fmt::Display for EmulatorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for EmulatorKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == name);
        known.ok_or_else(|| Error::EmulatorUnknown { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_displayed_name_parses_to_the_same_kind() {
        for kind in EmulatorKind::ALL {
            assert_eq!(kind.to_string().parse::<EmulatorKind>().unwrap(), kind);
        }
        assert!("aws".parse::<EmulatorKind>().is_err());
    }
}
