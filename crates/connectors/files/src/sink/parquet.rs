//! Parts of Parquet, from rows and from columns.
use std::fs::File;
use std::marker::PhantomData;

use hurtig_core::batch::ColumnBatch;
use hurtig_core::types::{record_schema, to_record_batch};
use hurtig_core::{Error, Result, RowKind, TypeInformation};
use hurtig_formats::{ParquetOptions, ParquetWriter};

use super::{PartFormat, PartWriter};

/// Rows gathered before they become columns.
const ROWS: usize = 1_024;

/// Parts with rows of `T`.
pub(super) struct RowParts<T>(ParquetOptions, PhantomData<fn(T)>);

impl<T> RowParts<T> {
    pub(super) fn new(options: ParquetOptions) -> Self {
        RowParts(options, PhantomData)
    }
}

impl<T: TypeInformation> PartFormat<T> for RowParts<T> {
    fn create(&self, file: File) -> Result<Box<dyn PartWriter<T>>> {
        let writer = ParquetWriter::new(file, record_schema::<T>(), &self.0)?;
        Ok(Box::new(RowPart { bytes: writer.bytes(), writer, rows: Vec::new() }))
    }
}

struct RowPart<T> {
    writer: ParquetWriter<File>,
    rows: Vec<T>,
    /// The writer's estimate; asking for it costs more than a record.
    bytes: u64,
}

impl<T: TypeInformation> RowPart<T> {
    fn write_rows(&mut self) -> Result<()> {
        if !self.rows.is_empty() {
            self.writer.write(&to_record_batch(&self.rows)?)?;
            self.rows.clear();
            self.bytes = self.writer.bytes();
        }
        Ok(())
    }
}

impl<T: TypeInformation> PartWriter<T> for RowPart<T> {
    fn write(&mut self, record: T) -> Result<()> {
        self.rows.push(record);
        if self.rows.len() >= ROWS { self.write_rows() } else { Ok(()) }
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn persist(&mut self) -> Result<Option<u64>> {
        Ok(None)
    }

    fn finish(mut self: Box<Self>) -> Result<u64> {
        self.write_rows()?;
        finish(self.writer)
    }
}

/// Parts with the columns of batches.
pub(super) struct ColumnParts(ParquetOptions);

impl ColumnParts {
    pub(super) fn new(options: ParquetOptions) -> Self {
        ColumnParts(options)
    }
}

impl PartFormat<ColumnBatch> for ColumnParts {
    fn create(&self, file: File) -> Result<Box<dyn PartWriter<ColumnBatch>>> {
        Ok(Box::new(ColumnPart { state: ColumnState::Empty(file), options: self.0.clone() }))
    }
}

struct ColumnPart {
    state: ColumnState,
    options: ParquetOptions,
}

/// The schema of the file is that of its first batch.
enum ColumnState {
    Empty(File),
    Open(Box<ParquetWriter<File>>),
    /// A writer could not be made; the job is failing.
    Broken,
}

impl PartWriter<ColumnBatch> for ColumnPart {
    fn write(&mut self, record: ColumnBatch) -> Result<()> {
        if let Some(row) = (0..record.len()).find(|&row| record.change(row) != RowKind::Insert) {
            let kind = record.change(row);
            return Err(Error::user(format!("a file takes inserts alone, but row {row} is {kind:?}")));
        }
        if let ColumnState::Empty(_) = &self.state
            && let ColumnState::Empty(file) = std::mem::replace(&mut self.state, ColumnState::Broken)
        {
            self.state =
                ColumnState::Open(Box::new(ParquetWriter::new(file, record.schema(), &self.options)?));
        }
        match &mut self.state {
            ColumnState::Open(writer) => writer.write(record.batch()),
            ColumnState::Empty(_) | ColumnState::Broken => Err(Error::bug("a part file without a writer")),
        }
    }

    fn bytes(&self) -> u64 {
        match &self.state {
            ColumnState::Open(writer) => writer.bytes(),
            ColumnState::Empty(_) | ColumnState::Broken => 0,
        }
    }

    fn persist(&mut self) -> Result<Option<u64>> {
        Ok(None)
    }

    fn finish(self: Box<Self>) -> Result<u64> {
        match self.state {
            ColumnState::Open(writer) => finish(*writer),
            ColumnState::Empty(_) | ColumnState::Broken => Err(Error::bug("a part file without a batch")),
        }
    }
}

fn finish(writer: ParquetWriter<File>) -> Result<u64> {
    let failed = |error| Error::restart("writing failed").caused_by(error);
    let file = writer.finish()?;
    file.sync_all().map_err(failed)?;
    Ok(file.metadata().map_err(failed)?.len())
}
