//! `key_by(..).process(..)`: state of every kind and timers of both clocks, per key.
use std::collections::BTreeMap;

use hurtig::prelude::*;

use crate::functions::{START, timed};
use crate::harness::{Run, Watchdog, check_each, check_fails, check_in_order, check_per_key};
use crate::script::{Script, Step};

/// Counts the records of each key; forgets at each fifth.
#[derive(Clone, Default)]
struct Count {
    seen: ValueState<u64>,
}

impl RichFunction for Count {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.seen = context.state(&ValueStateDescriptor::new("seen"))?;
        Ok(())
    }
}

impl KeyedProcessFunction<i64, i64, (i64, u64)> for Count {
    fn process_element(&mut self, value: i64, ctx: &mut KeyedContext<'_, i64, (i64, u64)>) -> Result<()> {
        let seen = self.seen.value(ctx)?.unwrap_or(0) + 1;
        assert_eq!(ctx.current_key(), Some(&(value % 7)), "{value}");
        ctx.collect((value, seen));
        if seen == 5 { self.seen.clear(ctx) } else { self.seen.update(ctx, seen) }
    }
}

#[test]
fn each_key_has_a_value_of_its_own() {
    check_per_key(
        |env| env.from_collection(0..100i64).key_by(|n| n % 7).process(Count::default()),
        |(value, _)| value % 7,
        (0..100).map(|n| (n, n as u64 / 7 % 5 + 1)),
    );
    check_per_key(
        |env| env.from_collection(0..100i64).rebalance().global().key_by(|n| n % 7).process(Count::default()),
        |(value, _)| value % 7,
        (0..100).map(|n| (n, n as u64 / 7 % 5 + 1)),
    );
}

/// Keeps all that comes in every kind of state; at the end of a round it says what is there, and forgets.
#[derive(Clone, Default)]
struct EveryKind {
    list: ListState<i64>,
    map: MapState<String, i64>,
    sum: ReducingState<i64>,
    average: AggregatingState<i64, Average>,
}

#[derive(Clone)]
struct Average;

impl AggregateFunction<i64> for Average {
    type Accumulator = (i64, i64);
    type Output = i64;

    fn create_accumulator(&self) -> (i64, i64) {
        (0, 0)
    }

    fn add(&self, value: i64, (sum, count): &mut (i64, i64)) -> Result<()> {
        *sum += value;
        *count += 1;
        Ok(())
    }

    fn get_result(&self, (sum, count): &(i64, i64)) -> Result<i64> {
        Ok(sum / count)
    }

    fn merge(&self, into: &mut (i64, i64), (sum, count): (i64, i64)) -> Result<()> {
        into.0 += sum;
        into.1 += count;
        Ok(())
    }
}

impl RichFunction for EveryKind {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.list = context.list_state(&ListStateDescriptor::new("list"))?;
        self.map = context.map_state(&MapStateDescriptor::new("map"))?;
        let add: fn(i64, i64) -> i64 = |held, next| held + next;
        self.sum = context.reducing_state(&ReducingStateDescriptor::new("sum", add))?;
        self.average = context.aggregating_state(&AggregatingStateDescriptor::new("average", Average))?;
        Ok(())
    }
}

/// What a key holds at the end of a round: the list, the map, sum and average.
type Held = (i64, Vec<i64>, Vec<(String, i64)>, Option<i64>, Option<i64>);

impl EveryKind {
    fn held(&self, ctx: &mut KeyedContext<'_, i64, Held>) -> Result<Held> {
        let key = *ctx.current_key().unwrap();
        let list = self.list.get(ctx)?.copied().collect();
        let map = self.map.entries(ctx)?.map(|(name, count)| (name.clone(), *count)).collect();
        Ok((key, list, map, self.sum.get(ctx)?.copied(), self.average.get(ctx)?))
    }
}

/// Records of a round.
const ROUND: usize = 6;

impl KeyedProcessFunction<i64, i64, Held> for EveryKind {
    fn process_element(&mut self, value: i64, ctx: &mut KeyedContext<'_, i64, Held>) -> Result<()> {
        self.list.add(ctx, value)?;
        *self.map.get_or_insert_with(ctx, name(value), || 0)? += 1;
        self.sum.add(ctx, value)?;
        self.average.add(ctx, value)?;
        if self.list.len(ctx)? == ROUND {
            let held = self.held(ctx)?;
            ctx.collect(held);
            self.list.clear(ctx)?;
            self.map.clear(ctx)?;
            self.sum.clear(ctx)?;
            self.average.clear(ctx)?;
            let (_, list, map, sum, average) = self.held(ctx)?;
            assert_eq!((list, map, sum, average), (vec![], vec![], None, None));
        }
        Ok(())
    }
}

fn name(value: i64) -> String {
    if value % 2 == 0 { "even".to_owned() } else { "odd".to_owned() }
}

#[test]
fn each_kind_of_state_holds_what_was_put_into_it_until_it_is_cleared() {
    let mut waiting: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    let mut expect: Vec<Held> = Vec::new();
    for value in 0..100 {
        let list = waiting.entry(value % 3).or_default();
        list.push(value);
        if list.len() == ROUND {
            let list = std::mem::take(list);
            let half = ROUND as i64 / 2;
            // In the order in which they came first.
            let map = vec![(name(list[0]), half), (name(list[1]), half)];
            let sum: i64 = list.iter().sum();
            expect.push((value % 3, list, map, Some(sum), Some(sum / ROUND as i64)));
        }
    }
    check_per_key(
        |env| env.from_collection(0..100i64).key_by(|n| n % 3).process(EveryKind::default()),
        |held| held.0,
        expect,
    );
}

/// What a record tells [`Timers`] to do for its key.
#[derive(Clone, Copy, Debug, TypeInformation)]
enum Tell {
    Set(i64),
    Delete(i64),
}

use Tell::{Delete, Set};

/// A timer has fired: the key, its time, and the watermark.
type Fired = (i64, i64, i64);

/// Sets and deletes timers as it is told, and says when one fires. A timer before 1000 whose last digit is not
/// zero sets another at the next time with one digit less; one of 500 sets one in the past and deletes 600.
#[derive(Clone)]
struct Timers;

impl RichFunction for Timers {}

impl KeyedProcessFunction<i64, (i64, Vec<Tell>), Fired> for Timers {
    fn process_element(
        &mut self,
        (_, told): (i64, Vec<Tell>),
        ctx: &mut KeyedContext<'_, i64, Fired>,
    ) -> Result<()> {
        told.into_iter().try_for_each(|tell| match tell {
            Set(time) => ctx.register_event_time_timer(EventTime::from_millis(time)),
            Delete(time) => ctx.delete_event_time_timer(EventTime::from_millis(time)),
        })
    }

    fn on_timer(&mut self, timestamp: i64, ctx: &mut KeyedContext<'_, i64, Fired>) -> Result<()> {
        assert_eq!(ctx.time_domain(), TimeDomain::EventTime);
        assert_eq!(ctx.timestamp(), Some(EventTime::from_millis(timestamp)));
        let key = *ctx.current_key().unwrap();
        ctx.collect((key, timestamp, ctx.current_watermark().0.as_millis()));
        if timestamp < 1000 && timestamp % 10 != 0 {
            ctx.register_event_time_timer(EventTime::from_millis(timestamp + 9))?;
        }
        if timestamp == 500 {
            ctx.register_event_time_timer(EventTime::from_millis(5))?;
            ctx.delete_event_time_timer(EventTime::from_millis(600))?;
        }
        Ok(())
    }
}

/// Records with key, time and what they tell; they must fire these timers.
fn check_timers(records: &[(i64, i64, &[Tell])], expect: &[Fired]) {
    let records: Vec<_> = records
        .iter()
        .map(|&(key, time, told)| ((key, told.to_vec()), EventTime::from_millis(time)))
        .collect();
    check_in_order(
        |env| env.from_timestamped(records.clone()).key_by(|(key, _)| *key).process(Timers),
        expect.iter().copied(),
    );
}

#[test]
fn timers_fire_in_their_order_when_the_watermark_has_reached_them() {
    // The watermark is one behind the last record, and infinitely far at the end.
    check_timers(
        &[(1, 0, &[Set(1030), Set(1010), Set(1020)]), (1, 1011, &[]), (1, 1030, &[Set(1040)])],
        &[(1, 1010, 1010), (1, 1020, 1029), (1, 1030, i64::MAX), (1, 1040, i64::MAX)],
    );
}

#[test]
fn a_timer_is_one_however_often_it_is_set() {
    check_timers(
        &[(1, 0, &[Set(1010), Set(1010)]), (1, 1, &[Set(1010)]), (1, 2000, &[]), (1, 2001, &[Set(1010)])],
        &[(1, 1010, 1999), (1, 1010, 2000)],
    );
}

#[test]
fn a_timer_that_is_deleted_does_not_fire() {
    check_timers(
        &[
            (1, 0, &[Set(1010), Set(1020), Set(1030), Delete(1020)]),
            (1, 1, &[Delete(1030), Set(1030), Delete(1040), Delete(1010), Delete(1010)]),
            // Another key's.
            (2, 2, &[Delete(1030)]),
        ],
        &[(1, 1030, i64::MAX)],
    );
}

#[test]
fn a_timer_may_set_and_delete_others() {
    // Those that are due by the same watermark fire by it, in order, past ones first.
    check_timers(
        &[(1, 0, &[Set(27)]), (1, 1, &[Set(500), Set(600), Set(510)]), (1, 700, &[]), (1, 701, &[])],
        &[
            (1, 27, 699),
            (1, 36, 699),
            (1, 45, 699),
            (1, 54, 699),
            (1, 63, 699),
            (1, 72, 699),
            (1, 81, 699),
            (1, 90, 699),
            (1, 500, 699),
            (1, 5, 699),
            (1, 14, 699),
            (1, 23, 699),
            (1, 32, 699),
            (1, 41, 699),
            (1, 50, 699),
            (1, 510, 699),
        ],
    );
}

#[test]
fn a_timer_in_the_past_fires_when_the_watermark_moves_next() {
    check_timers(
        &[
            (1, 1000, &[]),
            (1, 1001, &[Set(10)]),
            (1, 1002, &[Set(20)]),
            (1, 1002, &[Set(30)]),
            (1, 1500, &[]),
        ],
        &[(1, 10, 1000), (1, 20, 1001), (1, 30, 1499)],
    );
}

#[test]
fn keys_have_timers_of_their_own() {
    let keys = 0..40;
    let records: Vec<_> = keys
        .clone()
        .map(|key| ((key, vec![Set(1000 + key % 4 * 10), Set(2000)]), EventTime::from_millis(key)))
        .collect();
    let mut expect: Vec<Fired> =
        keys.flat_map(|key| [(key, 1000 + key % 4 * 10, i64::MAX), (key, 2000, i64::MAX)]).collect();
    expect.sort_unstable();
    check_each(
        |env| env.from_timestamped(records.clone()).key_by(|(key, _)| *key).process(Timers),
        |run, found| {
            if run.parallelism == 1 {
                assert!(found.is_sorted_by_key(|(_, time, _)| *time), "{run}: {found:?}");
            }
            assert_eq!(crate::harness::sorted(found), expect, "{run}");
        },
    );
}

/// A value that stays until a timer clears it, many at once, each of which makes many records.
#[derive(Clone, Default)]
struct Burst {
    held: ListState<i64>,
}

impl RichFunction for Burst {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.held = context.list_state(&ListStateDescriptor::new("held"))?;
        Ok(())
    }
}

impl KeyedProcessFunction<i64, i64, i64> for Burst {
    fn process_element(&mut self, value: i64, ctx: &mut KeyedContext<'_, i64, i64>) -> Result<()> {
        self.held.add(ctx, value)?;
        ctx.register_event_time_timer(EventTime::from_millis(1000))
    }

    fn on_timer(&mut self, _: i64, ctx: &mut KeyedContext<'_, i64, i64>) -> Result<()> {
        self.held.take(ctx)?.into_iter().for_each(|value| ctx.collect(value));
        Ok(())
    }
}

#[test]
fn timers_stop_half_way_where_the_output_is_full() {
    check_per_key(
        |env| {
            let numbers = timed((0..200).map(|n| (n, 0)));
            env.from_timestamped(numbers).key_by(|n| n % 50).process(Burst::default())
        },
        |value| value % 50,
        0..200,
    );
}

/// What happened at [`Alarm`]: the value that set it, and the clock, since the job began, in milliseconds.
type Rang = (i64, i64);

/// Rings once so many milliseconds after a record as its value says, unless another record of the key comes
/// before.
#[derive(Clone, Default)]
struct Alarm {
    at: ValueState<i64>,
}

impl RichFunction for Alarm {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.at = context.state(&ValueStateDescriptor::new("at"))?;
        Ok(())
    }
}

impl KeyedProcessFunction<i64, i64, Rang> for Alarm {
    fn process_element(&mut self, value: i64, ctx: &mut KeyedContext<'_, i64, Rang>) -> Result<()> {
        use hurtig::core::ProcessingTime;
        if let Some(at) = self.at.value(ctx)? {
            ctx.delete_processing_time_timer(ProcessingTime::from_millis(at))?;
        }
        let at = ctx.current_processing_time().as_millis() + value;
        self.at.update(ctx, at)?;
        ctx.register_processing_time_timer(ProcessingTime::from_millis(at))?;
        // Twice is once.
        ctx.register_processing_time_timer(ProcessingTime::from_millis(at))
    }

    fn on_timer(&mut self, timestamp: i64, ctx: &mut KeyedContext<'_, i64, Rang>) -> Result<()> {
        assert_eq!(ctx.time_domain(), TimeDomain::ProcessingTime);
        assert_eq!(ctx.timestamp(), None);
        assert_eq!(self.at.value(ctx)?, Some(timestamp));
        let now = ctx.current_processing_time().as_millis();
        assert!(now >= timestamp, "{now} is before {timestamp}");
        let key = *ctx.current_key().unwrap();
        ctx.collect((key, timestamp - START));
        self.at.clear(ctx)
    }
}

#[test]
fn timers_of_processing_time_follow_the_clock() {
    let _watchdog = Watchdog::start();
    let steps = || {
        let records = |values: &[i64]| values.iter().map(|value| Step::Record(*value, 0)).collect::<Vec<_>>();
        let mut steps = records(&[5_000, 60_001, 30_002, 90_003]);
        steps.push(Step::Wait(20_000));
        // Of key 1: not after 60 s but after 20 + 100. Of key 2: in time, so 30 s are left at the end.
        steps.extend(records(&[100_001]));
        steps.push(Step::Wait(85_000));
        steps.extend(records(&[7_003]));
        steps.push(Step::Wait(20_000));
        // These never ring: the input ends before.
        steps.extend(records(&[1_000_000, 1_000_002]));
        steps
    };
    for seed in 0..50 {
        for parallelism in [1, 4] {
            let run = Run::seeded(seed, parallelism);
            let rang = run.collect(&|env: &StreamExecutionEnvironment| {
                let source = Script::new([steps()]);
                let values = env.from_source(source, WatermarkStrategy::no_watermarks(), "script");
                values.key_by(|value| value % 10).process(Alarm::default())
            });
            // Steps take time too, some milliseconds in all.
            let mut rang: Vec<_> = rang.into_iter().map(|(key, at)| (at / 1000, key)).collect();
            assert!(parallelism > 1 || rang.is_sorted(), "{run}: {rang:?}");
            rang.sort_unstable();
            assert_eq!(rang, [(5, 0), (30, 2), (90, 3), (112, 3), (120, 1)], "{run}");
        }
    }
}

/// Registers what it is told to.
#[derive(Clone)]
struct Registers(fn(&mut RuntimeContext<'_>) -> Result<()>);

impl RichFunction for Registers {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        (self.0)(context)
    }
}

impl KeyedProcessFunction<i64, i64, i64> for Registers {
    fn process_element(&mut self, value: i64, ctx: &mut KeyedContext<'_, i64, i64>) -> Result<()> {
        ctx.collect(value);
        Ok(())
    }
}

impl ProcessFunction<i64, i64> for Registers {
    fn process_element(&mut self, value: i64, ctx: &mut ProcessContext<'_, i64>) -> Result<()> {
        ctx.collect(value)
    }
}

fn check_refused(open: fn(&mut RuntimeContext<'_>) -> Result<()>, expect: &[&str]) {
    let named = |part: &[&'static str]| [part, &["operator 'Keeps' ("]].concat();
    let expect: Vec<&'static str> = expect.iter().map(|part| &*part.to_string().leak()).collect();
    check_fails(
        move |env| {
            let keyed = env.from_sequence(0, 9).key_by(|n| *n);
            keyed.process::<i64, _>(Registers(open)).name("Keeps")
        },
        &named(&expect),
    );
}

#[test]
fn a_name_belongs_to_one_state() {
    let open: fn(&mut RuntimeContext<'_>) -> Result<()> = |context| {
        context.state(&ValueStateDescriptor::<i64>::new("total"))?;
        context.state(&ValueStateDescriptor::<String>::new("total"))?;
        Ok(())
    };
    check_refused(open, &["state 'total' is registered twice", "BIGINT", "STRING"]);
    let open: fn(&mut RuntimeContext<'_>) -> Result<()> = |context| {
        context.state(&ValueStateDescriptor::<i64>::new("total"))?;
        context.list_state(&ListStateDescriptor::<i64>::new("total"))?;
        Ok(())
    };
    check_refused(open, &["state 'total' is registered twice", "Value of BIGINT", "List of BIGINT"]);
}

#[test]
fn the_same_state_may_be_registered_twice() {
    let open: fn(&mut RuntimeContext<'_>) -> Result<()> = |context| {
        context.state(&ValueStateDescriptor::<i64>::new("total"))?;
        context.state(&ValueStateDescriptor::<i64>::new("total"))?;
        Ok(())
    };
    check_in_order(
        move |env| env.from_sequence(0, 9).key_by(|n| *n).process::<i64, _>(Registers(open)),
        0..10,
    );
}

#[test]
fn state_of_keys_needs_a_keyed_stream() {
    check_fails(
        |env| {
            let registers = Registers(|context| {
                context.state(&ValueStateDescriptor::<i64>::new("total"))?;
                Ok(())
            });
            DataStream::process::<i64, _>(&env.from_sequence(0, 9), registers).name("Keeps")
        },
        &["operator 'Keeps' (", "keyed stream"],
    );
}

/// Uses a state that it has not registered.
#[derive(Clone, Default)]
struct Forgetful {
    never: ValueState<i64>,
}

impl RichFunction for Forgetful {}

impl KeyedProcessFunction<i64, i64, i64> for Forgetful {
    fn process_element(&mut self, value: i64, ctx: &mut KeyedContext<'_, i64, i64>) -> Result<()> {
        self.never.update(ctx, value)
    }
}

#[test]
fn a_state_that_was_not_registered_is_no_state() {
    check_fails(
        |env| env.from_sequence(0, 9).key_by(|n| *n).process(Forgetful::default()).name("Keeps"),
        &["operator 'Keeps' (", "a state was used before it was registered"],
    );
}

/// Goes wrong at the timer 20.
#[derive(Clone)]
struct Wrong(&'static str);

impl RichFunction for Wrong {}

impl KeyedProcessFunction<i64, i64, i64> for Wrong {
    fn process_element(&mut self, value: i64, ctx: &mut KeyedContext<'_, i64, i64>) -> Result<()> {
        ctx.register_event_time_timer(EventTime::from_millis(value))
    }

    fn on_timer(&mut self, timestamp: i64, _: &mut KeyedContext<'_, i64, i64>) -> Result<()> {
        match (timestamp, self.0) {
            (20, "error") => Err(Error::user("20 is enough")),
            (20, _) => panic!("20 is too much"),
            _ => Ok(()),
        }
    }
}

#[test]
fn what_goes_wrong_in_a_timer_names_the_operator() {
    let input = || timed((0..30).map(|n| (n, n)));
    for (how, message) in [("error", "20 is enough"), ("panic", "panic: 20 is too much")] {
        check_fails(
            move |env| env.from_timestamped(input()).key_by(|n| n % 3).process(Wrong(how)).name("Timely"),
            &["operator 'Timely' (", message],
        );
    }
}
