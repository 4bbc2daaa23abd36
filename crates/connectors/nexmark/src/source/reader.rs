//! Reading ranges side by side.
use std::fmt;
use std::task::{Context, Poll, ready};

use hurtig_connector::{Fetched, ReaderContext, SourceReader, Split, SplitId};
use hurtig_core::Result;

use crate::fields::Fields;
use crate::generator::Generator;
use crate::model::Kind;
use crate::source::batches::MakeBatch;
use crate::source::pace::Pace;
use crate::source::split::NexmarkSplit;

/// The longest run of events that one call looks at, however few of them are wanted.
const RUN_MAX: u64 = 1 << 16;

/// Reads the ranges of one subtask, always going on with the one that is furthest behind in event time.
pub struct NexmarkReader<M> {
    make: M,
    run: RunLength,
    open: Vec<OpenSplit>,
    pace: Option<Pace>,
    /// Whether the source stays open after its last event.
    keep_alive: bool,
    splits: Splits,
}

struct OpenSplit {
    id: SplitId,
    split: NexmarkSplit,
    paused: bool,
}

/// What is known of splits to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Splits {
    Unknown,
    Requested,
    NoMore,
}

impl<M> NexmarkReader<M> {
    pub(crate) fn new(
        generator: Generator,
        fields: Fields,
        make: M,
        context: &ReaderContext,
    ) -> NexmarkReader<M> {
        let config = generator.config();
        let pace = (!config.max_emit_speed).then(|| Pace::new(context.host.clone(), generator.timeline()));
        NexmarkReader {
            make,
            run: RunLength::new(&generator, fields),
            open: Vec::new(),
            pace,
            keep_alive: config.keep_alive,
            splits: Splits::Unknown,
        }
    }

    /// The open split that is furthest behind. Equal event numbers have equal times in all ranges.
    fn furthest_behind(&self) -> Option<usize> {
        let readable = |open: &OpenSplit| !open.paused && !open.split.is_finished();
        let open = self.open.iter().enumerate().filter(|(_, open)| readable(open));
        open.min_by_key(|(_, open)| open.split.next).map(|(index, _)| index)
    }

    /// A split whose end is to be told.
    fn take_finished(&mut self) -> Option<SplitId> {
        if self.keep_alive {
            return None;
        }
        let index = self.open.iter().position(|open| open.split.is_finished())?;
        Some(self.open.swap_remove(index).id)
    }

    fn without_work(&mut self) -> Poll<Result<Fetched>> {
        if !self.open.is_empty() {
            // Paused, or kept alive for nothing.
            return Poll::Pending;
        }
        match self.splits {
            Splits::Unknown => {
                self.splits = Splits::Requested;
                Poll::Ready(Ok(Fetched::RequestSplit))
            }
            Splits::NoMore if !self.keep_alive => Poll::Ready(Ok(Fetched::EndOfInput)),
            Splits::Requested | Splits::NoMore => Poll::Pending,
        }
    }
}

impl<M: MakeBatch> SourceReader for NexmarkReader<M> {
    type Split = NexmarkSplit;

    fn add_splits(&mut self, splits: Vec<NexmarkSplit>) -> Result<()> {
        let open = |split: NexmarkSplit| OpenSplit { id: split.split_id(), split, paused: false };
        self.open.extend(splits.into_iter().map(open));
        if self.splits == Splits::Requested {
            self.splits = Splits::Unknown;
        }
        Ok(())
    }

    fn no_more_splits(&mut self) {
        self.splits = Splits::NoMore;
    }

    fn poll_next(&mut self, cx: &mut Context<'_>, max_rows: usize) -> Poll<Result<Fetched>> {
        loop {
            if let Some(id) = self.take_finished() {
                return Poll::Ready(Ok(Fetched::SplitFinished(id)));
            }
            let Some(index) = self.furthest_behind() else {
                return self.without_work();
            };
            let OpenSplit { id, split, .. } = &mut self.open[index];
            let Some(run) = self.run.events(max_rows) else {
                split.next = split.events + 1;
                continue;
            };
            let mut numbers = split.next..split.next.saturating_add(run).min(split.events + 1);
            if let Some(pace) = &mut self.pace {
                numbers = ready!(pace.poll_due(cx, numbers));
            }
            split.next = numbers.end;
            let batch = self.make.batch(&split.range(), numbers, max_rows)?;
            if !batch.is_empty() {
                return Poll::Ready(Ok(Fetched::Batch(id.clone(), batch)));
            }
        }
    }

    fn snapshot_state(&mut self) -> Result<Vec<NexmarkSplit>> {
        Ok(self.open.iter().map(|open| open.split.clone()).collect())
    }

    fn pause_or_resume_splits(&mut self, pause: &[SplitId], resume: &[SplitId]) -> Result<()> {
        for open in &mut self.open {
            open.paused = (open.paused || pause.contains(&open.id)) && !resume.contains(&open.id);
        }
        Ok(())
    }
}

impl<M> fmt::Debug for NexmarkReader<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let splits: Vec<_> = self.open.iter().map(|open| &open.split).collect();
        write!(f, "NexmarkReader({splits:?}, {:?})", self.splits)
    }
}

/// How many events make a batch of given length, if only some kinds are wanted.
#[derive(Clone, Copy, Debug)]
struct RunLength {
    /// Events after which the kinds repeat, and how many of them are wanted.
    events: u64,
    wanted: u64,
}

impl RunLength {
    fn new(generator: &Generator, fields: Fields) -> RunLength {
        let config = generator.config();
        let proportion = |kind| match kind {
            Kind::Person => config.person_proportion,
            Kind::Auction => config.auction_proportion,
            Kind::Bid => config.bid_proportion,
        };
        let wanted =
            Kind::ALL.into_iter().filter(|&kind| fields.wants(kind)).map(|kind| u64::from(proportion(kind)));
        RunLength { events: config.total_proportion(), wanted: wanted.sum() }
    }

    /// A number of events that gives no more than `rows` rows, wherever it begins. `None`: no event is
    /// wanted.
    fn events(self, rows: usize) -> Option<u64> {
        let rows = (rows as u64).clamp(1, RUN_MAX);
        let repetitions = rows.checked_div(self.wanted)?;
        Some((repetitions * self.events).clamp(rows, RUN_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::GeneratorConfig;

    fn check(fields: Fields, rows: usize, expected: Option<u64>) {
        let generator = Generator::new(GeneratorConfig::default()).unwrap();
        assert_eq!(RunLength::new(&generator, fields).events(rows), expected);
    }

    #[test]
    fn a_run_gives_no_more_rows_than_asked_for() {
        check(Fields::ALL, 1_024, Some(1_024));
        check(Fields::kind(Kind::Bid), 1_024, Some(1_100));
        check(Fields::kind(Kind::Person), 1_024, Some(51_200));
        check(Fields::kind(Kind::Person), 1 << 20, Some(RUN_MAX));
        check(Fields::kind(Kind::Bid), 7, Some(7));
        check(Fields::ALL, 0, Some(1));
        check(Fields::NONE, 1_024, None);
    }
}
