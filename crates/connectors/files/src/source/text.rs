//! Text files: bytes from the file into one buffer, and from there through a decoder.
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hurtig_core::{Batch, Error, Result, TypeInformation};
use hurtig_formats::{Decoder, InputEnd, ParseErrors};

use super::{FileFormat, FilePosition, FileRecords};
use crate::io_error::io_error;

/// Bytes read at a time. The buffer grows beyond it only for a record that is longer.
const CHUNK_BYTES: usize = 256 << 10;
/// More rows than that are not made room for before they are there.
const MAX_RESERVED_ROWS: usize = 8_192;
/// After so many bytes without a record the reader lets others go on.
const BYTES_PER_CALL: u64 = 8 << 20;

/// Files that a [`Decoder`] reads.
pub(super) struct TextFormat<T> {
    create: Box<dyn Fn() -> Result<Box<dyn Decoder<T>>> + Send + Sync>,
    parse_errors: Arc<ParseErrorCounter>,
}

/// What all readers of one source have passed over.
#[derive(Debug, Default)]
pub(super) struct ParseErrorCounter {
    records: AtomicU64,
    fields: AtomicU64,
}

impl ParseErrorCounter {
    pub(super) fn get(&self) -> ParseErrors {
        ParseErrors {
            records: self.records.load(Ordering::Relaxed),
            fields: self.fields.load(Ordering::Relaxed),
        }
    }

    fn add(&self, before: ParseErrors, after: ParseErrors) {
        if before != after {
            self.records.fetch_add(after.records - before.records, Ordering::Relaxed);
            self.fields.fetch_add(after.fields - before.fields, Ordering::Relaxed);
        }
    }
}

impl<T: TypeInformation> TextFormat<T> {
    pub(super) fn new<D: Decoder<T> + 'static>(
        create: impl Fn() -> Result<D> + Send + Sync + 'static,
        parse_errors: Arc<ParseErrorCounter>,
    ) -> Self {
        TextFormat { create: Box::new(move || Ok(Box::new(create()?))), parse_errors }
    }
}

impl<T: TypeInformation> FileFormat for TextFormat<T> {
    fn check(&self) -> Result<()> {
        (self.create)().map(drop)
    }

    fn open(&self, path: &Path, position: FilePosition) -> Result<Box<dyn FileRecords>> {
        let mut file = TextFile {
            input: Input::open(path)?,
            decoder: (self.create)()?,
            parse_errors: Arc::clone(&self.parse_errors),
        };
        match position {
            FilePosition::Start => {}
            FilePosition::Text { offset, line } => file.resume_at(offset, line)?,
            FilePosition::Rows { .. } => return Err(Error::corrupt("a place in rows for a text file")),
        }
        Ok(Box::new(file))
    }
}

/// A text file being read.
struct TextFile<T> {
    input: Input,
    decoder: Box<dyn Decoder<T>>,
    parse_errors: Arc<ParseErrorCounter>,
}

impl<T: TypeInformation> TextFile<T> {
    /// Goes on behind the record that ended at `offset`.
    fn resume_at(&mut self, offset: u64, line: u64) -> Result<()> {
        while self.decoder.needs_start() && self.input.end != InputEnd::Last {
            self.input.fill()?;
            self.decode(0, &mut Vec::new())?;
        }
        self.input.seek(offset)?;
        self.decoder.resume_at(line);
        Ok(())
    }

    /// Decodes what is in the buffer.
    fn decode(&mut self, max_rows: usize, rows: &mut Vec<T>) -> Result<()> {
        let before = self.decoder.parse_errors();
        let taken = self.decoder.decode(self.input.bytes(), self.input.end, max_rows, rows)?;
        self.input.take(taken);
        self.parse_errors.add(before, self.decoder.parse_errors());
        Ok(())
    }
}

impl<T: TypeInformation> FileRecords for TextFile<T> {
    fn next_batch(&mut self, max_rows: usize) -> Result<Option<Batch>> {
        let start = self.input.offset;
        let mut rows = Vec::with_capacity(max_rows.min(MAX_RESERVED_ROWS));
        loop {
            self.decode(max_rows - rows.len(), &mut rows)?;
            let long_enough = rows.is_empty() && self.input.offset - start >= BYTES_PER_CALL;
            if rows.len() == max_rows || long_enough {
                break;
            }
            if self.input.end == InputEnd::Last {
                if rows.is_empty() {
                    return Ok(None);
                }
                break;
            }
            self.input.fill()?;
        }
        Ok(Some(Batch::from_rows(rows)))
    }

    fn position(&self) -> FilePosition {
        FilePosition::Text { offset: self.input.offset, line: self.decoder.line() }
    }
}

/// The file and what has been read of it but not been decoded.
struct Input {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
    start: usize,
    filled: usize,
    /// The place of `start` in the file.
    offset: u64,
    end: InputEnd,
}

impl Input {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| io_error("opening", path, error))?;
        let buffer = vec![0; CHUNK_BYTES];
        let path = path.to_owned();
        Ok(Input { path, file, buffer, start: 0, filled: 0, offset: 0, end: InputEnd::More })
    }

    fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.filled]
    }

    fn take(&mut self, count: usize) {
        self.start += count;
        self.offset += count as u64;
    }

    /// Reads on: what has not been taken moves to the front, and the buffer grows if that fills it.
    fn fill(&mut self) -> Result<()> {
        self.buffer.copy_within(self.start..self.filled, 0);
        self.filled -= self.start;
        self.start = 0;
        if self.filled == self.buffer.len() {
            self.buffer.resize(2 * self.buffer.len(), 0);
        }
        loop {
            match self.file.read(&mut self.buffer[self.filled..]) {
                Ok(0) => self.end = InputEnd::Last,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(io_error("reading", &self.path, error)),
            }
            return Ok(());
        }
    }

    fn seek(&mut self, offset: u64) -> Result<()> {
        let failed = |error| io_error("reading", &self.path, error);
        let length = self.file.metadata().map_err(failed)?.len();
        if offset > length {
            return Err(Error::corrupt(format!(
                "the file has {length} bytes, but {offset} had been read of it"
            )));
        }
        self.file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        (self.start, self.filled, self.offset, self.end) = (0, 0, offset, InputEnd::More);
        Ok(())
    }
}
