//! Makes types that read the parameters of a query.

use std::fmt::Display;
use std::str::FromStr;

/// The parameters that a call takes from its query.
pub(crate) trait Parameters: Sized {
    /// Reads decoded names and values.
    ///
    /// # Errors
    /// Says which parameter is unknown, is given twice, or has a wrong value.
    fn parse(query: &[(String, String)]) -> Result<Self, String>;
}

/// Declares such types. Each field is an optional parameter of its name.
macro_rules! parameters {
    ($($(#[doc = $about:literal])+ $name:ident {
        $($(#[doc = $doc:literal])+ $field:ident: $type:ty,)+
    })+) => {$(
        $(#[doc = $about])+
        #[derive(Debug, Default)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: Option<$type>,)+
        }

        impl crate::query::Parameters for $name {
            fn parse(query: &[(String, String)]) -> Result<Self, String> {
                let mut parsed = Self::default();
                for (name, value) in query {
                    match name.as_str() {
                        $(stringify!($field) => crate::query::read(&mut parsed.$field, name, value)?,)+
                        _ => return Err(crate::query::unknown(name)),
                    }
                }
                Ok(parsed)
            }
        }

        #[cfg(feature = "schema")]
        impl Described for $name {
            fn describe(operation: Operation<'_>) -> Operation<'_> {
                operation$(.parameter::<$type>(stringify!($field), concat!($($doc, "\n"),+)))+
            }
        }
    )+};
}

pub(crate) use parameters;

pub(crate) fn read<T: FromStr<Err: Display>>(
    field: &mut Option<T>,
    name: &str,
    value: &str,
) -> Result<(), String> {
    if field.is_some() {
        return Err(format!("the parameter {name} is given twice"));
    }
    *field = Some(value.parse().map_err(|error| format!("the parameter {name}: {error}"))?);
    Ok(())
}

pub(crate) fn unknown(name: &str) -> String {
    format!("there is no parameter {name:?} here")
}
