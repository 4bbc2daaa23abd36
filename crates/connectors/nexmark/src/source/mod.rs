//! The generator as a source.
//!
//! A split is one range of the data set with the number of its next event (`split`). All ranges run through
//! the same event time side by side, so the enumerator hands each reader its ranges at once (`enumerator`)
//! and the reader goes on with the one that is furthest behind (`reader`). `pace` holds events back if they
//! are to come in time with the wall clock, `batches` makes rows or columns of them.
mod batches;
mod enumerator;
mod pace;
mod reader;
mod split;

use arrow_schema::SchemaRef;
use hurtig_connector::{Boundedness, ColumnSource, ReaderContext, Source, VersionedBytes};
use hurtig_core::batch::ColumnBatch;
use hurtig_core::{LogicalType, Result};

pub use enumerator::NexmarkEnumerator;
pub use reader::NexmarkReader;
pub use split::NexmarkSplit;

use crate::columns::{ColumnGenerator, Table};
use crate::config::GeneratorConfig;
use crate::fields::Fields;
use crate::generator::Generator;
use crate::model::Event;
use crate::rows::RowGenerator;

/// A source of [`Event`]s.
///
/// Each record comes with its `date_time` as timestamp. The published queries use a watermark 4 seconds
/// behind it. Set `ranges` to the parallelism, as the published source does, so that each reader has one.
#[derive(Clone, Debug)]
pub struct NexmarkSource {
    generator: Generator,
    fields: Fields,
}

impl NexmarkSource {
    /// All events with all their fields, as the published source makes them.
    pub fn new(config: GeneratorConfig) -> Result<NexmarkSource> {
        NexmarkSource::with_fields(config, Fields::ALL)
    }

    /// Events of the kinds in `fields`; fields that are not in it hold 0 or no text.
    pub fn with_fields(config: GeneratorConfig, fields: Fields) -> Result<NexmarkSource> {
        Ok(NexmarkSource { generator: Generator::new(config)?, fields })
    }
}

impl Source for NexmarkSource {
    type Record = Event;
    type Split = NexmarkSplit;
    type Enumerator = NexmarkEnumerator;
    type Reader = NexmarkReader<RowGenerator>;

    fn boundedness(&self) -> Boundedness {
        boundedness(self.generator.config())
    }

    fn create_enumerator(&self, restored: Option<&VersionedBytes>) -> Result<NexmarkEnumerator> {
        NexmarkEnumerator::new(&self.generator, restored)
    }

    fn create_reader(&self, context: &ReaderContext) -> Result<NexmarkReader<RowGenerator>> {
        let rows = self.generator.rows(self.fields);
        Ok(NexmarkReader::new(self.generator.clone(), self.fields, rows, context))
    }
}

/// A source of Arrow columns: the combined table or the view of one kind.
///
/// Each row comes with its `dateTime` as timestamp, whether or not that column is wanted.
#[derive(Clone, Debug)]
pub struct NexmarkColumnSource {
    generator: Generator,
    table: Table,
    fields: Fields,
}

impl NexmarkColumnSource {
    /// Rows of `table` for the kinds in `fields`, with the columns in it.
    pub fn new(config: GeneratorConfig, table: Table, fields: Fields) -> Result<NexmarkColumnSource> {
        Ok(NexmarkColumnSource { generator: Generator::new(config)?, table, fields: table.fields(fields) })
    }

    fn columns(&self) -> ColumnGenerator {
        self.generator.columns(self.table, self.fields)
    }
}

impl Source for NexmarkColumnSource {
    type Record = ColumnBatch;
    type Split = NexmarkSplit;
    type Enumerator = NexmarkEnumerator;
    type Reader = NexmarkReader<ColumnGenerator>;

    fn boundedness(&self) -> Boundedness {
        boundedness(self.generator.config())
    }

    fn create_enumerator(&self, restored: Option<&VersionedBytes>) -> Result<NexmarkEnumerator> {
        NexmarkEnumerator::new(&self.generator, restored)
    }

    fn create_reader(&self, context: &ReaderContext) -> Result<NexmarkReader<ColumnGenerator>> {
        Ok(NexmarkReader::new(self.generator.clone(), self.fields, self.columns(), context))
    }
}

impl ColumnSource for NexmarkColumnSource {
    fn row_type(&self) -> LogicalType {
        self.columns().row_type().clone()
    }

    fn schema(&self) -> SchemaRef {
        self.columns().schema()
    }
}

/// A source without a number of events ends in some years, one that is kept alive never.
fn boundedness(config: &GeneratorConfig) -> Boundedness {
    let endless = config.events_num == 0 && config.stop_at.is_none();
    if endless || config.keep_alive { Boundedness::Unbounded } else { Boundedness::Bounded }
}
