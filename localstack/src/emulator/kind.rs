use std::{fmt, str::FromStr};

use crate::Error;

/// Which emulator stands for AWS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum EmulatorKind {
    /// The small one, which keeps its state.
    #[default]
    Ministack,
    /// `LocalStack`'s free edition, with our plug-in and `dynoxide` as its `DynamoDB`. It forgets everything at its end.
    LocalStack,
}

impl EmulatorKind {
    /// Both.
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
    fn a_name_is_read_as_it_is_written() {
        for kind in EmulatorKind::ALL {
            assert_eq!(kind.to_string().parse::<EmulatorKind>().unwrap(), kind);
        }
        assert!("aws".parse::<EmulatorKind>().is_err());
    }
}
