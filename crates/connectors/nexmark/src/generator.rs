//! The generator: everything about a data set that does not change from event to event.
use std::sync::{Arc, OnceLock};

use hurtig_core::Result;

use crate::channels::{Channel, ChannelBlocks, channels};
use crate::columns::{ColumnGenerator, Table};
use crate::config::GeneratorConfig;
use crate::fields::Fields;
use crate::model::Event;
use crate::padding::PaddingBuffer;
use crate::random::Seed;
use crate::range::EventRange;
use crate::rows::{RowChannels, RowGenerator};
use crate::timeline::Timeline;

/// Keeps the draws of events and of tables apart.
const EVENTS: u64 = 0;
const PADDING: u64 = 1;
const CHANNELS: u64 = 2;

/// Makes the events of one data set, each as a pure function of its id.
///
/// Cheap to clone: the tables (about 3 MB) are shared. [`Generator::rows`] and [`Generator::columns`] make
/// runs of events fast, [`Generator::event`] any single one.
///
/// ```
/// use hurtig_connector_nexmark::{Event, Fields, Generator, GeneratorConfig};
///
/// let generator = Generator::new(GeneratorConfig { events_num: 1_000, ..Default::default() })?;
/// let range = generator.range(0);
/// let mut events = Vec::new();
/// generator.rows(Fields::ALL).append(&range, range.numbers(), &mut events);
/// assert_eq!(events.len(), 1_000);
/// assert!(matches!(&events[0], Event::Auction(auction) if auction.id == 1001));
/// assert_eq!(generator.event(2).as_ref(), Some(&events[0]));
/// # Ok::<(), hurtig_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Generator {
    shared: Arc<Shared>,
}

struct Shared {
    config: GeneratorConfig,
    timeline: Timeline,
    seed: Seed,
    padding: PaddingBuffer,
    channels: Vec<Channel>,
    /// Only column generators want it.
    channel_blocks: OnceLock<ChannelBlocks>,
    /// For [`Generator::event`] alone: a row generator has its own.
    row_channels: OnceLock<RowChannels>,
}

impl Generator {
    /// A generator of the data set that `config` describes. Fails on options that cannot be.
    pub fn new(config: GeneratorConfig) -> Result<Generator> {
        config.validate()?;
        let domain = |domain| Seed::new(config.seed, domain);
        let shared = Shared {
            timeline: Timeline::new(&config),
            seed: domain(EVENTS),
            padding: PaddingBuffer::new(domain(PADDING)),
            channels: channels(domain(CHANNELS)),
            channel_blocks: OnceLock::new(),
            row_channels: OnceLock::new(),
            config,
        };
        Ok(Generator { shared: Arc::new(shared) })
    }

    /// What the data set is made of.
    pub fn config(&self) -> &GeneratorConfig {
        &self.shared.config
    }

    /// Range `index` of the data set. `index` must be below `config().ranges`.
    pub fn range(&self, index: u32) -> EventRange {
        debug_assert!(index < self.config().ranges, "range {index} of {}", self.config().ranges);
        EventRange::new(self.config(), index)
    }

    /// All ranges, in the order of their ids.
    pub fn ranges(&self) -> impl Iterator<Item = EventRange> {
        (0..self.config().ranges).map(|index| self.range(index))
    }

    /// The event of this id; `None` if the data set has none. Ids start at 2.
    pub fn event(&self, id: u64) -> Option<Event> {
        let (range, number) = self.ranges().find_map(|range| Some((range, range.number_of(id)?)))?;
        let channels = self.shared.row_channels.get_or_init(|| RowChannels::new(self));
        let mut events = Vec::with_capacity(1);
        channels.append(self, Fields::ALL, &range, number..number + 1, &mut events);
        events.pop()
    }

    /// Makes runs of events as rows: the kinds in `fields`, with default values for the columns not in it.
    pub fn rows(&self, fields: Fields) -> RowGenerator {
        RowGenerator::new(self.clone(), fields)
    }

    /// Makes runs of events as Arrow columns of `table`: rows of the kinds in `fields`, the columns in it.
    pub fn columns(&self, table: Table, fields: Fields) -> ColumnGenerator {
        ColumnGenerator::new(self.clone(), table, fields)
    }

    pub(crate) fn timeline(&self) -> Timeline {
        self.shared.timeline
    }

    pub(crate) fn seed(&self) -> Seed {
        self.shared.seed
    }

    pub(crate) fn padding(&self) -> &PaddingBuffer {
        &self.shared.padding
    }

    pub(crate) fn channels(&self) -> &[Channel] {
        &self.shared.channels
    }

    pub(crate) fn channel_blocks(&self) -> &ChannelBlocks {
        self.shared.channel_blocks.get_or_init(|| ChannelBlocks::new(self.channels()))
    }
}

impl std::fmt::Debug for Generator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Generator({:?})", self.config())
    }
}
