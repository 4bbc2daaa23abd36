//! A sink that folds every record into a checksum.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hurtig::Result;
use hurtig::connector::{Sink, SinkWriter, VersionedBytes, WriteContext, WriterContext};

/// Something that adds to a checksum in which the order of records does not matter.
pub trait Fold: 'static {
    /// This record's (or batch's) part of the checksum.
    fn fold(&self) -> u64;
}

impl Fold for u64 {
    #[inline]
    fn fold(&self) -> u64 {
        *self
    }
}

/// Adds up what each record folds to; read it when the job has ended.
pub struct ChecksumSink<T> {
    sum: Arc<AtomicU64>,
    types: std::marker::PhantomData<fn(T)>,
}

impl<T> ChecksumSink<T> {
    /// A sink, and where its sum is read.
    pub fn new() -> (Self, Arc<AtomicU64>) {
        let sum = Arc::new(AtomicU64::new(0));
        (ChecksumSink { sum: sum.clone(), types: std::marker::PhantomData }, sum)
    }
}

impl<T: Fold> Sink for ChecksumSink<T> {
    type Record = T;
    type Writer = ChecksumWriter<T>;

    fn create_writer(&self, _: &WriterContext, _: Vec<VersionedBytes>) -> Result<ChecksumWriter<T>> {
        Ok(ChecksumWriter { sum: 0, total: self.sum.clone(), types: std::marker::PhantomData })
    }
}

/// Writes to a [`ChecksumSink`].
pub struct ChecksumWriter<T> {
    sum: u64,
    total: Arc<AtomicU64>,
    types: std::marker::PhantomData<fn(T)>,
}

impl<T: Fold> SinkWriter for ChecksumWriter<T> {
    type Record = T;

    #[inline]
    fn write(&mut self, record: T, _: &WriteContext) -> Result<()> {
        self.sum = self.sum.wrapping_add(record.fold());
        Ok(())
    }

    fn flush(&mut self, _: bool) -> Result<()> {
        // Wrapping, as the sum itself.
        self.total.fetch_add(std::mem::take(&mut self.sum), Ordering::Relaxed);
        Ok(())
    }
}
