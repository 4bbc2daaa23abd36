//! Reading record batches out of a Parquet file.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_cast::CastOptions;
use arrow_schema::{Schema, SchemaRef};
use hurtig_core::types::record_schema;
use hurtig_core::{Error, Result, TypeInformation};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::file::reader::ChunkReader;

use super::shared::Shared;

/// How many rows are decoded at a time; smaller batches are slices of those.
const DECODED_ROWS: usize = 8_192;

/// A place between two rows of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowPosition {
    /// The row group, counted from 0.
    pub row_group: u32,
    /// Rows of that group before the place.
    pub row: u64,
}

/// Reads some columns of a Parquet file, row group by row group, and knows where it stands.
///
/// Columns are found by name; one that the file does not have is NULL if it may be.
pub struct ParquetReader<R> {
    input: Shared<R>,
    metadata: ArrowReaderMetadata,
    columns: Columns,
    position: RowPosition,
    batches: Option<ParquetRecordBatchReader>,
    decoded: Option<RecordBatch>,
}

/// The columns that are wanted and where they come from.
struct Columns {
    schema: SchemaRef,
    conform: Conform,
    mask: ProjectionMask,
    /// For each wanted column its place among those that are read, if the file has it.
    sources: Vec<Option<usize>>,
}

/// How far the types of a file are made those that are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conform {
    /// Not at all: whoever makes rows of the columns takes what is near.
    Names,
    /// Columns are cast; a value that does not fit is an error.
    Types,
}

impl<R: ChunkReader + 'static> ParquetReader<R> {
    /// Reads the columns that rows of `T` need; the batches are for
    /// [`from_record_batch`](hurtig_core::types::from_record_batch).
    pub fn for_rows<T: TypeInformation>(input: R) -> Result<Self> {
        Self::open(input, record_schema::<T>(), Conform::Names)
    }

    /// Reads the columns of `schema`, cast to its types where the file has others.
    pub fn for_schema(input: R, schema: SchemaRef) -> Result<Self> {
        Self::open(input, schema, Conform::Types)
    }

    fn open(input: R, schema: SchemaRef, conform: Conform) -> Result<Self> {
        let input = Shared::new(input);
        let metadata = guarded(|| ArrowReaderMetadata::load(&input, ArrowReaderOptions::new()))?;
        let columns = Columns::new(&metadata, schema, conform)?;
        let position = RowPosition::default();
        Ok(ParquetReader { input, metadata, columns, position, batches: None, decoded: None })
    }

    /// Where the next row stands.
    pub fn position(&self) -> RowPosition {
        self.position
    }

    /// Goes on at `position`. Fails if the file has no such place.
    pub fn seek(&mut self, position: RowPosition) -> Result<()> {
        let groups = self.metadata.metadata().row_groups();
        let rows = groups.get(position.row_group as usize).map_or(0, |group| group.num_rows());
        if position.row_group as usize > groups.len() || position.row > u64::try_from(rows).unwrap_or(0) {
            let RowPosition { row_group, row } = position;
            return Err(Error::corrupt(format!(
                "there is no row {row} of row group {row_group} in the file"
            )));
        }
        self.position = position;
        self.batches = None;
        self.decoded = None;
        Ok(())
    }

    /// The next rows, at most `max_rows`; `None` at the end of the file.
    pub fn next_batch(&mut self, max_rows: usize) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(decoded) = self.decoded.take().filter(|batch| batch.num_rows() > 0) {
                let count = decoded.num_rows().min(max_rows.max(1));
                self.decoded = Some(decoded.slice(count, decoded.num_rows() - count));
                self.position.row += count as u64;
                return Ok(Some(decoded.slice(0, count)));
            }
            if self.batches.is_none() {
                if self.position.row_group as usize >= self.metadata.metadata().num_row_groups() {
                    return Ok(None);
                }
                self.batches = Some(self.open_row_group()?);
            }
            let batch = match &mut self.batches {
                Some(batches) => {
                    guarded(|| batches.next().transpose()).map_err(|error| self.in_place(error))?
                }
                None => None,
            };
            match batch {
                Some(batch) => {
                    let batch = self.columns.conform(&batch).map_err(|error| self.in_place(error))?;
                    self.decoded = Some(batch);
                }
                None => {
                    self.batches = None;
                    self.position = RowPosition { row_group: self.position.row_group + 1, row: 0 };
                }
            }
        }
    }

    fn open_row_group(&self) -> Result<ParquetRecordBatchReader> {
        let RowPosition { row_group, row } = self.position;
        let offset = usize::try_from(row).unwrap_or(usize::MAX);
        guarded(|| {
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.input.clone(), self.metadata.clone())
                .with_projection(self.columns.mask.clone())
                .with_batch_size(DECODED_ROWS)
                .with_row_groups(vec![row_group as usize])
                .with_offset(offset)
                .build()
        })
        .map_err(|error| self.in_place(error))
    }

    #[cold]
    fn in_place(&self, error: Error) -> Error {
        let RowPosition { row_group, row } = self.position;
        error.context(format!("row group {row_group}, from row {row} on"))
    }
}

impl Columns {
    fn new(metadata: &ArrowReaderMetadata, schema: SchemaRef, conform: Conform) -> Result<Self> {
        let found = metadata.schema();
        let mut indices = Vec::new();
        for field in schema.fields() {
            match found.index_of(field.name()) {
                Ok(index) => indices.push(index),
                Err(_) if field.is_nullable() => {}
                Err(_) => {
                    let names: Vec<&str> = found.fields().iter().map(|field| field.name().as_str()).collect();
                    return Err(Error::user(format!(
                        "no column '{}' of type {}, which cannot be NULL, among '{}'",
                        field.name(),
                        field.data_type(),
                        crate::problem::shorten(&names.join("', '"))
                    )));
                }
            }
        }
        // What is read comes in the order of the file.
        let mask = ProjectionMask::roots(metadata.parquet_schema(), indices.iter().copied());
        indices.sort_unstable();
        indices.dedup();
        let source = |name: &str| {
            let index = found.index_of(name).ok()?;
            indices.iter().position(|&read| read == index)
        };
        let sources = schema.fields().iter().map(|field| source(field.name())).collect();
        Ok(Columns { schema, conform, mask, sources })
    }

    /// The wanted columns in the wanted order.
    fn conform(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let mut fields = Vec::with_capacity(self.sources.len());
        let mut arrays = Vec::with_capacity(self.sources.len());
        for (field, source) in self.schema.fields().iter().zip(&self.sources) {
            let array = match source {
                Some(index) => self.cast(batch.column(*index), field)?,
                None => new_null_array(field.data_type(), rows),
            };
            fields.push(match self.conform {
                Conform::Types => Arc::clone(field),
                Conform::Names => Arc::new(
                    field.as_ref().clone().with_data_type(array.data_type().clone()).with_nullable(true),
                ),
            });
            arrays.push(array);
        }
        let schema = match self.conform {
            Conform::Types => Arc::clone(&self.schema),
            Conform::Names => Arc::new(Schema::new(fields)),
        };
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(schema, arrays, &options)
            .map_err(|error| Error::user(error.to_string()))
    }

    fn cast(&self, array: &ArrayRef, field: &arrow_schema::Field) -> Result<ArrayRef> {
        if self.conform == Conform::Names || array.data_type() == field.data_type() {
            return Ok(Arc::clone(array));
        }
        let options = CastOptions { safe: false, ..CastOptions::default() };
        arrow_cast::cast_with_options(array, field.data_type(), &options).map_err(|error| {
            let (name, wanted, found) = (field.name(), field.data_type(), array.data_type());
            Error::user(format!("column '{name}': expected {wanted}, found {found}: {error}"))
        })
    }
}

/// Runs a step of the Parquet library. A damaged file can make it panic; that is an error of the file.
fn guarded<V, E: std::error::Error + Send + Sync + 'static>(
    step: impl FnOnce() -> std::result::Result<V, E>,
) -> Result<V> {
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(result) => result.map_err(|error| Error::corrupt("not readable as Parquet").caused_by(error)),
        Err(_) => Err(Error::corrupt("not readable as Parquet: the decoder gave up on damaged data")),
    }
}
