//! Makes dispatch and documentation of the calls from their declarations.

use super::argument::{Refusal, Request};
#[cfg(feature = "schema")]
use crate::openapi::operation::Operation;

/// A call of the API.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The HTTP method, in capitals.
    pub method: &'static str,
    /// The path, with `{parameters}`.
    pub path: &'static str,
    /// The name of the function that answers the call.
    pub function: &'static str,
    /// Whether the call requires a session.
    pub authenticated: bool,
    /// The name of the call, in Pascal case.
    #[cfg(feature = "schema")]
    pub(crate) name: &'static str,
    /// What the call does: a summary, and after an empty line, more about it.
    #[cfg(feature = "schema")]
    pub(crate) about: &'static str,
    /// Adds what the call takes and answers.
    #[cfg(feature = "schema")]
    pub(crate) describe: fn(Operation<'_>) -> Operation<'_>,
}

/// The calls that one function answers.
pub trait Calls: Sized {
    /// Finds the call of a request, and parses its ids and parameters.
    ///
    /// # Errors
    /// If the function has no such call, or an id or parameter is wrong.
    fn parse(request: Request<'_>) -> Result<Self, Refusal>;
}

/// Declares the calls of each function: `Name(arguments) = METHOD "path" access` and what the document says
/// about it. Makes an enum for each function, and the list of all calls.
macro_rules! calls {
    ($($calls:ident = $function:literal {
        $(
            $(#[doc = $about:literal])+
            $name:ident $(($($argument:ty),+))? = $method:ident $path:literal $access:ident
            $(.$detail:ident $(::<$type:ty>)? ($($value:expr),*))+;
        )+
    })+) => {
        /// Every call of the API.
        pub const ROUTES: &[Route] = &[$($(Route {
            method: stringify!($method),
            path: $path,
            function: $function,
            authenticated: crate::route::declare::calls!(@$access),
            #[cfg(feature = "schema")]
            name: stringify!($name),
            #[cfg(feature = "schema")]
            about: concat!($($about, "\n"),+),
            #[cfg(feature = "schema")]
            describe: |operation| operation
                $($(.argument::<$argument>())+)?
                $(.$detail$(::<$type>)?($($value),*))+,
        }),+),+];

        $(
            #[doc = concat!("The calls that ", $function, " answers.")]
            #[derive(Debug)]
            pub enum $calls {
                $($(#[doc = $about])+ $name $(($($argument),+))?),+
            }

            impl Calls for $calls {
                fn parse(request: Request<'_>) -> Result<Self, Refusal> {
                    $(if let Some(mut matched) = request.matched(stringify!($method), $path) {
                        let call = Self::$name $(($(matched.take::<$argument>()?),+))?;
                        return matched.finish(call);
                    })+
                    Err(Refusal::NoRoute)
                }
            }
        )+
    };
    (@public) => { false };
    (@session) => { true };
}

pub(super) use calls;
