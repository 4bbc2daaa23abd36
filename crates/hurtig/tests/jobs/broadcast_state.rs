//! `connect_broadcast`: rules that every subtask has.
use hurtig::prelude::*;

use crate::functions::timed;
use crate::harness::{Run, Watchdog, check, check_fails, sorted};
use crate::script::{Script, Step};

/// Translates words by a dictionary that comes as a stream.
#[derive(Clone, Default)]
struct Translate {
    dictionary: BroadcastState<i64, String>,
    subtask: u32,
}

impl RichFunction for Translate {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.dictionary = context.broadcast_state(&MapStateDescriptor::new("dictionary"))?;
        self.subtask = context.index_of_this_subtask();
        Ok(())
    }
}

/// Words in a subtask: those of records, and the whole dictionary at each change.
type Translated = (u32, String);

impl BroadcastProcessFunction<i64, (i64, String), Translated> for Translate {
    fn process_element(&mut self, word: i64, ctx: &mut ProcessContext<'_, Translated>) -> Result<()> {
        let meaning = self.dictionary.get(ctx, &word)?.cloned();
        ctx.collect((self.subtask, meaning.unwrap_or_else(|| format!("{word}?"))))
    }

    fn process_broadcast_element(
        &mut self,
        (word, meaning): (i64, String),
        ctx: &mut BroadcastContext<'_, Translated>,
    ) -> Result<()> {
        if meaning.is_empty() {
            self.dictionary.remove(ctx, &word)?;
        } else {
            self.dictionary.put(ctx, word, meaning)?;
        }
        let words: Vec<String> =
            self.dictionary.entries(ctx)?.map(|(n, word)| format!("{n}={word}")).collect();
        ctx.collect((self.subtask, words.join(" ")))
    }
}

fn changes() -> Vec<(i64, String)> {
    [(1, "one"), (2, "zwei"), (3, "three"), (2, "two"), (1, "")]
        .map(|(word, meaning)| (word, meaning.to_owned()))
        .into()
}

#[test]
fn every_subtask_has_all_rules_in_their_order() {
    crate::harness::check_each(
        |env| {
            let words = env.from_collection(Vec::<i64>::new());
            words.connect_broadcast(&env.from_collection(changes())).process(Translate::default())
        },
        |run, found| {
            let expect =
                ["1=one", "1=one 2=zwei", "1=one 2=zwei 3=three", "1=one 2=two 3=three", "2=two 3=three"];
            for subtask in 0..run.parallelism {
                let here: Vec<&str> = found
                    .iter()
                    .filter(|(place, _)| *place == subtask)
                    .map(|(_, text)| text.as_str())
                    .collect();
                assert_eq!(here, expect, "{run}, subtask {subtask}");
            }
        },
    );
}

#[test]
fn records_find_the_rules_that_came_before_them() {
    let _watchdog = Watchdog::start();
    let late = |values: &[i64]| {
        let records = values.iter().map(|value| Step::Record(*value, 0));
        std::iter::once(Step::Wait(60_000)).chain(records).collect::<Vec<_>>()
    };
    for seed in 0..50 {
        for parallelism in [1, 4] {
            let run = Run::seeded(seed, parallelism);
            let found = run.collect(&|env: &StreamExecutionEnvironment| {
                let words = Script::new([late(&[1, 2, 3, 4])]);
                let words = env.from_source(words, WatermarkStrategy::no_watermarks(), "words").rebalance();
                let translated =
                    words.connect_broadcast(&env.from_collection(changes())).process(Translate::default());
                translated.map(|(_, text)| text).filter(|text| !text.contains('='))
            });
            assert_eq!(sorted(found), ["1?", "4?", "three", "two"], "{run}");
        }
    }
}

/// Counts the events of a key; at the end it says how many there were and which rule, in the order of their
/// numbers, is the first that allows so many.
#[derive(Clone, Default)]
struct Judge {
    rules: BroadcastState<u64, i64>,
    seen: ValueState<i64>,
}

impl RichFunction for Judge {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.rules = context.broadcast_state(&MapStateDescriptor::new("rules"))?;
        self.seen = context.state(&ValueStateDescriptor::new("seen"))?;
        Ok(())
    }
}

/// A key, its events, and the number of a rule.
type Judged = (i64, i64, Option<u64>);

const LATEST: EventTime = EventTime::from_millis(i64::MAX);

impl KeyedBroadcastProcessFunction<i64, i64, (u64, i64), Judged> for Judge {
    fn process_element(&mut self, _: i64, ctx: &mut KeyedContext<'_, i64, Judged>) -> Result<()> {
        ctx.register_event_time_timer(LATEST)?;
        self.seen.modify(ctx, |seen| *seen.get_or_insert(0) += 1)
    }

    fn process_broadcast_element(
        &mut self,
        (number, limit): (u64, i64),
        ctx: &mut KeyedBroadcastContext<'_, i64, Judged>,
    ) -> Result<()> {
        assert_eq!(ctx.timestamp(), None);
        self.rules.put(ctx, number, limit)
    }

    fn on_timer(&mut self, _: i64, ctx: &mut KeyedContext<'_, i64, Judged>) -> Result<()> {
        let seen = self.seen.value(ctx)?.unwrap_or(0);
        let allowing = self.rules.entries(ctx)?.filter(|(_, limit)| seen <= **limit);
        let rule = allowing.map(|(number, _)| *number).min();
        ctx.collect((*ctx.current_key().unwrap(), seen, rule));
        Ok(())
    }
}

#[test]
fn timers_of_keys_see_the_rules() {
    // Key n comes n times.
    let events: Vec<i64> = (0..20).flat_map(|key| std::iter::repeat_n(key, key as usize)).collect();
    let rules = [(3u64, 100i64), (1, 5), (2, 10), (3, 15)];
    let expect = (1..20).map(|key| {
        let rule = [(5, 1), (10, 2), (15, 3)].into_iter().find(|(limit, _)| key <= *limit);
        (key, key, rule.map(|(_, number)| number))
    });
    check(
        |env| {
            let rules = env.from_collection(rules);
            let events = env.from_timestamped(timed(events.iter().map(|key| (*key, 0))));
            events.key_by(|key| *key).connect_broadcast(&rules).process(Judge::default())
        },
        expect,
    );
}

/// Counts the records of each key. Every subtask gets the order to say all counts, and to start anew those of
/// keys that are multiples of a number; keys that start anew are told so once more by a timer.
#[derive(Clone, Default)]
struct Recount {
    seen: ValueState<i64>,
    names: ListState<String>,
}

impl RichFunction for Recount {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.seen = context.state(&ValueStateDescriptor::new("seen"))?;
        self.names = context.list_state(&ListStateDescriptor::new("names"))?;
        Ok(())
    }
}

impl KeyedBroadcastProcessFunction<i64, i64, i64, (i64, i64)> for Recount {
    fn process_element(&mut self, value: i64, ctx: &mut KeyedContext<'_, i64, (i64, i64)>) -> Result<()> {
        if value % 10 == 9 {
            // A key that has another state alone is not asked.
            return self.names.add(ctx, "nine".to_owned());
        }
        self.seen.modify(ctx, |seen| *seen.get_or_insert(0) += 1)
    }

    fn process_broadcast_element(
        &mut self,
        divisor: i64,
        ctx: &mut KeyedBroadcastContext<'_, i64, (i64, i64)>,
    ) -> Result<()> {
        let seen = self.seen;
        ctx.apply_to_keyed_state(&seen, |ctx| {
            let key = *ctx.current_key().unwrap();
            let count = seen.value(ctx)?.unwrap();
            ctx.collect((key, count));
            if key % divisor == 0 {
                seen.clear(ctx)?;
                ctx.register_event_time_timer(LATEST)?;
            }
            Ok(())
        })
    }

    fn on_timer(&mut self, _: i64, ctx: &mut KeyedContext<'_, i64, (i64, i64)>) -> Result<()> {
        let count = self.seen.value(ctx)?.unwrap_or(0);
        ctx.collect((*ctx.current_key().unwrap(), -count));
        Ok(())
    }
}

#[test]
fn a_rule_may_be_applied_to_all_keys() {
    let _watchdog = Watchdog::start();
    let source = |env: &StreamExecutionEnvironment, steps: Vec<Step>| {
        env.from_source(Script::new([steps]), WatermarkStrategy::no_watermarks(), "script")
    };
    let events = || {
        let record = |value| Step::Record(value, 0);
        let mut steps: Vec<Step> = (0..100).map(record).collect();
        steps.push(Step::Wait(60_000));
        steps.extend((0..20).map(record));
        steps
    };
    // The first order comes between the events, the second after all.
    let orders = || vec![Step::Wait(30_000), Step::Record(4, 0), Step::Wait(60_000), Step::Record(100, 0)];
    // The keys 0 to 8 have counted to 10; 0, 4 and 8 start anew; all count to 2 more. Nothing but key 0 is a
    // multiple of 100.
    let mut expect: Vec<(i64, i64)> = (0..9).map(|key| (key, 10)).collect();
    expect.extend((0..9).map(|key| (key, if key % 4 == 0 { 2 } else { 12 })));
    expect.extend([(0, 0), (4, -2), (8, -2)]);
    expect.sort_unstable();
    for seed in 0..50 {
        for parallelism in [1, 4] {
            let run = Run::seeded(seed, parallelism);
            let found = run.collect(&|env: &StreamExecutionEnvironment| {
                let events = source(env, events()).key_by(|value| value % 10);
                events.connect_broadcast(&source(env, orders())).process(Recount::default())
            });
            assert_eq!(sorted(found), expect, "{run}");
        }
    }
}

/// Has one name for two states.
#[derive(Clone)]
struct Twice;

impl RichFunction for Twice {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        context.broadcast_state(&MapStateDescriptor::<i64, i64>::new("rules"))?;
        context.broadcast_state(&MapStateDescriptor::<i64, String>::new("rules"))?;
        Ok(())
    }
}

impl BroadcastProcessFunction<i64, i64, i64> for Twice {
    fn process_element(&mut self, value: i64, ctx: &mut ProcessContext<'_, i64>) -> Result<()> {
        ctx.collect(value)
    }

    fn process_broadcast_element(&mut self, _: i64, _: &mut BroadcastContext<'_, i64>) -> Result<()> {
        Ok(())
    }
}

#[test]
fn a_name_belongs_to_one_broadcast_state() {
    check_fails(
        |env| {
            let rules = env.from_sequence(0, 3);
            env.from_sequence(0, 9).connect_broadcast(&rules).process(Twice).name("Ruled")
        },
        &["operator 'Ruled' (", "operator state 'rules' is registered twice"],
    );
}
