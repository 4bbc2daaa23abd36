//! Departures by airport and hour: windows that report every ten minutes before they are over, once when they
//! are, and again for each flight that comes late but within five hours, so that every flight counts.
use std::time::Duration;

use hurtig::operator::accumulator::LongCounter;
use hurtig::prelude::*;

use super::{Airport, Flight};

const SIZE: Duration = Duration::from_secs(3600);
/// How much event time passes between two reports of a window that is not over.
const EARLY_EVERY: Duration = Duration::from_secs(600);
/// For how long a window that is over still takes flights: enough for the latest of the file.
const ALLOWED_LATENESS: Duration = Duration::from_secs(5 * 3600);

/// What left an airport in an hour, as far as it is known.
#[derive(Clone, Debug, PartialEq, TypeInformation)]
pub struct Hour {
    /// The airport's code.
    pub origin: String,
    /// When the hour began.
    pub start: EventTime,
    /// Flights that left in it.
    pub flights: i64,
    /// Sum of their delays in minutes.
    pub delay_minutes: i64,
    /// How often this was reported before the hour was over.
    pub early: i64,
    /// How often since: once when it was over, and once for each flight that came later.
    pub over: i64,
}

/// The last report of each hour, when nothing can come for it any more.
pub const HOURS: OutputTag<Hour> = OutputTag::new("hours");

/// The reports of all hours as they come; the last ones are also in the side output [`HOURS`].
pub fn reports(flights: &DataStream<Flight>) -> DataStream<Hour> {
    flights
        .map(Airport::of)
        .set_parallelism(1)
        .key_by_ref(|airport| &airport.origin)
        .window(TumblingEventTimeWindows::of(SIZE))
        .trigger(ContinuousEventTimeTrigger::of(EARLY_EVERY))
        .allowed_lateness(ALLOWED_LATENESS)
        .reduce_with(Airport::and, Report::default())
        .name("Hours")
        .uid("hours")
}

/// Makes a report of what a window holds, and remembers it as long as the window is there.
#[derive(Clone, Default)]
struct Report {
    last: ValueState<Hour>,
    hours: LongCounter,
    early: LongCounter,
    corrections: LongCounter,
}

impl RichFunction for Report {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.last = context.state(&ValueStateDescriptor::new("last report"))?;
        self.hours = context.long_counter("hours");
        self.early = context.long_counter("hours: early reports");
        self.corrections = context.long_counter("hours: corrections");
        Ok(())
    }
}

impl ProcessWindowFunction<Airport, Hour, String, TimeWindow> for Report {
    fn process(
        &mut self,
        origin: &String,
        totals: Elements<'_, Airport>,
        context: &mut WindowContext<'_, TimeWindow, Hour>,
    ) -> Result<()> {
        let window = *context.window();
        let is_early = context.current_watermark().0 < window.max_timestamp();
        // A window that is reduced holds one value.
        let Some(&Airport { flights, delay_minutes, .. }) = totals.iter().next() else { return Ok(()) };
        let hour = self.last.modify(&mut context.window_state(), |last| {
            let none = || Hour {
                origin: origin.clone(),
                start: window.start,
                flights,
                delay_minutes,
                early: 0,
                over: 0,
            };
            let last = last.get_or_insert_with(none);
            (last.flights, last.delay_minutes) = (flights, delay_minutes);
            *if is_early { &mut last.early } else { &mut last.over } += 1;
            last.clone()
        })?;
        context.collect(hour);
        Ok(())
    }

    fn clear(&mut self, context: &mut WindowContext<'_, TimeWindow, Hour>) -> Result<()> {
        let Some(last) = self.last.value(&mut context.window_state())? else { return Ok(()) };
        self.hours.add(1);
        self.early.add(last.early);
        self.corrections.add(last.over - 1);
        context.output(&HOURS, last)
    }
}
