//! Lines of text from a TCP server. Flink's `socketTextStream`.
//!
//! A line's way: `connection` runs on the I/O runtime and reads bytes, `lines` cuts them up, `handover` holds a
//! bounded number of bytes until `reader` takes them on the task's thread.
mod connection;
mod handover;
mod lines;
mod reader;

use std::fmt;

use hurtig_connector::{Boundedness, ReaderContext, Source, Split, SplitId, VersionedBytes};
use hurtig_core::{Error, Result};
use hurtig_derive::TypeInformation;

pub use reader::SocketReader;

use crate::pool::SplitPool;

/// Reads lines from a server that sends them, in one subtask. For trying things out: **it cannot replay**.
/// What was read before a failure is lost, whatever the checkpoints say.
///
/// Bytes that are not UTF-8 become U+FFFD. With the delimiter `\n` a `\r` before it is cut off too. When the
/// server closes the connection, the source connects again, 500 ms later and at most as often as
/// [`with_max_retries`](Self::with_max_retries) says, and goes on in the line it was in; after that it ends, and
/// what follows the last delimiter is the last line. A connection that is refused or breaks is an error.
///
/// ```
/// use hurtig_connector_base::SocketSource;
///
/// let lines = SocketSource::new("localhost", 9999).with_delimiter(";").with_max_retries(Some(3));
/// assert_eq!(lines.to_string(), "text from localhost:9999 (cannot replay)");
/// ```
#[derive(Clone, Debug)]
pub struct SocketSource {
    host: String,
    port: u16,
    delimiter: String,
    max_retries: Option<u32>,
    max_line_bytes: usize,
    buffer_bytes: usize,
}

impl SocketSource {
    /// Lines that end with `\n`, at most 1 MiB each, from one connection to `host:port`.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        SocketSource {
            host: host.into(),
            port,
            delimiter: String::from("\n"),
            max_retries: Some(0),
            max_line_bytes: 1 << 20,
            buffer_bytes: 256 << 10,
        }
    }

    /// What separates the lines; not empty.
    pub fn with_delimiter(mut self, delimiter: impl Into<String>) -> Self {
        self.delimiter = delimiter.into();
        self
    }

    /// How often to connect again after the server has closed a connection; `None` is for ever, Flink's -1.
    pub fn with_max_retries(mut self, max_retries: Option<u32>) -> Self {
        self.max_retries = max_retries;
        self
    }

    /// The longest line in bytes, without its delimiter. A longer one is an error.
    pub fn with_max_line_bytes(mut self, max_line_bytes: usize) -> Self {
        self.max_line_bytes = max_line_bytes;
        self
    }

    /// Bytes of lines that may wait for the task (a line more than that at most); 256 KiB unless set.
    pub fn with_buffer_bytes(mut self, buffer_bytes: usize) -> Self {
        self.buffer_bytes = buffer_bytes;
        self
    }
}

impl Source for SocketSource {
    type Record = String;
    type Split = SocketSplit;
    type Enumerator = SplitPool<SocketSplit>;
    type Reader = SocketReader;

    fn boundedness(&self) -> Boundedness {
        Boundedness::Unbounded
    }

    fn create_enumerator(&self, restored: Option<&VersionedBytes>) -> Result<SplitPool<SocketSplit>> {
        SplitPool::new(restored, |_| vec![SocketSplit { connection: 0 }])
    }

    fn create_reader(&self, context: &ReaderContext) -> Result<SocketReader> {
        if self.delimiter.is_empty() {
            return Err(Error::user(format!("the delimiter of the {self} is empty")));
        }
        Ok(SocketReader::new(self.clone(), context.host.clone()))
    }
}

impl fmt::Display for SocketSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "text from {}:{} (cannot replay)", self.host, self.port)
    }
}

/// The one connection. It has no position: a server does not repeat what it sent.
#[derive(Clone, Debug, PartialEq, Eq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
pub struct SocketSplit {
    /// Which connection it is, counted from 0; there is one.
    pub connection: i32,
}

impl Split for SocketSplit {
    fn split_id(&self) -> SplitId {
        SplitId::new("socket")
    }
}
