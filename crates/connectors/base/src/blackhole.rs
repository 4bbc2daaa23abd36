//! A sink that drops everything: for measuring what lies before it. Flink's `blackhole` connector.
use std::fmt;
use std::marker::PhantomData;

use hurtig_connector::{Sink, SinkWriter, VersionedBytes, WriteContext, WriterContext};
use hurtig_core::Result;

/// Drops its records, which may be of a Rust type or
/// [`ColumnBatch`](hurtig_core::batch::ColumnBatch)es.
pub struct BlackHoleSink<T> {
    record: PhantomData<fn(T)>,
}

impl<T> BlackHoleSink<T> {
    /// A sink that drops everything.
    pub fn new() -> Self {
        BlackHoleSink { record: PhantomData }
    }
}

impl<T> Default for BlackHoleSink<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for BlackHoleSink<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlackHoleSink")
    }
}

impl<T: 'static> Sink for BlackHoleSink<T> {
    type Record = T;
    type Writer = BlackHoleWriter<T>;

    fn create_writer(&self, _: &WriterContext, _: Vec<VersionedBytes>) -> Result<BlackHoleWriter<T>> {
        Ok(BlackHoleWriter { record: PhantomData })
    }
}

/// The writer of a [`BlackHoleSink`].
pub struct BlackHoleWriter<T> {
    record: PhantomData<fn(T)>,
}

impl<T> SinkWriter for BlackHoleWriter<T> {
    type Record = T;

    #[inline]
    fn write(&mut self, record: T, _: &WriteContext) -> Result<()> {
        drop(record);
        Ok(())
    }

    fn flush(&mut self, _: bool) -> Result<()> {
        Ok(())
    }
}
