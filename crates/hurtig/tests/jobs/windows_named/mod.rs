//! Windows by what a user would call them: an hour with five minutes of disorder, a report every thirty seconds,
//! a session, a batch of three or of what has come by then. Times are those of a clock on the wall.
//!
//! [`oracle`](crate::windows) says what any window must answer; here is what some must, by hand, in whole jobs.
use std::fmt::Write;
use std::time::Duration;

use hurtig::operator::metrics::MetricSample;
use hurtig::prelude::*;

mod all;
mod counts;
mod day;
mod early;
mod event_time;
mod late;
mod processing_time;
mod refused;
mod sessions;
mod states;
mod unions;

/// A key and a value.
pub type Event = (i64, i64);

/// Milliseconds of a time of day, such as `04:05`, `12:00:30` or `04:04:59.999`, on the first of January 1970.
pub fn at(time: &str) -> i64 {
    let (seconds, millis) = time.split_once('.').unwrap_or((time, "0"));
    let parts: Vec<i64> = seconds.split(':').map(|part| part.parse().unwrap()).collect();
    let seconds = parts[0] * 3600 + parts[1] * 60 + parts.get(2).unwrap_or(&0);
    seconds * 1000 + millis.parse::<i64>().unwrap()
}

/// What [`at`] reads; `end` for the end of time.
pub fn clock(millis: i64) -> String {
    if millis == i64::MAX {
        return "end".to_owned();
    }
    let (seconds, rest) = (millis / 1000, millis % 1000);
    let mut text = format!("{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
    if seconds % 60 > 0 || rest > 0 {
        write!(text, ":{:02}", seconds % 60).unwrap();
    }
    if rest > 0 {
        write!(text, ".{rest:03}").unwrap();
    }
    text
}

/// So many minutes.
pub fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

/// Events in the order in which they come, with their times of day and a watermark after each that raises it:
/// which are late depends on them alone. Times are no promise of order: they may be late.
pub fn events<'a>(
    env: &StreamExecutionEnvironment,
    disorder: Duration,
    events: impl IntoIterator<Item = (i64, i64, &'a str)>,
) -> DataStream<Event> {
    let timed = events.into_iter().map(|(key, value, time)| ((key, value), EventTime::from_millis(at(time))));
    let strategy = WatermarkStrategy::for_punctuated_out_of_orderness(disorder);
    env.from_timestamped(timed).assign_timestamps_and_watermarks(strategy).set_parallelism(1)
}

/// Says of each firing the key, the window, the values in the order in which they came, and the watermark that
/// made it fire: `7 [03:00, 04:00) [1, 2] at 03:59:59.999`.
#[derive(Clone)]
pub struct Report;

impl RichFunction for Report {}

impl ProcessWindowFunction<Event, String, i64, TimeWindow> for Report {
    fn process(
        &mut self,
        key: &i64,
        elements: Elements<'_, Event>,
        context: &mut WindowContext<'_, TimeWindow, String>,
    ) -> Result<()> {
        let values: Vec<i64> = elements.iter().map(|(_, value)| *value).collect();
        let TimeWindow { start, end } = *context.window();
        let span = format!("[{}, {})", clock(start.as_millis()), clock(end.as_millis()));
        let watermark = clock(context.current_watermark().0.as_millis());
        context.collect(format!("{key} {span} {values:?} at {watermark}"));
        Ok(())
    }
}

/// The key of what [`Report`] says.
#[expect(clippy::ptr_arg, reason = "it is the key of a stream of strings")]
pub fn reported_key(report: &String) -> String {
    report.split(' ').next().unwrap_or_default().to_owned()
}

/// As strings.
pub fn strings<const N: usize>(texts: [&str; N]) -> [String; N] {
    texts.map(str::to_owned)
}

/// The sum of a metric over the subtasks of an operator.
pub fn total(metrics: &[MetricSample], operator: &str, name: &str) -> i64 {
    let of_operator = |metric: &&MetricSample| {
        metric.name == name
            && metric.scope.variables.get("operator_name").is_some_and(|found| found == operator)
    };
    metrics.iter().filter(of_operator).filter_map(|metric| metric.value.as_i64()).sum()
}
