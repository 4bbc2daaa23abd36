//! One error for everything that crosses a crate boundary; its kind says what the caller must do.
use std::fmt;

/// An error of a user's function, a source or a sink before the engine has looked at it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// The result of everything that can fail in Hurtig.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller must do about an [`Error`]. Restart strategies look at this alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum ErrorKind {
    /// The program, an option or the input is wrong: running it again gives the same.
    User,
    /// A passing fault of something outside: the same call may succeed later.
    Retry,
    /// This attempt of the job is lost; another attempt may succeed.
    Restart,
    /// Stored data are not what was written.
    Corrupt,
    /// Hurtig itself is wrong.
    Bug,
}

/// An error with its kind, a message that names the place and the value, and the chain of causes.
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    message: String,
    source: Option<BoxError>,
}

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { inner: Box::new(Inner { kind, message: message.into(), source: None }) }
    }

    /// A mistake of the program, an option or the input.
    pub fn user(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::User, message)
    }

    /// A passing fault of something outside.
    pub fn retry(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Retry, message)
    }

    /// A fault that another attempt of the job may not meet.
    pub fn restart(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Restart, message)
    }

    /// Stored data that cannot be read.
    pub fn corrupt(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Corrupt, message)
    }

    /// A state that Hurtig's code should not have let happen.
    pub fn bug(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Bug, message)
    }

    /// Puts `cause` under this error.
    pub fn caused_by(mut self, cause: impl Into<BoxError>) -> Self {
        self.inner.source = Some(cause.into());
        self
    }

    /// Puts this error under a new one of the same kind that says where it happened.
    pub fn context(self, message: impl Into<String>) -> Self {
        Error::new(self.kind(), message).caused_by(self)
    }

    /// The error of a user's function: kept as it is if it is one of ours, else one that another attempt
    /// may not meet (as in Flink, where any exception of a function restarts the job).
    pub fn from_function(error: impl Into<BoxError>) -> Self {
        match error.into().downcast::<Error>() {
            Ok(ours) => *ours,
            Err(foreign) => Error::restart(foreign.to_string()).with_source_of(foreign),
        }
    }

    fn with_source_of(mut self, error: BoxError) -> Self {
        // The foreign error's own text is already the message; only what lies under it is added.
        if let Some(below) = error.source() {
            self.inner.source = Some(chain(below).into());
        }
        self
    }

    /// What the caller must do.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// This error's own sentence, without its causes.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The whole chain in one line: `message: cause: cause`.
    pub fn to_chain(&self) -> String {
        chain(self)
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = match error.downcast_ref::<Error>() {
        Some(ours) => ours.message().to_owned(),
        None => error.to_string(),
    };
    let mut next = error.source();
    while let Some(error) = next {
        let sentence = match error.downcast_ref::<Error>() {
            Some(ours) => ours.message().to_owned(),
            None => error.to_string(),
        };
        text.push_str(": ");
        text.push_str(&sentence);
        next = error.source();
    }
    text
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_chain())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind(), self.to_chain())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

/// Says where an error happened while it travels up.
pub trait ResultExt<T> {
    /// Puts the error under a new one of the same kind that says `message`.
    fn context(self, message: impl FnOnce() -> String) -> Result<T>;
}

impl<T> ResultExt<T> for Result<T> {
    fn context(self, message: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| error.context(message()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_names_every_cause_once() {
        let io = std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
        let error = Error::user("reading 'a.csv'").caused_by(io).context("operator 'files'");
        assert_eq!(error.to_string(), "operator 'files': reading 'a.csv': no such file");
        assert_eq!(error.kind(), ErrorKind::User);
    }

    #[test]
    fn a_functions_error_keeps_its_kind_if_it_is_ours() {
        let ours: BoxError = Box::new(Error::user("no"));
        assert_eq!(Error::from_function(ours).kind(), ErrorKind::User);
        assert_eq!(Error::from_function("oops").kind(), ErrorKind::Restart);
        assert_eq!(Error::from_function("oops").to_string(), "oops");
    }
}
