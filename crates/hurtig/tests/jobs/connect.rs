//! `connect`: functions of two inputs.
use hurtig::prelude::*;

use crate::functions::timed;
use crate::harness::{check, check_each, check_fails};

fn words() -> Vec<String> {
    ["to", "be", "or", "not", "to", "be"].map(str::to_owned).into()
}

#[test]
fn map_has_a_function_for_each_input() {
    check(
        |env| {
            let numbers = env.from_collection(0..20i64);
            numbers.connect(&env.from_collection(words())).map(|n| n.to_string(), |word| word + "!")
        },
        (0..20).map(|n| n.to_string()).chain(words().into_iter().map(|word| word + "!")),
    );
}

#[test]
fn flat_map_has_a_function_for_each_input() {
    check(
        |env| {
            let numbers = env.from_collection(0..10i64).rebalance();
            let letters = |word: String| word.chars().map(|letter| letter.to_string()).collect::<Vec<_>>();
            let repeat = |n: i64| (0..n % 3).map(move |_| n.to_string());
            numbers.connect(&env.from_collection(words())).flat_map(repeat, letters)
        },
        (0..10)
            .flat_map(|n| vec![n.to_string(); n as usize % 3])
            .chain(words().iter().flat_map(|word| word.chars()).map(|letter| letter.to_string())),
    );
}

/// Remembers the words, and says with each number how many words came before it.
#[derive(Clone, Default)]
struct Remember {
    subtask: u32,
    words: Vec<String>,
    numbers: u32,
}

impl RichFunction for Remember {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.subtask = context.index_of_this_subtask();
        Ok(())
    }
}

impl CoProcessFunction<i64, String, (u32, String)> for Remember {
    fn process_element1(
        &mut self,
        value: i64,
        context: &mut ProcessContext<'_, (u32, String)>,
    ) -> Result<()> {
        assert_eq!(context.timestamp(), Some(EventTime::from_millis(value)));
        self.numbers += 1;
        Ok(())
    }

    fn process_element2(
        &mut self,
        value: String,
        context: &mut ProcessContext<'_, (u32, String)>,
    ) -> Result<()> {
        assert_eq!(context.timestamp(), None);
        self.words.push(value);
        Ok(())
    }

    fn finish(&mut self, context: &mut ProcessContext<'_, (u32, String)>) -> Result<()> {
        context.collect((self.subtask, format!("{} numbers", self.numbers)))?;
        self.words.drain(..).try_for_each(|word| context.collect((self.subtask, word)))
    }
}

#[test]
fn a_broadcast_input_reaches_every_subtask() {
    check_each(
        |env| {
            let numbers = env.from_timestamped(timed((0..20).map(|n| (n, n)))).rebalance();
            let words = env.from_collection(words()).broadcast();
            numbers.connect(&words).process(Remember::default())
        },
        |run, found| {
            for subtask in 0..run.parallelism {
                let here = found.iter().filter(|(place, _)| *place == subtask);
                let here: Vec<&str> = here.map(|(_, text)| text.as_str()).collect();
                // Broadcast keeps the order; what was dealt out in turn is the same for all.
                let dealt = format!("{} numbers", 20 / run.parallelism);
                let expect = [dealt.as_str(), "to", "be", "or", "not", "to", "be"];
                assert_eq!(here, expect, "{run}, subtask {subtask}");
            }
            assert_eq!(found.len(), 7 * run.parallelism as usize, "{run}");
        },
    );
}

#[test]
fn keyed_inputs_meet_in_one_subtask() {
    // Each number finds the word of its key, whichever comes first.
    check(
        |env| {
            let numbers = env.from_collection((0..16i64).map(|n| (n % 4, n))).key_by(|(key, _)| *key);
            let names = ["zero", "one", "two", "three"].map(str::to_owned);
            let names = env.from_collection((0i64..4).zip(names)).key_by(|(key, _)| *key);
            (*numbers).connect(&names).process(Join::default())
        },
        (0..16).map(|n| (["zero", "one", "two", "three"][n as usize % 4].to_owned(), n)),
    );
}

/// Pairs numbers with the name of their key.
#[derive(Clone, Default)]
struct Join {
    names: Vec<(i64, String)>,
    waiting: Vec<(i64, i64)>,
}

impl RichFunction for Join {}

impl CoProcessFunction<(i64, i64), (i64, String), (String, i64)> for Join {
    fn process_element1(
        &mut self,
        (key, number): (i64, i64),
        context: &mut ProcessContext<'_, (String, i64)>,
    ) -> Result<()> {
        match self.names.iter().find(|(known, _)| *known == key) {
            Some((_, name)) => context.collect((name.clone(), number)),
            None => {
                self.waiting.push((key, number));
                Ok(())
            }
        }
    }

    fn process_element2(
        &mut self,
        (key, name): (i64, String),
        context: &mut ProcessContext<'_, (String, i64)>,
    ) -> Result<()> {
        let found = self.waiting.extract_if(.., |(waiting, _)| *waiting == key);
        let result = found.map(|(_, number)| number).collect::<Vec<_>>();
        self.names.push((key, name.clone()));
        result.into_iter().try_for_each(|number| context.collect((name.clone(), number)))
    }
}

/// Does not take words.
#[derive(Clone)]
struct NumbersOnly;

impl RichFunction for NumbersOnly {}

impl CoProcessFunction<i64, String, i64> for NumbersOnly {
    fn process_element1(&mut self, value: i64, context: &mut ProcessContext<'_, i64>) -> Result<()> {
        context.collect(value)
    }

    fn process_element2(&mut self, value: String, _: &mut ProcessContext<'_, i64>) -> Result<()> {
        Err(Error::user(format!("'{value}' is no number")))
    }
}

#[test]
fn a_failure_on_either_input_names_the_operator() {
    check_fails(
        |env| {
            let numbers = env.from_collection(0..20i64);
            let words = env.from_collection(["twelve".to_owned()]);
            numbers.connect(&words).process(NumbersOnly).name("Numbers only")
        },
        &["operator 'Numbers only' (", "'twelve' is no number"],
    );
}
