//! Records as lines on the standard output or error. Flink's `print()` and `print` connector.
use std::fmt;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::sync::Arc;

use hurtig_connector::{Sink, SinkWriter, VersionedBytes, WriteContext, WriterContext};
use hurtig_core::types::codec::Reader;
use hurtig_core::{Error, Result, TypeInformation};

use crate::display::Printer;

/// Lines are gathered up to this many bytes before they are written in one go.
const BUFFER_BYTES: usize = 8 * 1024;

/// Prints each record on a line of its own, in the form of [`crate::display`]. With more than one subtask each
/// line begins with the number of its own: `2> a`, or `name:2> a` with an identifier; an identifier alone
/// gives `name> a`.
///
/// Lines are written when 8 kB of them have come together, about once a second, at a checkpoint and at the end.
pub struct PrintSink<T> {
    identifier: String,
    target: Target,
    record: PhantomData<fn(T)>,
}

#[derive(Clone)]
struct Target {
    name: &'static str,
    open: Arc<dyn Fn() -> Box<dyn Write + Send> + Send + Sync>,
}

impl<T: TypeInformation> PrintSink<T> {
    /// Prints to the standard output.
    pub fn stdout() -> Self {
        Self::to("the standard output", io::stdout)
    }

    /// Prints to the standard error. Flink's `printToErr()`.
    pub fn stderr() -> Self {
        Self::to("the standard error", io::stderr)
    }

    /// Prints to what `open` gives each subtask.
    pub fn to_writer<W: Write + Send + 'static>(open: impl Fn() -> W + Send + Sync + 'static) -> Self {
        Self::to("the writer of a print sink", open)
    }

    /// Puts a name before each line.
    pub fn with_identifier(mut self, identifier: impl Into<String>) -> Self {
        self.identifier = identifier.into();
        self
    }

    fn to<W: Write + Send + 'static>(
        name: &'static str,
        open: impl Fn() -> W + Send + Sync + 'static,
    ) -> Self {
        let open = Arc::new(move || Box::new(open()) as Box<dyn Write + Send>);
        PrintSink { identifier: String::new(), target: Target { name, open }, record: PhantomData }
    }
}

impl<T> fmt::Debug for PrintSink<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrintSink('{}' to {})", self.identifier, self.target.name)
    }
}

impl<T: TypeInformation> Sink for PrintSink<T> {
    type Record = T;
    type Writer = PrintWriter<T>;

    fn create_writer(&self, context: &WriterContext, _: Vec<VersionedBytes>) -> Result<PrintWriter<T>> {
        Ok(PrintWriter {
            prefix: prefix(&self.identifier, context),
            printer: Printer::new(&T::logical_type()),
            encoded: Vec::new(),
            lines: String::new(),
            target_name: self.target.name,
            target: (self.target.open)(),
            record: PhantomData,
        })
    }
}

fn prefix(identifier: &str, context: &WriterContext) -> String {
    match (identifier, context.parallelism) {
        ("", 0..=1) => String::new(),
        (identifier, 0..=1) => format!("{identifier}> "),
        ("", _) => format!("{}> ", context.subtask.0 + 1),
        (identifier, _) => format!("{identifier}:{}> ", context.subtask.0 + 1),
    }
}

/// The writer of a [`PrintSink`].
pub struct PrintWriter<T> {
    prefix: String,
    printer: Printer,
    encoded: Vec<u8>,
    lines: String,
    target_name: &'static str,
    target: Box<dyn Write + Send>,
    record: PhantomData<fn(T)>,
}

impl<T> PrintWriter<T> {
    fn write_out(&mut self) -> Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let written = self.target.write_all(self.lines.as_bytes()).and_then(|()| self.target.flush());
        self.lines.clear();
        written.map_err(|cause| {
            let message = format!("cannot print to {}", self.target_name);
            match cause.kind() {
                // Whoever read the lines has gone and does not come back.
                io::ErrorKind::BrokenPipe => Error::user(message),
                _ => Error::restart(message),
            }
            .caused_by(cause)
        })
    }
}

impl<T: TypeInformation> SinkWriter for PrintWriter<T> {
    type Record = T;

    fn write(&mut self, record: T, _: &WriteContext) -> Result<()> {
        self.encoded.clear();
        record.encode(&mut self.encoded);
        self.lines.push_str(&self.prefix);
        self.printer.print(&mut Reader::new(&self.encoded), &mut self.lines)?;
        self.lines.push('\n');
        if self.lines.len() > BUFFER_BYTES { self.write_out() } else { Ok(()) }
    }

    fn end_of_batch(&mut self) -> Result<()> {
        self.write_out()
    }

    fn flush(&mut self, _: bool) -> Result<()> {
        self.write_out()
    }
}

impl<T> Drop for PrintWriter<T> {
    /// Lines that were taken before the job was cancelled still come out, if they can.
    fn drop(&mut self) {
        let _ = self.write_out();
    }
}
