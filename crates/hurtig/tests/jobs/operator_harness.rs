//! The harness that users test their functions with.
use std::time::Duration;

use hurtig::core::ProcessingTime;
use hurtig::core::ids::CheckpointId;
use hurtig::operator::metrics::MetricValue;
use hurtig::prelude::*;
use hurtig::state::operator_state::Redistribution;
use hurtig::test::{
    Emitted, KeyedOneInputOperatorTestHarness, KeyedTwoInputOperatorTestHarness, OneInputOperatorTestHarness,
    TwoInputOperatorTestHarness,
};

fn at(millis: i64) -> EventTime {
    EventTime::from_millis(millis)
}

const LATE: OutputTag<String> = OutputTag::new("late");
const UNREAD: OutputTag<i64> = OutputTag::new("unread");

/// Repeats each number so often; late ones to a side output.
#[derive(Clone)]
struct Repeat;

impl RichFunction for Repeat {}

impl ProcessFunction<i64, i64> for Repeat {
    fn process_element(&mut self, value: i64, ctx: &mut ProcessContext<'_, i64>) -> Result<()> {
        if ctx.is_late() {
            ctx.output(&UNREAD, value)?;
            return ctx.output(&LATE, format!("late {value}"));
        }
        (0..value).try_for_each(|_| ctx.collect(value))
    }

    fn on_watermark(&mut self, watermark: Watermark, ctx: &mut ProcessContext<'_, i64>) -> Result<()> {
        if watermark == Watermark::MAX { Ok(()) } else { ctx.collect(-watermark.0.as_millis()) }
    }

    fn finish(&mut self, ctx: &mut ProcessContext<'_, i64>) -> Result<()> {
        ctx.collect(0)
    }
}

#[test]
fn output_has_records_and_watermarks_in_order() {
    let mut harness = OneInputOperatorTestHarness::for_process_function(Repeat);
    harness.read_side_output(&LATE);
    harness.open().unwrap();
    harness.process_element(3, at(10)).unwrap();
    harness.process_watermark(at(20)).unwrap();
    harness.process_elements([(2, at(20)), (1, at(21))]).unwrap();
    harness.process_value(1).unwrap();
    let records = [(3, Some(at(10))); 3].into_iter().map(|(value, time)| Emitted::Record(value, time));
    let mut expect: Vec<Emitted<i64>> = records.collect();
    expect.extend([
        Emitted::Record(-20, None),
        Emitted::Watermark(Watermark(at(20))),
        Emitted::Record(1, Some(at(21))),
        Emitted::Record(1, None),
    ]);
    assert_eq!(harness.output(), expect);
    assert_eq!(harness.take_output(), expect);
    assert_eq!(harness.take_side_output(&LATE).unwrap(), [("late 2".to_owned(), Some(at(20)))]);
    assert_eq!(harness.take_side_output(&LATE).unwrap(), []);
    // One that does not advance is none.
    harness.process_watermark(at(20)).unwrap();
    harness.end_input().unwrap();
    assert_eq!(harness.take_output(), [Emitted::Watermark(Watermark::MAX), Emitted::Record(0, None)]);
    harness.close().unwrap();
}

#[test]
#[should_panic(expected = "nobody reads the side output 'unread'")]
fn a_side_output_that_is_not_read_cannot_be_looked_at() {
    let mut harness = OneInputOperatorTestHarness::for_process_function(Repeat);
    harness.open().unwrap();
    let _ = harness.take_side_output(&UNREAD);
}

#[test]
#[should_panic(expected = "the operator is Created")]
fn an_operator_has_to_be_opened() {
    let mut harness = OneInputOperatorTestHarness::for_process_function(Repeat);
    let _ = harness.process_value(1);
}

#[test]
#[should_panic(expected = "the clock does not go back")]
fn the_clock_does_not_go_back() {
    let mut harness = OneInputOperatorTestHarness::for_process_function(Repeat);
    harness.open().unwrap();
    harness.set_processing_time(ProcessingTime::from_millis(2)).unwrap();
    let _ = harness.set_processing_time(ProcessingTime::from_millis(1));
}

#[test]
fn an_error_names_the_place() {
    let fails = hurtig::operator::function::TryClosure(|n: i64| Err::<i64, _>(format!("{n} is wrong")));
    let operator = hurtig::operator::map::Map::<i64, i64, _>::new(fails);
    let mut harness = OneInputOperatorTestHarness::<i64, i64>::new(operator);
    harness.set_parallelism(128, 4, 2);
    harness.open().unwrap();
    let error = harness.process_value(7).unwrap_err();
    assert_eq!(error.to_string(), "operator 'tested' (3/4): 7 is wrong");
}

/// Counts, keeps the count in an operator state when it is to be saved, and says when it is safe.
#[derive(Clone, Default)]
struct Saved {
    count: i64,
    saved: OperatorListState<i64>,
    log: Vec<String>,
    total: Option<hurtig::operator::accumulator::LongCounter>,
}

impl RichFunction for Saved {
    fn initialize_state(&mut self, context: &mut FunctionInitializationContext<'_>) -> Result<()> {
        assert!(!context.is_restored());
        self.saved = context.operator_state_store().list_state(&ListStateDescriptor::new("saved"))?;
        Ok(())
    }

    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        let subtask = context.index_of_this_subtask();
        let option = context.metric_group().gauge("subtask");
        option.set(i64::from(subtask));
        self.total = Some(context.long_counter("total"));
        Ok(())
    }

    fn snapshot_state(&mut self, context: &mut FunctionSnapshotContext<'_>) -> Result<()> {
        self.log.push(format!("saved for {}", context.checkpoint_id()));
        let saved = self.saved;
        saved.update(context, [self.count, self.count])
    }

    fn notify_checkpoint_complete(&mut self, checkpoint: CheckpointId) -> Result<()> {
        self.log.push(format!("{checkpoint} is safe"));
        Ok(())
    }

    fn notify_checkpoint_aborted(&mut self, checkpoint: CheckpointId) -> Result<()> {
        self.log.push(format!("{checkpoint} is lost"));
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        Err(Error::user("closed"))
    }
}

impl KeyedProcessFunction<i64, i64, String> for Saved {
    fn process_element(&mut self, _: i64, ctx: &mut KeyedContext<'_, i64, String>) -> Result<()> {
        self.count += 1;
        if let Some(total) = &self.total {
            total.add(10);
        }
        let saved = self.saved.get(ctx)?.to_vec();
        self.log.drain(..).for_each(|word| ctx.collect(word));
        ctx.collect(format!("{saved:?}"));
        Ok(())
    }
}

#[test]
fn the_life_of_a_function_is_called() {
    let mut harness = KeyedOneInputOperatorTestHarness::new(|key: &i64| *key, Saved::default());
    harness.set_parallelism(8, 4, 3);
    harness.open().unwrap();
    harness.process_value(1).unwrap();
    harness.snapshot_state(CheckpointId(1)).unwrap();
    harness.notify_of_aborted_checkpoint(CheckpointId(1)).unwrap();
    harness.process_value(1).unwrap();
    harness.snapshot_state(CheckpointId(2)).unwrap();
    harness.notify_of_completed_checkpoint(CheckpointId(2)).unwrap();
    harness.process_value(1).unwrap();
    let expect = ["[]", "saved for 1", "1 is lost", "[1, 1]", "saved for 2", "2 is safe", "[2, 2]"];
    assert_eq!(harness.take_values(), expect);
    let states = harness.operator_states();
    assert_eq!(states.len(), 1);
    assert_eq!((states[0].name.as_str(), states[0].redistribution), ("saved", Redistribution::Split));
    assert_eq!(states[0].len, 2);
    assert_eq!(harness.metric("subtask"), Some(MetricValue::Gauge(3)));
    assert_eq!(harness.metric("other"), None);
    let total = harness.accumulator("total");
    assert!(matches!(total, Some(hurtig::operator::accumulator::Accumulator::Long(30))), "{total:?}");
    harness.end_input().unwrap();
    assert!(harness.close().unwrap_err().to_string().ends_with("(4/4): closed"));
}

/// Waits so many milliseconds of both clocks; says which came.
#[derive(Clone)]
struct Both;

impl RichFunction for Both {}

impl KeyedCoProcessFunction<i64, i64, String, String> for Both {
    fn process_element1(&mut self, value: i64, ctx: &mut KeyedContext<'_, i64, String>) -> Result<()> {
        ctx.register_event_time_timer(at(value))?;
        ctx.register_processing_time_timer(ProcessingTime::from_millis(value))
    }

    fn process_element2(&mut self, value: String, ctx: &mut KeyedContext<'_, i64, String>) -> Result<()> {
        let time = ctx.timestamp().map(EventTime::as_millis);
        ctx.collect(format!("{value} at {time:?}"));
        Ok(())
    }

    fn on_timer(&mut self, timestamp: i64, ctx: &mut KeyedContext<'_, i64, String>) -> Result<()> {
        let now = ctx.current_processing_time().as_millis();
        ctx.collect(format!("{:?} {timestamp} at {now}", ctx.time_domain()));
        Ok(())
    }
}

fn both() -> KeyedTwoInputOperatorTestHarness<i64, String, String> {
    let mut harness = KeyedTwoInputOperatorTestHarness::new(|n: &i64| *n, |s: &String| s.len() as i64, Both);
    harness.open().unwrap();
    harness
}

#[test]
fn two_inputs_have_one_watermark_and_one_clock() {
    let mut harness = both();
    harness.process_elements1([(10, at(0)), (20, at(1)), (30, at(2))]).unwrap();
    assert_eq!((harness.num_keys(), harness.num_event_time_timers()), (3, 3));
    assert_eq!(harness.num_processing_time_timers(), 3);
    harness.process_watermark1(at(15)).unwrap();
    assert_eq!(harness.output(), []);
    harness.process_watermark2(at(12)).unwrap();
    assert_eq!(harness.current_watermark(), Watermark(at(12)));
    assert_eq!(harness.take_values(), ["EventTime 10 at 0"]);
    harness.process_both_watermarks(at(25)).unwrap();
    assert_eq!(harness.take_values(), ["EventTime 20 at 0"]);
    // A timer fires when its millisecond is over. A jump fires all at its end, passing time each at its moment.
    harness.set_processing_time(ProcessingTime::from_millis(20)).unwrap();
    assert_eq!(harness.take_values(), ["ProcessingTime 10 at 20"]);
    harness.set_processing_time(ProcessingTime::from_millis(22)).unwrap();
    assert_eq!(harness.take_values(), ["ProcessingTime 20 at 22"]);
    harness.process_element1(55, at(0)).unwrap();
    harness.advance_processing_time(Duration::from_millis(1000)).unwrap();
    assert_eq!(harness.take_values(), ["ProcessingTime 30 at 31", "ProcessingTime 55 at 56"]);
    assert_eq!(harness.processing_time().as_millis(), 1022);
    harness.process_element2("word".to_owned(), at(7)).unwrap();
    harness.process_value2("word".to_owned()).unwrap();
    assert_eq!(harness.take_values(), ["word at Some(7)", "word at None"]);
    // An input that has ended holds no timer back.
    harness.process_watermark2(at(40)).unwrap();
    harness.end_input1().unwrap();
    assert_eq!(harness.take_values(), ["EventTime 30 at 1022"]);
    harness.end_input2().unwrap();
    assert_eq!(harness.take_values(), ["EventTime 55 at 1022"]);
    assert_eq!(harness.num_keys(), 0);
}

/// Lets numbers below a limit pass, which comes as a rule.
#[derive(Clone, Default)]
struct Limited {
    limit: BroadcastState<bool, i64>,
    seen: ValueState<i64>,
}

impl RichFunction for Limited {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.limit = context.broadcast_state(&MapStateDescriptor::new("limit"))?;
        Ok(())
    }
}

impl BroadcastProcessFunction<i64, i64, i64> for Limited {
    fn process_element(&mut self, value: i64, ctx: &mut ProcessContext<'_, i64>) -> Result<()> {
        if value < self.limit.get(ctx, &true)?.copied().unwrap_or(0) { ctx.collect(value) } else { Ok(()) }
    }

    fn process_broadcast_element(&mut self, limit: i64, ctx: &mut BroadcastContext<'_, i64>) -> Result<()> {
        ctx.collect(-limit)?;
        self.limit.put(ctx, true, limit)
    }
}

/// As [`Limited`], by how often a key has come.
#[derive(Clone, Default)]
struct LimitedKeys(Limited);

impl RichFunction for LimitedKeys {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.0.seen = context.state(&ValueStateDescriptor::new("seen"))?;
        self.0.open(context)
    }
}

impl KeyedBroadcastProcessFunction<i64, i64, i64, i64> for LimitedKeys {
    fn process_element(&mut self, value: i64, ctx: &mut KeyedContext<'_, i64, i64>) -> Result<()> {
        let seen = self.0.seen.value(ctx)?.unwrap_or(0);
        if seen < self.0.limit.get(ctx, &true)?.copied().unwrap_or(0) {
            ctx.collect(value);
        }
        self.0.seen.update(ctx, seen + 1)
    }

    fn process_broadcast_element(
        &mut self,
        limit: i64,
        ctx: &mut KeyedBroadcastContext<'_, i64, i64>,
    ) -> Result<()> {
        let seen = self.0.seen;
        ctx.apply_to_keyed_state(&seen, |ctx| {
            let count = seen.value(ctx)?.unwrap_or(0);
            ctx.collect(-count);
            if count > limit { seen.clear(ctx) } else { Ok(()) }
        })?;
        self.0.limit.put(ctx, true, limit)
    }
}

#[test]
fn rules_come_to_the_second_input() {
    let mut harness = TwoInputOperatorTestHarness::for_broadcast_process_function(Limited::default());
    harness.open().unwrap();
    harness.process_value1(3).unwrap();
    harness.process_value2(4).unwrap();
    harness.process_elements1([(3, at(0)), (4, at(0)), (2, at(0))]).unwrap();
    harness.process_value2(3).unwrap();
    harness.process_elements1([(3, at(0)), (2, at(0))]).unwrap();
    assert_eq!(harness.take_values(), [-4, 3, 2, -3, 2]);
    let states = harness.operator_states();
    assert_eq!((states[0].redistribution, states[0].len), (Redistribution::Broadcast, 1));

    let function = LimitedKeys::default();
    let mut harness =
        KeyedTwoInputOperatorTestHarness::for_broadcast_process_function(|n: &i64| *n, function);
    harness.open().unwrap();
    harness.process_value2(2).unwrap();
    harness.process_elements1([5, 6, 5, 5, 6].map(|n| (n, at(0)))).unwrap();
    assert_eq!(harness.take_values(), [5, 6, 5, 6]);
    harness.process_value2(2).unwrap();
    let mut counts = harness.take_values();
    counts.sort_unstable();
    assert_eq!((counts, harness.num_keys()), (vec![-3, -2], 1));
}

#[test]
fn background_work_is_done_as_time_passes() {
    use std::sync::{Arc, Mutex};
    // What a function that uses the host sees.
    #[derive(Clone, Default)]
    struct Slow {
        answers: Arc<Mutex<Vec<i64>>>,
        host: Option<Arc<dyn hurtig::connector::Host>>,
    }

    impl RichFunction for Slow {
        fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
            self.host = Some(context.host());
            Ok(())
        }
    }

    impl ProcessFunction<i64, i64> for Slow {
        fn process_element(&mut self, value: i64, _: &mut ProcessContext<'_, i64>) -> Result<()> {
            let host = self.host.clone().unwrap();
            let answers = self.answers.clone();
            host.clone().spawn_io(Box::pin(async move {
                host.sleep_until(host.instant() + Duration::from_millis(value as u64)).await;
                answers.lock().unwrap().push(value);
            }));
            Ok(())
        }
    }

    let slow = Slow::default();
    let answers = slow.answers.clone();
    let look = || std::mem::take(&mut *answers.lock().unwrap());
    let mut harness = OneInputOperatorTestHarness::for_process_function(slow);
    harness.open().unwrap();
    harness.process_elements([(30, at(0)), (10, at(0)), (20, at(0))]).unwrap();
    assert!(look().is_empty());
    harness.set_processing_time(ProcessingTime::from_millis(10)).unwrap();
    assert_eq!(look(), [10]);
    harness.advance_processing_time(Duration::from_secs(1)).unwrap();
    assert_eq!(look(), [20, 30]);
}
