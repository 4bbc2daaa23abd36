//! From records to watermarks: one generator per split, combined by their minimum, put out between the
//! records where the generator asked for it. Used by sources and by `assign_timestamps_and_watermarks`.
use std::collections::VecDeque;
use std::time::Duration;

use hurtig_connector::watermark::{BatchWatermarks, ErasedStrategy};
use hurtig_connector::{SplitId, WatermarkOutput};
use hurtig_core::{Batch, Clock, EventTime, Instant, ProcessingTime, Result, Watermark, WatermarkStatus};

use crate::operator::Progress;
use crate::output::Output;

/// The watermarks of all splits of one reader.
pub struct SplitWatermarks {
    strategy: ErasedStrategy,
    interval: Duration,
    splits: Vec<SplitState>,
    pending: Option<Pending>,
    combined: Watermark,
    status: WatermarkStatus,
    next_periodic: Instant,
    /// When there was last a split. A reader without one is as silent as a split without records.
    last_split: Instant,
    idle_without_split: bool,
    /// Nothing is put out but the records.
    withheld: bool,
    scratch: WatermarkOutput,
}

struct SplitState {
    id: SplitId,
    generator: Box<dyn BatchWatermarks>,
    watermark: Watermark,
    last_record: Instant,
    idle: bool,
}

/// The time on both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For idleness.
    pub instant: Instant,
    /// For ingestion time.
    pub wall: ProcessingTime,
}

impl Now {
    /// What the clock shows.
    pub fn read(clock: &(impl Clock + ?Sized)) -> Self {
        Now { instant: clock.instant(), wall: clock.processing_time() }
    }
}

/// A batch on its way out, with the watermarks that belong between its records.
struct Pending {
    split: usize,
    batch: Batch,
    marks: VecDeque<(usize, Watermark)>,
    taken: usize,
}

impl SplitWatermarks {
    /// Watermarks by `strategy`, asked every `interval`.
    pub fn new(strategy: ErasedStrategy, interval: Duration, now: Instant) -> Self {
        SplitWatermarks {
            strategy,
            interval,
            splits: Vec::new(),
            pending: None,
            combined: Watermark::MIN,
            status: WatermarkStatus::Active,
            next_periodic: now + interval,
            last_split: now,
            idle_without_split: false,
            withheld: false,
            scratch: WatermarkOutput::default(),
        }
    }

    /// Puts out no watermarks and no idleness: in a batch the end of the input is the only one, and generators
    /// are not asked.
    pub fn withhold(&mut self) {
        self.withheld = true;
    }

    /// A split has come.
    pub fn add_split(&mut self, id: SplitId, now: Instant) {
        self.last_split = now;
        self.idle_without_split = false;
        let generator = self.strategy.create();
        self.splits.push(SplitState {
            id,
            generator,
            watermark: Watermark::MIN,
            last_record: now,
            idle: false,
        });
    }

    /// A split has ended: it holds nothing back any more. The last one's watermark stays.
    pub fn remove_split(&mut self, id: &SplitId, output: &mut Output) {
        self.splits.retain(|split| split.id != *id);
        self.idle_without_split |= self.splits.is_empty() && self.is_idle();
        self.combine(output);
    }

    /// The watermark over all splits.
    pub fn combined(&self) -> Watermark {
        self.combined
    }

    /// Whether nothing is to be expected: all splits are idle, or there has been none for as long.
    pub fn is_idle(&self) -> bool {
        self.status == WatermarkStatus::Idle
    }

    /// The split that holds the watermark back, and its watermark.
    pub fn slowest(&self) -> Option<(&SplitId, Watermark)> {
        let active = self.splits.iter().filter(|split| !split.idle);
        active.min_by_key(|split| split.watermark).map(|split| (&split.id, split.watermark))
    }

    /// The splits with their watermarks.
    pub fn splits(&self) -> impl Iterator<Item = (&SplitId, Watermark)> {
        self.splits.iter().map(|split| (&split.id, split.watermark))
    }

    /// Takes a batch of split `id`; [`SplitWatermarks::drain`] puts it out. Nothing may be pending.
    pub fn accept(&mut self, id: &SplitId, batch: Batch, now: Now) -> Result<()> {
        let Now { instant: now, wall } = now;
        let batch = if self.strategy.ingestion_time {
            let stamp = EventTime::from_millis(wall.as_millis());
            let count = batch.len();
            batch.with_timestamps(vec![stamp; count])?
        } else {
            batch
        };
        let split = match self.splits.iter().position(|split| split.id == *id) {
            Some(split) => split,
            None => {
                self.add_split(id.clone(), now);
                self.splits.len() - 1
            }
        };
        let state = &mut self.splits[split];
        let batch = state.generator.assign_timestamps(batch)?;
        self.scratch.clear();
        if !self.withheld {
            state.generator.on_batch(&batch, &mut self.scratch)?;
        }
        state.last_record = now;
        if !batch.is_empty() {
            state.idle = self.scratch.idle() == Some(true);
        }
        let marks = self.scratch.marks().iter().copied().collect();
        self.pending = Some(Pending { split, batch, marks, taken: 0 });
        Ok(())
    }

    /// Puts out what was accepted, cut where a watermark stands between two records.
    pub fn drain(&mut self, output: &mut Output) -> Progress {
        let Some(mut pending) = self.pending.take() else { return Progress::Done };
        self.update_status(output);
        while let Some(&(row, watermark)) = pending.marks.front() {
            if output.is_full() {
                self.pending = Some(pending);
                return Progress::More;
            }
            pending.marks.pop_front();
            let advances = match self.splits.get_mut(pending.split) {
                Some(split) if watermark > split.watermark => {
                    split.watermark = watermark;
                    true
                }
                _ => false,
            };
            // The records before the mark go first, and only if the mark moves the combined watermark.
            if advances && self.minimum().is_some_and(|minimum| minimum > self.combined) {
                output.push_batch(pending.batch.split_to(row - pending.taken));
                pending.taken = row;
                self.combine(output);
            }
        }
        output.push_batch(pending.batch);
        Progress::Done
    }

    /// Whether it is time for [`SplitWatermarks::periodic`].
    pub fn is_due(&self, now: Instant) -> bool {
        now >= self.next_periodic && !self.withheld
    }

    /// When the next periodic question must be asked even while nothing comes; with an interval of 0 that is
    /// only for what has gone silent.
    pub fn next_question(&self, now: Instant) -> Option<Instant> {
        if self.withheld || !self.wants_periodic() {
            return None;
        }
        match self.strategy.idleness {
            _ if !self.interval.is_zero() => Some(self.next_periodic),
            Some(timeout) => Some(now + timeout),
            None => None,
        }
    }

    /// Asks the generators, and looks which splits have become idle.
    pub fn periodic(&mut self, now: Instant, output: &mut Output) {
        if self.withheld {
            return;
        }
        self.next_periodic = now + self.interval;
        for split in &mut self.splits {
            self.scratch.clear();
            split.generator.on_periodic_emit(&mut self.scratch);
            for &(_, watermark) in self.scratch.marks() {
                split.watermark = split.watermark.max(watermark);
            }
            if let Some(idle) = self.scratch.idle()
                && self.strategy.idleness.is_none()
            {
                split.idle = idle;
            } else if self.scratch.idle() == Some(true) {
                split.idle = true;
            }
            if self.strategy.idleness.is_some_and(|timeout| now.since(split.last_record) >= timeout) {
                split.idle = true;
            }
        }
        if !self.splits.is_empty() {
            self.last_split = now;
        } else if self.strategy.idleness.is_some_and(|timeout| now.since(self.last_split) >= timeout) {
            self.idle_without_split = true;
        }
        self.combine(output);
        self.update_status(output);
    }

    /// Nobody could ask for so long: the task waited for its output, or alignment held the splits back. That
    /// is not silence.
    pub fn excuse(&mut self, blocked: Duration) {
        self.last_split = self.last_split + blocked;
        for split in &mut self.splits {
            split.last_record = split.last_record + blocked;
        }
    }

    fn wants_periodic(&self) -> bool {
        !self.splits.is_empty() || (self.strategy.idleness.is_some() && !self.idle_without_split)
    }

    /// Whether [`SplitWatermarks::accept`] looks at the wall clock.
    pub fn wants_wall_clock(&self) -> bool {
        self.strategy.ingestion_time
    }

    fn minimum(&self) -> Option<Watermark> {
        self.splits.iter().filter(|split| !split.idle).map(|split| split.watermark).min()
    }

    fn combine(&mut self, output: &mut Output) {
        if let Some(minimum) = self.minimum()
            && minimum > self.combined
        {
            self.combined = minimum;
            output.watermark(minimum);
        }
    }

    fn update_status(&mut self, output: &mut Output) {
        let idle = match self.splits.is_empty() {
            true => self.idle_without_split,
            false => self.splits.iter().all(|split| split.idle),
        };
        let status = if idle { WatermarkStatus::Idle } else { WatermarkStatus::Active };
        if status != self.status {
            self.status = status;
            output.status(status);
        }
    }
}

#[cfg(test)]
mod tests {
    use hurtig_connector::WatermarkStrategy;

    use super::*;
    use crate::output::OutputLimits;

    /// The statuses that an output holds.
    fn statuses(output: &mut Output) -> Vec<WatermarkStatus> {
        let elements = std::iter::from_fn(|| output.pop_main());
        let status = elements.filter_map(|element| match element {
            hurtig_core::StreamElement::Status(status) => Some(status),
            _ => None,
        });
        status.collect()
    }

    #[test]
    fn time_in_which_nobody_could_ask_is_no_silence() {
        let second = Duration::from_secs(1);
        let strategy = WatermarkStrategy::<u64>::for_monotonous_timestamps().with_idleness(second);
        let mut now = Instant::from_nanos(0);
        let mut watermarks = SplitWatermarks::new(strategy.erase(), Duration::from_millis(200), now);
        let mut output = Output::new(OutputLimits { rows: 10, bytes: 1000 }, []);
        watermarks.add_split(SplitId::new("a"), now);
        // Two seconds of back pressure.
        now = now + 2 * second;
        watermarks.excuse(2 * second);
        watermarks.periodic(now, &mut output);
        assert_eq!(statuses(&mut output), []);
        // A second of silence.
        now = now + second;
        watermarks.periodic(now, &mut output);
        assert_eq!(statuses(&mut output), [WatermarkStatus::Idle]);
    }
}
