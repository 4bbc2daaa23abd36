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
    /// How often it has been reported.
    pub reports: i64,
    /// How often since it was over, because of a flight that came later.
    pub corrections: i64,
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
    /// The last report, and whether the hour was over by then.
    last: ValueState<(Hour, bool)>,
    hours: LongCounter,
    reports: LongCounter,
    corrections: LongCounter,
}

impl RichFunction for Report {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.last = context.state(&ValueStateDescriptor::new("last report"))?;
        self.hours = context.long_counter("hours");
        self.reports = context.long_counter("hours: reports");
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
        let is_over = context.current_watermark().0 >= window.max_timestamp();
        // A window that is reduced holds one value.
        let Some(&Airport { flights, delay_minutes, .. }) = totals.iter().next() else { return Ok(()) };
        let hour = self.last.modify(&mut context.window_state(), |last| {
            let none = || Hour {
                origin: origin.clone(),
                start: window.start,
                flights,
                delay_minutes,
                reports: 0,
                corrections: 0,
            };
            let (hour, was_over) = last.get_or_insert_with(|| (none(), false));
            hour.corrections += i64::from(*was_over && flights > hour.flights);
            hour.reports += 1;
            (hour.flights, hour.delay_minutes, *was_over) = (flights, delay_minutes, is_over);
            hour.clone()
        })?;
        context.collect(hour);
        Ok(())
    }

    fn clear(&mut self, context: &mut WindowContext<'_, TimeWindow, Hour>) -> Result<()> {
        let Some((last, _)) = self.last.value(&mut context.window_state())? else { return Ok(()) };
        self.hours.add(1);
        self.reports.add(last.reports);
        self.corrections.add(last.corrections);
        context.output(&HOURS, last)
    }
}
