//! `process`: times, watermarks, side outputs, late records.
use hurtig::prelude::*;

use crate::functions::{Observe, Seen, WithTime, timed};
use crate::harness::{check, check_fails, check_in_order};

const ODD: OutputTag<String> = OutputTag::new("odd");
const LARGE: OutputTag<i64> = OutputTag::new("large");

/// Even numbers to the main output, odd ones as text and large ones once more to side outputs.
#[derive(Clone)]
struct Sort;

impl RichFunction for Sort {}

impl ProcessFunction<i64, i64> for Sort {
    fn process_element(&mut self, value: i64, context: &mut ProcessContext<'_, i64>) -> Result<()> {
        if value > 20 {
            context.output(&LARGE, value)?;
        }
        if value % 2 == 1 {
            return context.output(&ODD, format!("odd {value}"));
        }
        context.collect(value)
    }
}

fn even() -> impl Iterator<Item = i64> {
    (0..30).filter(|n| n % 2 == 0)
}

fn odd() -> impl Iterator<Item = i64> {
    (0..30).filter(|n| n % 2 == 1)
}

#[test]
fn side_outputs_go_where_they_are_read() {
    check(
        |env| {
            let main = env.from_collection(0..30i64).process(Sort);
            let odd = main.side_output(&ODD);
            let large = main.side_output(&LARGE).map(|n| format!("large {n}"));
            main.map(|n| format!("even {n}")).union([&odd, &large])
        },
        even()
            .map(|n| format!("even {n}"))
            .chain(odd().map(|n| format!("odd {n}")))
            .chain((21..30).map(|n| format!("large {n}"))),
    );
}

#[test]
fn outputs_that_nobody_reads_are_dropped() {
    check_in_order(|env| env.from_collection(0..30i64).process(Sort), even());
    check_in_order(
        |env| env.from_collection(0..30i64).process(Sort).side_output(&ODD),
        odd().map(|n| format!("odd {n}")),
    );
}

#[test]
fn a_side_output_may_have_several_readers() {
    check(
        |env| {
            let main = env.from_collection(0..30i64).process(Sort);
            let odd = main.side_output(&ODD);
            odd.map(|text| text + "!").union([&odd.filter(|text| text.len() == 5), &odd.rebalance()])
        },
        odd().flat_map(|n| {
            let text = format!("odd {n}");
            let short = (text.len() == 5).then(|| text.clone());
            short.into_iter().chain([format!("{text}!"), text])
        }),
    );
}

#[test]
fn side_outputs_keep_times_and_get_watermarks() {
    let input = || timed([(1, 10), (2, 20), (3, 30)]);
    check_in_order(
        move |env| env.from_timestamped(input()).process(Sort).side_output(&ODD).process(WithTime),
        [("odd 1".to_owned(), Some(10)), ("odd 3".to_owned(), Some(30))],
    );
    let input = || timed([(21, 10), (2, 20), (23, 30)]);
    check_in_order(
        move |env| {
            let main = env.from_timestamped(input()).process(Sort).set_parallelism(1);
            main.side_output(&LARGE).process(Observe).set_parallelism(1)
        },
        [
            Seen::Record(21, Some(10), i64::MIN),
            Seen::Watermark(9),
            Seen::Watermark(19),
            Seen::Record(23, Some(30), 19),
            Seen::Watermark(29),
            Seen::Watermark(i64::MAX),
            Seen::End,
        ],
    );
}

#[test]
fn a_function_sees_records_and_watermarks_in_order() {
    let input = || timed([(1, 10), (2, 30), (3, 20), (4, 30), (5, 40)]);
    check_in_order(
        move |env| env.from_timestamped(input()).process(Observe).set_parallelism(1),
        [
            Seen::Record(1, Some(10), i64::MIN),
            Seen::Watermark(9),
            Seen::Record(2, Some(30), 9),
            Seen::Watermark(29),
            Seen::Record(3, Some(20), 29),
            Seen::Record(4, Some(30), 29),
            Seen::Record(5, Some(40), 29),
            Seen::Watermark(39),
            Seen::Watermark(i64::MAX),
            Seen::End,
        ],
    );
    check_in_order(
        |env| env.from_collection([7i64]).process(Observe).set_parallelism(1),
        [Seen::Record(7, None, i64::MIN), Seen::Watermark(i64::MAX), Seen::End],
    );
}

const LATE: OutputTag<i64> = OutputTag::new("late");

/// Late records to a side output.
#[derive(Clone)]
struct OnTime;

impl RichFunction for OnTime {}

impl ProcessFunction<i64, i64> for OnTime {
    fn process_element(&mut self, value: i64, context: &mut ProcessContext<'_, i64>) -> Result<()> {
        if context.is_late() { context.output(&LATE, value) } else { context.collect(value) }
    }
}

#[test]
fn which_records_are_late_does_not_depend_on_the_order_of_steps() {
    // Record n has time n, but every fifth comes ten behind.
    let input = || timed((0..40).map(|n| (n, if n % 5 == 4 { n - 10 } else { n })));
    check(
        move |env| env.from_timestamped(input()).process(OnTime).side_output(&LATE),
        (0..40).filter(|n| n % 5 == 4),
    );
    check(
        move |env| env.from_timestamped(input()).rebalance().process(OnTime),
        (0..40).filter(|n| n % 5 != 4),
    );
}

/// Counts, and says so only at the end.
#[derive(Clone, Default)]
struct Count(i64);

impl RichFunction for Count {}

impl ProcessFunction<i64, i64> for Count {
    fn process_element(&mut self, _: i64, _: &mut ProcessContext<'_, i64>) -> Result<()> {
        self.0 += 1;
        Ok(())
    }

    fn finish(&mut self, context: &mut ProcessContext<'_, i64>) -> Result<()> {
        assert_eq!(context.timestamp(), None);
        context.collect(self.0)
    }
}

#[test]
fn a_function_may_put_something_out_at_the_end() {
    check(
        |env| env.from_collection(0..33i64).process(Count::default()).set_parallelism(1).map(|n| n + 1),
        [34],
    );
    // Each subtask counts its own.
    check(
        |env| {
            let counts = env.from_collection(0..40i64).rebalance().process(Count::default());
            counts.process(Sum::default()).set_parallelism(1)
        },
        [40],
    );
}

/// Adds up, and says so only at the end.
#[derive(Clone, Default)]
struct Sum(i64);

impl RichFunction for Sum {}

impl ProcessFunction<i64, i64> for Sum {
    fn process_element(&mut self, value: i64, _: &mut ProcessContext<'_, i64>) -> Result<()> {
        self.0 += value;
        Ok(())
    }

    fn finish(&mut self, context: &mut ProcessContext<'_, i64>) -> Result<()> {
        context.collect(self.0)
    }
}

/// Fails at the watermark 19.
#[derive(Clone)]
struct FailsInTime;

impl RichFunction for FailsInTime {}

impl ProcessFunction<i64, i64> for FailsInTime {
    fn process_element(&mut self, value: i64, context: &mut ProcessContext<'_, i64>) -> Result<()> {
        context.collect(value)
    }

    fn on_watermark(&mut self, watermark: Watermark, _: &mut ProcessContext<'_, i64>) -> Result<()> {
        if watermark.0.as_millis() == 19 { Err(Error::user("19 is enough")) } else { Ok(()) }
    }
}

#[test]
fn a_failure_at_a_watermark_names_the_operator() {
    let input = || timed([(1, 10), (2, 20), (3, 30)]);
    check_fails(
        move |env| env.from_timestamped(input()).process(FailsInTime).name("Timely"),
        &["operator 'Timely' (", "19 is enough"],
    );
}
