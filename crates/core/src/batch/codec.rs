//! Bytes and back: a batch is encoded by the type of the edge it travels on.
use std::marker::PhantomData;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int8Array, RecordBatch};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::batch::columns::arrow_error;
use crate::batch::{Batch, ColumnBatch, Payload};
use crate::error::{Error, Result};
use crate::time::EventTime;
use crate::types::codec::Reader;
use crate::types::{LogicalType, TypeInformation};

/// The first byte of every encoded batch.
const VERSION: u8 = 1;
/// The column that carries change kinds beside the columns proper.
const CHANGES: &str = "$changes";

/// What travels on an edge, and so how a batch on it becomes bytes.
#[derive(Clone)]
pub struct BatchType(Arc<dyn Codec>);

trait Codec: Send + Sync {
    fn logical_type(&self) -> LogicalType;
    fn encode(&self, payload: &Payload, out: &mut Vec<u8>) -> Result<()>;
    fn decode(&self, count: usize, input: &mut Reader<'_>) -> Result<Payload>;
}

impl BatchType {
    /// An edge of Rust rows.
    pub fn rows<T: TypeInformation>() -> BatchType {
        BatchType(Arc::new(RowCodec::<T>(PhantomData)))
    }

    /// An edge of Arrow columns: `row` is the ROW type that they make up, `schema` their Arrow form.
    pub fn columns(row: LogicalType, schema: SchemaRef) -> BatchType {
        BatchType(Arc::new(ColumnCodec { row, schema }))
    }

    /// The logical type of one record.
    pub fn logical_type(&self) -> LogicalType {
        self.0.logical_type()
    }

    /// Appends `batch` to `out`: version, count, timestamps if it has them, records.
    pub fn encode(&self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        out.push(VERSION);
        out.extend_from_slice(&(batch.len() as u32).to_le_bytes());
        out.push(u8::from(batch.timestamps.is_some()));
        for time in batch.timestamps().unwrap_or_default() {
            out.extend_from_slice(&time.as_millis().to_le_bytes());
        }
        self.0.encode(&batch.payload, out)
    }

    /// Reads what [`BatchType::encode`] wrote. Bytes that it did not write give an error, never a panic.
    pub fn decode(&self, bytes: &[u8]) -> Result<Batch> {
        let mut input = Reader::new(bytes);
        let version = input.u8()?;
        if version != VERSION {
            return Err(Error::corrupt(format!("a batch of version {version}, this is version {VERSION}")));
        }
        let count = u32::from_le_bytes(input.array()?) as usize;
        let timestamps = match input.u8()? {
            0 => None,
            1 => {
                let bytes = input.bytes(count.saturating_mul(8))?;
                let times = bytes.chunks_exact(8).map(|chunk| {
                    let mut millis = [0; 8];
                    millis.copy_from_slice(chunk);
                    EventTime::from_millis(i64::from_le_bytes(millis))
                });
                Some(times.collect::<Vec<_>>().into_iter())
            }
            other => return Err(Error::corrupt(format!("timestamp flag {other} in a batch"))),
        };
        let payload = self.0.decode(count, &mut input)?;
        if input.remaining() > 0 {
            return Err(Error::corrupt(format!("{} bytes after the end of a batch", input.remaining())));
        }
        Ok(Batch { payload, timestamps })
    }
}

impl std::fmt::Debug for BatchType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BatchType({})", self.logical_type())
    }
}

struct RowCodec<T>(PhantomData<fn() -> T>);

impl<T: TypeInformation> Codec for RowCodec<T> {
    fn logical_type(&self) -> LogicalType {
        T::logical_type()
    }

    fn encode(&self, payload: &Payload, out: &mut Vec<u8>) -> Result<()> {
        let Payload::Rows(rows) = payload else {
            return Err(Error::bug("columns on an edge of rows"));
        };
        let rows = rows.as_any().downcast_ref::<super::RowBatch<T>>();
        let rows = rows.ok_or_else(|| Error::bug("rows of another type on an edge"))?;
        for row in rows.as_slice() {
            row.encode(out);
        }
        Ok(())
    }

    fn decode(&self, count: usize, input: &mut Reader<'_>) -> Result<Payload> {
        // A row takes a byte at least, but for types without content: never reserve for more than there is.
        let mut rows = Vec::with_capacity(count.min(input.remaining().max(1)));
        for _ in 0..count {
            rows.push(T::decode(input)?);
        }
        Ok(Payload::Rows(Box::new(super::RowBatch::new(rows))))
    }
}

struct ColumnCodec {
    row: LogicalType,
    schema: SchemaRef,
}

impl Codec for ColumnCodec {
    fn logical_type(&self) -> LogicalType {
        self.row.clone()
    }

    fn encode(&self, payload: &Payload, out: &mut Vec<u8>) -> Result<()> {
        let Payload::Columns(columns) = payload else {
            return Err(Error::bug("rows on an edge of columns"));
        };
        let batch = with_change_column(columns)?;
        let mut writer = StreamWriter::try_new(&mut *out, &batch.schema()).map_err(arrow_error)?;
        writer.write(&batch).map_err(arrow_error)?;
        writer.finish().map_err(arrow_error)
    }

    fn decode(&self, count: usize, input: &mut Reader<'_>) -> Result<Payload> {
        let bytes = input.bytes(input.remaining())?;
        let corrupt = |error| Error::corrupt("an Arrow batch cannot be read").caused_by(error);
        let mut reader = StreamReader::try_new(bytes, None).map_err(corrupt)?;
        let batch = match reader.next() {
            Some(batch) => batch.map_err(corrupt)?,
            None => return Err(Error::corrupt("an Arrow stream without a batch")),
        };
        let columns = without_change_column(batch)?;
        if columns.len() != count || columns.schema().fields() != self.schema.fields() {
            return Err(Error::corrupt("an Arrow batch of another length or schema than its edge")
                .context(format!("expected {count} rows of {}", self.row)));
        }
        Ok(Payload::Columns(Box::new(columns)))
    }
}

fn with_change_column(columns: &ColumnBatch) -> Result<RecordBatch> {
    let Some(changes) = columns.changes() else {
        return Ok(columns.batch().clone());
    };
    let mut fields = columns.schema().fields().to_vec();
    fields.push(Arc::new(Field::new(CHANGES, DataType::Int8, false)));
    let mut arrays = columns.batch().columns().to_vec();
    arrays.push(Arc::new(changes.clone()) as ArrayRef);
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(arrow_error)
}

fn without_change_column(mut batch: RecordBatch) -> Result<ColumnBatch> {
    match batch.schema().fields().last() {
        Some(field) if field.name() == CHANGES => {
            let column = batch.remove_column(batch.num_columns() - 1);
            let changes = column.as_any().downcast_ref::<Int8Array>().cloned();
            let changes = changes.ok_or_else(|| Error::corrupt("change kinds that are not bytes"))?;
            ColumnBatch::with_changes(batch, changes)
        }
        _ => Ok(batch.into()),
    }
}
