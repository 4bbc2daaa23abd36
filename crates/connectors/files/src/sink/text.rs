//! Parts of text.
use std::fs::File;
use std::io::Write;

use hurtig_core::{Error, Result};
use hurtig_formats::Encoder;

use super::{PartFormat, PartWriter};

/// Bytes gathered before they are handed to the file system.
const BUFFER_BYTES: usize = 64 << 10;

/// Parts that an [`Encoder`] writes.
pub(super) struct TextParts<R>(Box<dyn Fn() -> Result<Box<dyn Encoder<R>>> + Send + Sync>);

impl<R: 'static> TextParts<R> {
    pub(super) fn new<E: Encoder<R> + 'static>(
        create: impl Fn() -> Result<E> + Send + Sync + 'static,
    ) -> Self {
        TextParts(Box::new(move || Ok(Box::new(create()?))))
    }
}

impl<R: 'static> PartFormat<R> for TextParts<R> {
    fn check(&self) -> Result<()> {
        (self.0)().map(drop)
    }

    fn create(&self, file: File) -> Result<Box<dyn PartWriter<R>>> {
        let mut part = TextPart { encoder: (self.0)()?, file, buffer: Vec::new(), written: 0 };
        part.encoder.begin(&mut part.buffer);
        Ok(Box::new(part))
    }
}

struct TextPart<R> {
    encoder: Box<dyn Encoder<R>>,
    file: File,
    buffer: Vec<u8>,
    written: u64,
}

impl<R> TextPart<R> {
    fn write_out(&mut self) -> Result<()> {
        self.file.write_all(&self.buffer).map_err(failed)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn sync(&mut self) -> Result<u64> {
        self.write_out()?;
        self.file.sync_all().map_err(failed)?;
        Ok(self.written)
    }
}

impl<R> PartWriter<R> for TextPart<R> {
    fn write(&mut self, record: R) -> Result<()> {
        self.encoder.encode(&record, &mut self.buffer)?;
        if self.buffer.len() >= BUFFER_BYTES { self.write_out() } else { Ok(()) }
    }

    fn bytes(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    fn persist(&mut self) -> Result<Option<u64>> {
        self.sync().map(Some)
    }

    fn finish(mut self: Box<Self>) -> Result<u64> {
        self.sync()
    }
}

/// A full disk may be empty again at the next attempt.
#[cold]
fn failed(error: std::io::Error) -> Error {
    Error::restart("writing failed").caused_by(error)
}
