//! Files as a sink.
mod bucket;
mod committer;
mod format;
mod name;
#[cfg(feature = "parquet")]
mod parquet;
mod part;
mod pending;
mod rolling;
mod text;
mod writer;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use hurtig_connector::{Committer, Sink, VersionedBytes, WriterContext};
#[cfg(feature = "parquet")]
use hurtig_core::batch::ColumnBatch;
use hurtig_core::{Result, TypeInformation};
#[cfg(feature = "parquet")]
use hurtig_formats::ParquetOptions;
use hurtig_formats::{CsvEncoder, CsvOptions, Encoder, JsonEncoder, JsonOptions, LineEncoder};

pub use bucket::{BasePath, BucketAssigner, BucketContext, BucketFunction, DateTimeBuckets};
pub use committer::FileCommitter;
pub use format::{PartFormat, PartWriter};
pub use rolling::RollingPolicy;
pub use writer::FileWriter;

use crate::paths;
use name::PartNames;

/// Writes files. Flink's `FileSink`.
///
/// Each subtask writes part files `part-<subtask>-<counter>` below a base folder, by default one after the
/// other in the base folder itself; buckets ([`with_bucket_function`](FileSink::with_bucket_function)) are
/// folders below it. While it is written a part has a hidden name, `.part-..inprogress.<attempt>`. The
/// [policy](FileSink::with_rolling_policy) closes it; then it is synced, and the committer renames it, which
/// happens once it is certain that the job will not write its records again. A finished file is never
/// overwritten: counters go on behind what the folder holds.
///
/// At a checkpoint an open text file is synced and its length noted, and a restarted job cuts it off there;
/// a Parquet file cannot be cut, so that every checkpoint closes it, as in Flink.
pub struct FileSink<R> {
    base: PathBuf,
    format: Arc<dyn PartFormat<R>>,
    buckets: Arc<dyn Fn() -> Result<Box<dyn BucketAssigner<R>>> + Send + Sync>,
    rolling: RollingPolicy,
    names: PartNames,
}

impl<R: 'static> FileSink<R> {
    /// Lines, each record as its `Display` prints it.
    pub fn lines(base: impl Into<PathBuf>) -> Self
    where
        R: fmt::Display,
    {
        Self::text(base, || Ok(LineEncoder))
    }

    /// CSV. Fails, when the job starts, if a field of `R` has no form in CSV.
    pub fn csv(base: impl Into<PathBuf>, options: CsvOptions) -> Self
    where
        R: TypeInformation,
    {
        Self::text(base, move || CsvEncoder::<R>::new(options.clone()))
    }

    /// A JSON value per line. Fails, when the job starts, if a field of `R` has no form in JSON.
    pub fn json(base: impl Into<PathBuf>, options: JsonOptions) -> Self
    where
        R: TypeInformation,
    {
        Self::text(base, move || JsonEncoder::<R>::new(options.clone()))
    }

    /// Any text format: `create` makes an encoder for each file. Flink's `FileSink.forRowFormat`.
    pub fn text<E: Encoder<R> + 'static>(
        base: impl Into<PathBuf>,
        create: impl Fn() -> Result<E> + Send + Sync + 'static,
    ) -> Self {
        Self::with_format(base, text::TextParts::new(create))
    }

    /// Parquet, with one column for each field of `R`. Flink's `FileSink.forBulkFormat`.
    #[cfg(feature = "parquet")]
    pub fn parquet(base: impl Into<PathBuf>, options: ParquetOptions) -> Self
    where
        R: TypeInformation,
    {
        Self::with_format(base, parquet::RowParts::<R>::new(options))
    }

    /// Any format.
    pub fn with_format(base: impl Into<PathBuf>, format: impl PartFormat<R>) -> Self {
        FileSink {
            base: base.into(),
            format: Arc::new(format),
            buckets: Arc::new(|| Ok(Box::new(BasePath))),
            rolling: RollingPolicy::default(),
            names: PartNames::default(),
        }
    }

    /// When a part file is closed. The default is Flink's: 128 MiB, a minute, a minute without a record.
    pub fn with_rolling_policy(mut self, policy: RollingPolicy) -> Self {
        self.rolling = policy;
        self
    }

    /// The folder of each record, relative to the base folder: `"country=DE"`, `"a/b"`, or `""` for the base
    /// folder itself.
    pub fn with_bucket_function(
        self,
        bucket: impl Fn(&R, &BucketContext<'_>) -> String + Clone + Send + Sync + 'static,
    ) -> Self {
        self.with_bucket_assigner(move || Ok(BucketFunction(bucket.clone())))
    }

    /// A folder by the clock: the time at which the record is written, in UTC. `pattern` is made of `yyyy`,
    /// `MM`, `dd`, `HH`, `mm` and `ss`; Flink's default is `yyyy-MM-dd--HH`. See [`DateTimeBuckets`].
    pub fn with_date_time_buckets(self, pattern: impl Into<String>) -> Self {
        let pattern = pattern.into();
        self.with_bucket_assigner(move || DateTimeBuckets::new(&pattern))
    }

    /// Any way to find a record's folder; `create` is called once per subtask. Flink's `BucketAssigner`.
    pub fn with_bucket_assigner<B: BucketAssigner<R> + 'static>(
        mut self,
        create: impl Fn() -> Result<B> + Send + Sync + 'static,
    ) -> Self {
        self.buckets = Arc::new(move || Ok(Box::new(create()?)));
        self
    }

    /// What part files begin with, by default `part`.
    pub fn with_part_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.names.prefix = prefix.into();
        self
    }

    /// What part files end with, such as `.csv`. By default nothing, as in Flink.
    pub fn with_part_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.names.suffix = suffix.into();
        self
    }

    /// A name between prefix and subtask, for several sinks that write into one folder at the same time.
    pub fn with_uid(mut self, uid: impl Into<String>) -> Self {
        self.names.uid = Some(uid.into());
        self
    }
}

#[cfg(feature = "parquet")]
impl FileSink<ColumnBatch> {
    /// Parquet from Arrow columns. All batches must have one schema, and their rows must all be inserts.
    pub fn parquet_columns(base: impl Into<PathBuf>, options: ParquetOptions) -> Self {
        Self::with_format(base, parquet::ColumnParts::new(options))
    }
}

impl<R> Clone for FileSink<R> {
    fn clone(&self) -> Self {
        FileSink {
            base: self.base.clone(),
            format: Arc::clone(&self.format),
            buckets: Arc::clone(&self.buckets),
            rolling: self.rolling.clone(),
            names: self.names.clone(),
        }
    }
}

impl<R> fmt::Debug for FileSink<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileSink('{}', {:?}, {:?})", self.base.display(), self.names, self.rolling)
    }
}

impl<R: 'static> Sink for FileSink<R> {
    type Record = R;
    type Writer = FileWriter<R>;

    fn create_writer(&self, context: &WriterContext, restored: Vec<VersionedBytes>) -> Result<FileWriter<R>> {
        self.format.check()?;
        self.names.check()?;
        let base = paths::local(&self.base)?.to_owned();
        let names = self.names.of_subtask(context.subtask, context.attempt);
        let mut writer = FileWriter::new(
            base,
            Arc::clone(&self.format),
            (self.buckets)()?,
            self.rolling.clone(),
            names,
            Arc::clone(&context.host),
        );
        writer.restore(&restored)?;
        Ok(writer)
    }

    fn create_committer(&self) -> Result<Option<Box<dyn Committer>>> {
        Ok(Some(Box::new(FileCommitter)))
    }
}
