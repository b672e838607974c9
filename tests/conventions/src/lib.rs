//! Holds nothing: the checks are this package's test.
