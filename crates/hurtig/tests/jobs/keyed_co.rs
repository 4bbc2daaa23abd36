//! `keyed.connect(&keyed)`: two inputs that share the state and the timers of their keys.
use hurtig::prelude::*;

use crate::functions::timed;
use crate::harness::{check, check_each, check_fails, sorted};

/// Pairs each number with the name of its key; numbers that come first wait.
#[derive(Clone, Default)]
struct WithName {
    name: ValueState<String>,
    waiting: ListState<i64>,
}

impl RichFunction for WithName {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.name = context.state(&ValueStateDescriptor::new("name"))?;
        self.waiting = context.list_state(&ListStateDescriptor::new("waiting"))?;
        Ok(())
    }
}

type Named = (String, i64);

impl KeyedCoProcessFunction<i64, i64, (i64, String), Named> for WithName {
    fn process_element1(&mut self, number: i64, ctx: &mut KeyedContext<'_, i64, Named>) -> Result<()> {
        assert_eq!(ctx.current_key(), Some(&(number % 10)));
        match self.name.value(ctx)? {
            Some(name) => ctx.collect((name, number)),
            None => self.waiting.add(ctx, number)?,
        }
        Ok(())
    }

    fn process_element2(
        &mut self,
        (key, name): (i64, String),
        ctx: &mut KeyedContext<'_, i64, Named>,
    ) -> Result<()> {
        assert_eq!(ctx.current_key(), Some(&key));
        for number in self.waiting.take(ctx)? {
            ctx.collect((name.clone(), number));
        }
        self.name.update(ctx, name)
    }
}

/// Names of the keys 0 to 7; 8 and 9 have none.
fn names() -> Vec<(i64, String)> {
    ["zero", "one", "two", "three", "four", "five", "six", "seven"]
        .into_iter()
        .enumerate()
        .map(|(key, name)| (key as i64, name.to_owned()))
        .collect()
}

#[test]
fn both_inputs_have_the_same_state() {
    let expect: Vec<Named> = (0..100)
        .filter_map(|number| {
            names().into_iter().find(|(key, _)| *key == number % 10).map(|(_, n)| (n, number))
        })
        .collect();
    check(
        |env| {
            let numbers = env.from_sequence(0, 99).rebalance().key_by(|number| number % 10);
            let names = env.from_collection(names()).key_by_ref(|(key, _)| key);
            numbers.connect(&names).process(WithName::default())
        },
        expect,
    );
}

#[test]
fn records_of_a_key_stay_in_order() {
    check_each(
        |env| {
            let numbers = env.from_collection(0..100i64).key_by(|number| number % 10);
            let names = env.from_collection(names()).key_by_ref(|(key, _)| key);
            numbers.connect(&names).process(WithName::default())
        },
        |run, found| {
            for (_, name) in names() {
                let mine = found.iter().filter(|(other, _)| *other == name).map(|(_, number)| *number);
                assert!(mine.clone().is_sorted() && mine.count() == 10, "{run}, {name}");
            }
        },
    );
}

#[test]
fn functions_without_state_are_there_too() {
    check(
        |env| {
            let numbers = env.from_sequence(0, 19).key_by(|number| number % 10);
            let names = env.from_collection(names()).key_by_ref(|(key, _)| key);
            let texts = numbers.connect(&names).map(|number| number.to_string(), |(_, name)| name);
            let one = numbers.connect(&env.from_sequence(100, 103)).map(|n| n, |n| n);
            texts.union([&one.map(|n| n.to_string())])
        },
        (0..20)
            .chain(0..20)
            .chain(100..104)
            .map(|n| n.to_string())
            .chain(names().into_iter().map(|(_, n)| n)),
    );
}

/// Waits for both halves of a key until a time: says which was missing then.
#[derive(Clone, Default)]
struct Meet {
    first: ValueState<i64>,
    second: ValueState<i64>,
}

const TIMEOUT: i64 = 50;

impl RichFunction for Meet {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.first = context.state(&ValueStateDescriptor::new("first"))?;
        self.second = context.state(&ValueStateDescriptor::new("second"))?;
        Ok(())
    }
}

/// The key, and when it came in each input.
type Met = (i64, Option<i64>, Option<i64>);

impl Meet {
    fn come(
        &self,
        mine: ValueState<i64>,
        other: ValueState<i64>,
        ctx: &mut KeyedContext<'_, i64, Met>,
    ) -> Result<()> {
        let time = ctx.timestamp().unwrap();
        if let Some(earlier) = other.value(ctx)? {
            // The timer is that of whoever came first.
            ctx.delete_event_time_timer(EventTime::from_millis(earlier + TIMEOUT))?;
            mine.update(ctx, time.as_millis())?;
            return self.say(ctx);
        }
        mine.update(ctx, time.as_millis())?;
        ctx.register_event_time_timer(EventTime::from_millis(time.as_millis() + TIMEOUT))
    }

    fn say(&self, ctx: &mut KeyedContext<'_, i64, Met>) -> Result<()> {
        let met = (*ctx.current_key().unwrap(), self.first.value(ctx)?, self.second.value(ctx)?);
        ctx.collect(met);
        self.first.clear(ctx)?;
        self.second.clear(ctx)
    }
}

impl KeyedCoProcessFunction<i64, i64, i64, Met> for Meet {
    fn process_element1(&mut self, _: i64, ctx: &mut KeyedContext<'_, i64, Met>) -> Result<()> {
        self.come(self.first, self.second, ctx)
    }

    fn process_element2(&mut self, _: i64, ctx: &mut KeyedContext<'_, i64, Met>) -> Result<()> {
        self.come(self.second, self.first, ctx)
    }

    fn on_timer(&mut self, timestamp: i64, ctx: &mut KeyedContext<'_, i64, Met>) -> Result<()> {
        assert!(ctx.current_watermark().0.as_millis() >= timestamp);
        self.say(ctx)
    }
}

#[test]
fn event_time_is_that_of_both_inputs_together() {
    // Key n comes at time 10 n in the first input, most keys also in the second, up to 40 before or after. No
    // timer, at 50 after whichever came first, fires before both watermarks are there.
    let first = || timed((0..60).map(|key| (key, key * 10)));
    let second = || {
        let keys = (0..60).filter(|key| key % 4 != 0);
        timed(keys.map(|key| (key, key * 10 + [0, -40, 0, 40][key as usize % 4])))
    };
    let expect: Vec<Met> = (0..60)
        .map(|key| match key % 4 {
            0 => (key, Some(key * 10), None),
            1 => (key, Some(key * 10), Some(key * 10 - 40)),
            2 => (key, Some(key * 10), Some(key * 10)),
            _ => (key, Some(key * 10), Some(key * 10 + 40)),
        })
        .collect();
    let run = |forwards: bool| {
        check_each(
            |env| {
                let (one, other) = (env.from_timestamped(first()), env.from_timestamped(second()));
                if forwards {
                    one.key_by(|n| *n).connect(&other.key_by(|n| *n)).process(Meet::default())
                } else {
                    let other = other.key_by(|n| *n).connect(&one.key_by(|n| *n)).process(Meet::default());
                    other.map(|(key, second, first)| (key, first, second))
                }
            },
            |run, found| assert_eq!(sorted(found), expect, "{run}, {forwards}"),
        );
    };
    run(true);
    run(false);
}

/// Fails on one input, in a timer.
#[derive(Clone)]
struct Fails;

impl RichFunction for Fails {}

impl KeyedCoProcessFunction<i64, i64, i64, i64> for Fails {
    fn process_element1(&mut self, value: i64, ctx: &mut KeyedContext<'_, i64, i64>) -> Result<()> {
        ctx.register_event_time_timer(EventTime::from_millis(value))
    }

    fn process_element2(&mut self, value: i64, ctx: &mut KeyedContext<'_, i64, i64>) -> Result<()> {
        ctx.collect(value);
        Ok(())
    }

    fn on_timer(&mut self, timestamp: i64, ctx: &mut KeyedContext<'_, i64, i64>) -> Result<()> {
        Err(Error::user(format!("{timestamp} of key {:?}", ctx.current_key())))
    }
}

#[test]
fn a_failure_in_a_timer_names_the_operator() {
    check_fails(
        |env| {
            let first = env.from_timestamped(timed([(7, 0)])).key_by(|n| *n);
            first.connect(&env.from_sequence(0, 9).key_by(|n| *n)).process(Fails).name("Fails")
        },
        &["operator 'Fails' (", "7 of key Some(7)"],
    );
}
