//! Files as a source.
mod enumerator;
mod format;
#[cfg(feature = "parquet")]
mod parquet;
mod reader;
mod split;
mod text;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "parquet")]
use arrow_schema::SchemaRef;
#[cfg(feature = "parquet")]
use hurtig_connector::ColumnSource;
use hurtig_connector::{Boundedness, ReaderContext, Source, VersionedBytes};
#[cfg(feature = "parquet")]
use hurtig_core::LogicalType;
#[cfg(feature = "parquet")]
use hurtig_core::batch::ColumnBatch;
use hurtig_core::{Result, TypeInformation};
use hurtig_formats::{
    CsvDecoder, CsvOptions, Decoder, JsonDecoder, JsonOptions, LineDecoder, LineOptions, ParseErrors,
};

pub use enumerator::FileEnumerator;
pub use format::{FileFormat, FileRecords};
pub use reader::FileReader;
pub use split::{FilePosition, FileSplit};

use crate::paths::FilePaths;
use text::{ParseErrorCounter, TextFormat};

/// Reads files. Flink's `FileSource`.
///
/// Each file is one split, read by one reader from start to end; readers take the next file when they are
/// done with one. A checkpoint holds the files that nobody has taken and the place in each that somebody
/// reads, so that a restarted job reads exactly the rest. Errors name the file, the line, the column and the
/// text.
///
/// The source ends with the last file, unless it watches a folder
/// ([`monitor_continuously`](FileSource::monitor_continuously)).
pub struct FileSource<T> {
    paths: FilePaths,
    discovery: Discovery,
    format: Arc<dyn FileFormat>,
    parse_errors: Arc<ParseErrorCounter>,
    records: PhantomData<fn() -> T>,
}

/// When files are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Discovery {
    /// At the start.
    Once,
    /// At the start and again after each interval.
    Every(Duration),
}

impl FileSource<String> {
    /// Text files, a record per line.
    pub fn lines(paths: impl Into<FilePaths>) -> Self {
        Self::lines_with(paths, LineOptions::new())
    }

    /// As [`FileSource::lines`], with options.
    pub fn lines_with(paths: impl Into<FilePaths>, options: LineOptions) -> Self {
        Self::text(paths, move || Ok(LineDecoder::new(&options)))
    }
}

impl<T: TypeInformation> FileSource<T> {
    /// CSV files. Fails, when the job starts, if a field of `T` has no form in CSV.
    pub fn csv(paths: impl Into<FilePaths>, options: CsvOptions) -> Self {
        Self::text(paths, move || CsvDecoder::<T>::new(options.clone()))
    }

    /// Files with a JSON value per line. Fails, when the job starts, if a field of `T` has no form in JSON.
    pub fn json(paths: impl Into<FilePaths>, options: JsonOptions) -> Self {
        Self::text(paths, move || JsonDecoder::<T>::new(options.clone()))
    }

    /// Parquet files. Only the columns that `T` has are read, found by their names.
    #[cfg(feature = "parquet")]
    pub fn parquet(paths: impl Into<FilePaths>) -> Self {
        Self::with_format(paths, parquet::ParquetRows::<T>::new())
    }

    /// Files of any text format: `create` makes a decoder at the start of each file. Flink's `StreamFormat`.
    pub fn text<D: Decoder<T> + 'static>(
        paths: impl Into<FilePaths>,
        create: impl Fn() -> Result<D> + Send + Sync + 'static,
    ) -> Self {
        let parse_errors = Arc::new(ParseErrorCounter::default());
        let format = TextFormat::<T>::new(create, Arc::clone(&parse_errors));
        FileSource { parse_errors, ..Self::with_format(paths, format) }
    }
}

impl<T> FileSource<T> {
    /// Files of any format, which must yield batches of `T`. Flink's `BulkFormat`.
    pub fn with_format(paths: impl Into<FilePaths>, format: impl FileFormat) -> Self {
        FileSource {
            paths: paths.into(),
            discovery: Discovery::Once,
            format: Arc::new(format),
            parse_errors: Arc::default(),
            records: PhantomData,
        }
    }

    /// Does not end, but looks for new files every `interval`, at least every millisecond. Each file is read
    /// once, whatever becomes of it later; so move files into the folder that are finished.
    pub fn monitor_continuously(mut self, interval: Duration) -> Self {
        self.discovery = Discovery::Every(interval.max(Duration::from_millis(1)));
        self
    }

    /// What decoders with `ignore-parse-errors` have passed over so far, in this process.
    pub fn parse_errors(&self) -> ParseErrors {
        self.parse_errors.get()
    }
}

impl<T> Clone for FileSource<T> {
    fn clone(&self) -> Self {
        FileSource {
            paths: self.paths.clone(),
            discovery: self.discovery,
            format: Arc::clone(&self.format),
            parse_errors: Arc::clone(&self.parse_errors),
            records: PhantomData,
        }
    }
}

impl<T> fmt::Debug for FileSource<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileSource({:?}, {:?})", self.paths, self.discovery)
    }
}

impl<T: 'static> Source for FileSource<T> {
    type Record = T;
    type Split = FileSplit;
    type Enumerator = FileEnumerator;
    type Reader = FileReader;

    fn boundedness(&self) -> Boundedness {
        match self.discovery {
            Discovery::Once => Boundedness::Bounded,
            Discovery::Every(_) => Boundedness::Unbounded,
        }
    }

    fn create_enumerator(&self, restored: Option<&VersionedBytes>) -> Result<FileEnumerator> {
        self.format.check()?;
        FileEnumerator::new(self.paths.clone(), self.discovery, restored)
    }

    fn create_reader(&self, _: &ReaderContext) -> Result<FileReader> {
        self.format.check()?;
        Ok(FileReader::new(Arc::clone(&self.format)))
    }
}

/// Reads files as Arrow columns. Flink's `FileSource` with a columnar `BulkFormat`.
#[cfg(feature = "parquet")]
#[derive(Clone, Debug)]
pub struct FileColumnSource {
    files: FileSource<ColumnBatch>,
    row_type: LogicalType,
    schema: SchemaRef,
}

#[cfg(feature = "parquet")]
impl FileColumnSource {
    /// Parquet files, of which the columns of `row_type` are read, found by their names and cast to its types
    /// where the file has others. Fails if `row_type` is not a ROW.
    pub fn parquet(paths: impl Into<FilePaths>, row_type: LogicalType) -> Result<Self> {
        let schema = parquet::schema_of(&row_type)?;
        let format = parquet::ParquetColumns::new(Arc::clone(&schema));
        Ok(FileColumnSource { files: FileSource::with_format(paths, format), row_type, schema })
    }

    /// See [`FileSource::monitor_continuously`].
    pub fn monitor_continuously(mut self, interval: Duration) -> Self {
        self.files = self.files.monitor_continuously(interval);
        self
    }
}

#[cfg(feature = "parquet")]
impl Source for FileColumnSource {
    type Record = ColumnBatch;
    type Split = FileSplit;
    type Enumerator = FileEnumerator;
    type Reader = FileReader;

    fn boundedness(&self) -> Boundedness {
        self.files.boundedness()
    }

    fn create_enumerator(&self, restored: Option<&VersionedBytes>) -> Result<FileEnumerator> {
        self.files.create_enumerator(restored)
    }

    fn create_reader(&self, context: &ReaderContext) -> Result<FileReader> {
        self.files.create_reader(context)
    }
}

#[cfg(feature = "parquet")]
impl ColumnSource for FileColumnSource {
    fn row_type(&self) -> LogicalType {
        self.row_type.clone()
    }

    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
