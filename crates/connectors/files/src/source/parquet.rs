//! Parquet files, as rows and as columns.
use std::fs::File;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use hurtig_core::types::from_record_batch;
use hurtig_core::{Batch, Error, LogicalType, Result, TypeInformation};
use hurtig_formats::ParquetReader;
use hurtig_formats::parquet::RowPosition;

use super::{FileFormat, FilePosition, FileRecords};
use crate::io_error::io_error;

/// Rows of `T`.
pub(super) struct ParquetRows<T>(PhantomData<fn() -> T>);

impl<T> ParquetRows<T> {
    pub(super) fn new() -> Self {
        ParquetRows(PhantomData)
    }
}

impl<T: TypeInformation> FileFormat for ParquetRows<T> {
    fn open(&self, path: &Path, position: FilePosition) -> Result<Box<dyn FileRecords>> {
        let mut reader = ParquetReader::for_rows::<T>(open(path)?)?;
        seek(&mut reader, position)?;
        Ok(Box::new(RowFile(reader, PhantomData::<fn() -> T>)))
    }
}

struct RowFile<T>(ParquetReader<File>, PhantomData<fn() -> T>);

impl<T: TypeInformation> FileRecords for RowFile<T> {
    fn next_batch(&mut self, max_rows: usize) -> Result<Option<Batch>> {
        let place = self.0.position();
        let Some(batch) = self.0.next_batch(max_rows)? else { return Ok(None) };
        let rows = from_record_batch::<T>(&batch).map_err(|error| {
            error.context(format!("row group {}, from row {} on", place.row_group, place.row))
        })?;
        Ok(Some(Batch::from_rows(rows)))
    }

    fn position(&self) -> FilePosition {
        position(&self.0)
    }
}

/// Arrow columns of one schema.
pub(super) struct ParquetColumns(SchemaRef);

impl ParquetColumns {
    pub(super) fn new(schema: SchemaRef) -> Self {
        ParquetColumns(schema)
    }
}

/// The schema of batches of a ROW type.
pub(super) fn schema_of(row_type: &LogicalType) -> Result<SchemaRef> {
    let fields = row_type.fields().ok_or_else(|| Error::user(format!("{row_type} is not a ROW")))?;
    let fields: Vec<_> = fields.iter().map(|field| field.data_type.arrow_field(&field.name)).collect();
    Ok(Arc::new(Schema::new(fields)))
}

impl FileFormat for ParquetColumns {
    fn open(&self, path: &Path, position: FilePosition) -> Result<Box<dyn FileRecords>> {
        let mut reader = ParquetReader::for_schema(open(path)?, Arc::clone(&self.0))?;
        seek(&mut reader, position)?;
        Ok(Box::new(ColumnFile(reader)))
    }
}

struct ColumnFile(ParquetReader<File>);

impl FileRecords for ColumnFile {
    fn next_batch(&mut self, max_rows: usize) -> Result<Option<Batch>> {
        Ok(self.0.next_batch(max_rows)?.map(Batch::from_columns))
    }

    fn position(&self) -> FilePosition {
        position(&self.0)
    }
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|error| io_error("opening", path, error))
}

fn seek(reader: &mut ParquetReader<File>, position: FilePosition) -> Result<()> {
    match position {
        FilePosition::Start => Ok(()),
        FilePosition::Rows { row_group, row } => reader.seek(RowPosition { row_group, row }),
        FilePosition::Text { .. } => Err(Error::corrupt("a place in text for a Parquet file")),
    }
}

fn position(reader: &ParquetReader<File>) -> FilePosition {
    let RowPosition { row_group, row } = reader.position();
    FilePosition::Rows { row_group, row }
}
