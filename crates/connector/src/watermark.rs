//! How a stream gets its timestamps and watermarks. Flink's `WatermarkStrategy`.
//!
//! The user's functions are generic, what the engine holds is not: both halves are called once per batch and
//! loop over its rows inside, so that the user's function is inlined.
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hurtig_core::{Batch, EventTime, Result, TypeInformation, Watermark};

/// Produces watermarks from what it sees. Flink's `WatermarkGenerator`; one per split.
pub trait WatermarkGenerator<T>: Send {
    /// A record has come. A punctuated generator emits here.
    fn on_event(&mut self, event: &T, timestamp: EventTime, output: &mut WatermarkOutput);

    /// Asked every `pipeline.auto-watermark-interval` of processing time. A periodic generator emits here.
    fn on_periodic_emit(&mut self, output: &mut WatermarkOutput);
}

/// Takes the watermarks of one generator, with the place in the batch after which each holds.
#[derive(Debug, Default)]
pub struct WatermarkOutput {
    row: usize,
    marks: Vec<(usize, Watermark)>,
    idle: Option<bool>,
}

impl WatermarkOutput {
    /// No event at or before `watermark` follows. One that does not advance is ignored.
    #[inline]
    pub fn emit_watermark(&mut self, watermark: Watermark) {
        self.marks.push((self.row, watermark));
        self.idle = Some(false);
    }

    /// The split has nothing to say until it says something.
    pub fn mark_idle(&mut self) {
        self.idle = Some(true);
    }

    /// What has been emitted: rows before the mark, watermark.
    pub fn marks(&self) -> &[(usize, Watermark)] {
        &self.marks
    }

    /// What the generator said of its idleness since the last [`WatermarkOutput::clear`].
    pub fn idle(&self) -> Option<bool> {
        self.idle
    }

    /// Forgets everything, for the next batch.
    pub fn clear(&mut self) {
        self.row = 0;
        self.marks.clear();
        self.idle = None;
    }
}

/// Where timestamps and watermarks come from, how a silent split is treated, and which sources wait for
/// each other.
pub struct WatermarkStrategy<T> {
    assigner: Option<Arc<dyn Fn() -> Box<dyn AssignTimestamps<T>> + Send + Sync>>,
    generator: Arc<dyn Fn() -> Box<dyn BatchGenerator<T>> + Send + Sync>,
    idleness: Option<Duration>,
    alignment: Option<WatermarkAlignment>,
    ingestion_time: bool,
}

impl<T> Clone for WatermarkStrategy<T> {
    fn clone(&self) -> Self {
        WatermarkStrategy {
            assigner: self.assigner.clone(),
            generator: self.generator.clone(),
            idleness: self.idleness,
            alignment: self.alignment.clone(),
            ingestion_time: self.ingestion_time,
        }
    }
}

/// Sources of one group wait for the slowest of them. Flink's watermark alignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatermarkAlignment {
    /// The group's name.
    pub group: String,
    /// How far a split may be ahead of the group's slowest watermark.
    pub max_drift: Duration,
    /// How often watermarks are compared.
    pub update_interval: Duration,
}

impl<T: TypeInformation> WatermarkStrategy<T> {
    /// No watermark but the one at the end of a bounded source.
    pub fn no_watermarks() -> Self {
        Self::for_generator(|| NoWatermarks)
    }

    /// Timestamps that never go back within a split.
    pub fn for_monotonous_timestamps() -> Self {
        Self::for_bounded_out_of_orderness(Duration::ZERO)
    }

    /// Events come at most `bound` behind the latest one seen. Watermarks are emitted periodically.
    pub fn for_bounded_out_of_orderness(bound: Duration) -> Self {
        Self::for_generator(move || BoundedOutOfOrderness { bound, max: None })
    }

    /// As [`Self::for_bounded_out_of_orderness`], but with a watermark after each record that raises it:
    /// which records are late then depends on the records alone, not on the clock.
    pub fn for_punctuated_out_of_orderness(bound: Duration) -> Self {
        Self::for_generator(move || PunctuatedOutOfOrderness { bound, max: None })
    }

    /// A generator of the user's own.
    pub fn for_generator<G>(create: impl Fn() -> G + Send + Sync + 'static) -> Self
    where
        G: WatermarkGenerator<T> + 'static,
    {
        WatermarkStrategy {
            assigner: None,
            generator: Arc::new(move || Box::new(create())),
            idleness: None,
            alignment: None,
            ingestion_time: false,
        }
    }

    /// Ingestion time: a record's event time is the wall clock when its source read it.
    pub fn for_ingestion_time() -> Self {
        WatermarkStrategy { ingestion_time: true, ..Self::for_monotonous_timestamps() }
    }

    /// Takes each record's event time from the record, or from the time that its source gave it.
    pub fn with_timestamp_assigner<F>(mut self, assign: F) -> Self
    where
        F: FnMut(&T, Option<EventTime>) -> EventTime + Clone + Send + Sync + 'static,
    {
        self.assigner = Some(Arc::new(move || Box::new(Assigner(assign.clone()))));
        self
    }

    /// A split that yields nothing for `timeout` no longer holds the watermark back.
    pub fn with_idleness(mut self, timeout: Duration) -> Self {
        self.idleness = Some(timeout);
        self
    }

    /// Splits of the same `group` stop when they are more than `max_drift` ahead of the slowest, looked at
    /// every `update_interval`.
    pub fn with_watermark_alignment(
        mut self,
        group: impl Into<String>,
        max_drift: Duration,
        update_interval: Duration,
    ) -> Self {
        self.alignment = Some(WatermarkAlignment { group: group.into(), max_drift, update_interval });
        self
    }

    /// The form in which the engine holds the strategy.
    pub fn erase(self) -> ErasedStrategy {
        let Self { assigner, generator, idleness, alignment, ingestion_time } = self;
        ErasedStrategy {
            ingestion_time,
            idleness,
            alignment,
            create: Arc::new(move || {
                Box::new(TypedWatermarks {
                    assigner: assigner.as_ref().map(|create| create()),
                    generator: generator(),
                })
            }),
        }
    }
}

/// A [`WatermarkStrategy`] without the type of its records.
#[derive(Clone)]
pub struct ErasedStrategy {
    /// After how long a silent split counts as idle.
    pub idleness: Option<Duration>,
    /// Whether the engine stamps records with the wall clock when they are read.
    pub ingestion_time: bool,
    /// The group of sources that wait for each other.
    pub alignment: Option<WatermarkAlignment>,
    create: Arc<dyn Fn() -> Box<dyn BatchWatermarks> + Send + Sync>,
}

impl ErasedStrategy {
    /// Timestamps and watermarks for one split.
    pub fn create(&self) -> Box<dyn BatchWatermarks> {
        (self.create)()
    }

    /// For Arrow columns, which carry their timestamps in the batch: bounded out-of-orderness, asked
    /// periodically; with `None`, no watermark but the last.
    pub fn for_columns(bound: Option<Duration>) -> ErasedStrategy {
        ErasedStrategy {
            idleness: None,
            alignment: None,
            ingestion_time: false,
            create: Arc::new(move || Box::new(ColumnWatermarks { bound, max: None })),
        }
    }
}

impl fmt::Debug for ErasedStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ErasedStrategy(idleness {:?}, alignment {:?})", self.idleness, self.alignment)
    }
}

/// Timestamps and watermarks of one split, a batch at a time.
pub trait BatchWatermarks: Send {
    /// The batch with its event times.
    fn assign_timestamps(&mut self, batch: Batch) -> Result<Batch>;
    /// Looks at a batch that has its event times.
    fn on_batch(&mut self, batch: &Batch, output: &mut WatermarkOutput) -> Result<()>;
    /// The periodic question.
    fn on_periodic_emit(&mut self, output: &mut WatermarkOutput);
}

struct TypedWatermarks<T> {
    assigner: Option<Box<dyn AssignTimestamps<T>>>,
    generator: Box<dyn BatchGenerator<T>>,
}

impl<T: TypeInformation> BatchWatermarks for TypedWatermarks<T> {
    fn assign_timestamps(&mut self, batch: Batch) -> Result<Batch> {
        match &mut self.assigner {
            Some(assigner) => {
                let times = assigner.assign(batch.rows::<T>()?, batch.timestamps());
                batch.with_timestamps(times)
            }
            None => Ok(batch),
        }
    }

    fn on_batch(&mut self, batch: &Batch, output: &mut WatermarkOutput) -> Result<()> {
        self.generator.on_batch(batch.rows::<T>()?, batch.timestamps(), output);
        Ok(())
    }

    fn on_periodic_emit(&mut self, output: &mut WatermarkOutput) {
        self.generator.on_periodic_emit(output);
    }
}

trait AssignTimestamps<T>: Send {
    fn assign(&mut self, rows: &[T], present: Option<&[EventTime]>) -> Vec<EventTime>;
}

struct Assigner<F>(F);

impl<T, F> AssignTimestamps<T> for Assigner<F>
where
    F: FnMut(&T, Option<EventTime>) -> EventTime + Send,
{
    fn assign(&mut self, rows: &[T], present: Option<&[EventTime]>) -> Vec<EventTime> {
        match present {
            Some(times) => rows.iter().zip(times).map(|(row, &time)| (self.0)(row, Some(time))).collect(),
            None => rows.iter().map(|row| (self.0)(row, None)).collect(),
        }
    }
}

trait BatchGenerator<T>: Send {
    fn on_batch(&mut self, rows: &[T], times: Option<&[EventTime]>, output: &mut WatermarkOutput);
    fn on_periodic_emit(&mut self, output: &mut WatermarkOutput);
}

impl<T, G: WatermarkGenerator<T>> BatchGenerator<T> for G {
    fn on_batch(&mut self, rows: &[T], times: Option<&[EventTime]>, output: &mut WatermarkOutput) {
        for (row, event) in rows.iter().enumerate() {
            output.row = row + 1;
            self.on_event(event, times.map_or(EventTime::MIN, |times| times[row]), output);
        }
    }

    fn on_periodic_emit(&mut self, output: &mut WatermarkOutput) {
        WatermarkGenerator::on_periodic_emit(self, output);
    }
}

struct NoWatermarks;

impl<T> WatermarkGenerator<T> for NoWatermarks {
    #[inline]
    fn on_event(&mut self, _: &T, _: EventTime, _: &mut WatermarkOutput) {}
    fn on_periodic_emit(&mut self, _: &mut WatermarkOutput) {}
}

/// The watermark that stands `bound` and a millisecond behind `max`, as in Flink: an event with the time of
/// the watermark itself would be late.
fn behind(max: EventTime, bound: Duration) -> Watermark {
    Watermark(max.saturating_sub(bound).saturating_sub(Duration::from_millis(1)))
}

struct BoundedOutOfOrderness {
    bound: Duration,
    max: Option<EventTime>,
}

impl<T> WatermarkGenerator<T> for BoundedOutOfOrderness {
    #[inline]
    fn on_event(&mut self, _: &T, timestamp: EventTime, _: &mut WatermarkOutput) {
        self.max = self.max.max(Some(timestamp));
    }

    fn on_periodic_emit(&mut self, output: &mut WatermarkOutput) {
        if let Some(max) = self.max {
            output.emit_watermark(behind(max, self.bound));
        }
    }
}

struct PunctuatedOutOfOrderness {
    bound: Duration,
    max: Option<EventTime>,
}

impl<T> WatermarkGenerator<T> for PunctuatedOutOfOrderness {
    #[inline]
    fn on_event(&mut self, _: &T, timestamp: EventTime, output: &mut WatermarkOutput) {
        if self.max.is_none_or(|max| timestamp > max) {
            self.max = Some(timestamp);
            output.emit_watermark(behind(timestamp, self.bound));
        }
    }

    fn on_periodic_emit(&mut self, _: &mut WatermarkOutput) {}
}

struct ColumnWatermarks {
    bound: Option<Duration>,
    max: Option<EventTime>,
}

impl BatchWatermarks for ColumnWatermarks {
    fn assign_timestamps(&mut self, batch: Batch) -> Result<Batch> {
        Ok(batch)
    }

    fn on_batch(&mut self, batch: &Batch, _: &mut WatermarkOutput) -> Result<()> {
        self.max = self.max.max(batch.timestamps().and_then(|times| times.iter().max().copied()));
        Ok(())
    }

    fn on_periodic_emit(&mut self, output: &mut WatermarkOutput) {
        if let (Some(max), Some(bound)) = (self.max, self.bound) {
            output.emit_watermark(behind(max, bound));
        }
    }
}
