//! What becomes of a value that cannot be read: the end of the job, or a NULL that is counted.
use crate::format::ParseErrors;

/// What a parse error does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OnParseError {
    /// It fails the job.
    #[default]
    Fail,
    /// A nullable field becomes NULL; anything else costs the record. Flink's `ignore-parse-errors`.
    Ignore,
}

/// The choice, and what it has led to so far.
#[derive(Debug, Default)]
pub(crate) struct Leniency {
    pub(crate) on_error: OnParseError,
    pub(crate) passed_over: ParseErrors,
}

impl Leniency {
    pub(crate) fn new(on_error: OnParseError) -> Self {
        Leniency { on_error, passed_over: ParseErrors::default() }
    }

    /// Whether errors are passed over.
    pub(crate) fn ignores(&self) -> bool {
        self.on_error == OnParseError::Ignore
    }
}
