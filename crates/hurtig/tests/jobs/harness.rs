//! Runs one program in many ways and compares what comes out of it.
//!
//! A program is a function from an environment to a stream. It runs on threads and under many seeds, each seed
//! one order of steps; seeds also differ in batch sizes, channel sizes, chaining and encoding, so that outputs
//! fill up, channels block, and every exchange is an encoded one somewhere.
use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::io::Write;
use std::sync::mpsc;
use std::time::Duration;

use hurtig::prelude::*;
use hurtig::run::SEED;

/// Seeds that each program runs under.
pub const SEEDS: u64 = 200;

/// How long anything may take before it counts as stuck.
const STUCK: Duration = Duration::from_secs(60);

/// One way to run a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Subtasks per operator.
    pub parallelism: u32,
    /// `None` runs on threads.
    pub seed: Option<u64>,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seed {
            Some(seed) => write!(f, "seed {seed}, parallelism {}", self.parallelism),
            None => write!(f, "threads, parallelism {}", self.parallelism),
        }
    }
}

impl Run {
    /// On threads.
    pub fn threads(parallelism: u32) -> Run {
        Run { parallelism, seed: None }
    }

    /// Under a seed.
    pub fn seeded(seed: u64, parallelism: u32) -> Run {
        Run { parallelism, seed: Some(seed) }
    }

    /// An environment for this run.
    pub fn environment(self) -> StreamExecutionEnvironment {
        let env = StreamExecutionEnvironment::default();
        env.set_parallelism(self.parallelism);
        if let Some(seed) = self.seed {
            env.set(SEED.key(), seed.to_string());
            env.set("hurtig.test.encode-everything", (seed % 2 == 1).to_string());
            let pick = |place: u64, values: [&'static str; 4]| values[(seed / place % 4) as usize];
            env.set("execution.batch.rows", pick(2, ["1", "2", "7", "1024"]));
            env.set("taskmanager.memory.segment-size", pick(8, ["1", "40", "200", "32kb"]));
            let small = seed / 8 % 4 < 3;
            env.set("taskmanager.network.memory.buffers-per-channel", if small { "1" } else { "2" });
            env.set("taskmanager.network.memory.floating-buffers-per-gate", if small { "0" } else { "8" });
            env.set("execution.buffer-timeout", if seed % 3 == 0 { "0 ms" } else { "100 ms" });
            env.set("pipeline.operator-chaining.enabled", (seed % 5 != 4).to_string());
        }
        env
    }

    /// The records of a program's stream, in the order in which they came.
    pub fn try_collect<T, P>(self, program: &P) -> Result<Vec<T>>
    where
        T: TypeInformation,
        P: Fn(&StreamExecutionEnvironment) -> DataStream<T>,
    {
        let _named = NameOnPanic(self);
        let env = self.environment();
        program(&env).execute_and_collect("check")?.collect()
    }

    /// As [`Run::try_collect`], for a program that must not fail.
    pub fn collect<T, P>(self, program: &P) -> Vec<T>
    where
        T: TypeInformation,
        P: Fn(&StreamExecutionEnvironment) -> DataStream<T>,
    {
        self.try_collect(program).unwrap_or_else(|error| panic!("{self}: {error}"))
    }
}

/// All the ways a program runs in a check.
pub fn runs() -> impl Iterator<Item = Run> {
    let threads = [1, 4].map(Run::threads);
    let seeds = (0..SEEDS).flat_map(|seed| [4, 1].map(|parallelism| Run::seeded(seed, parallelism)));
    threads.into_iter().chain(seeds)
}

/// Runs the program in all ways: it must give the records of `expect`, in any order.
pub fn check<T, P>(program: P, expect: impl IntoIterator<Item = T>)
where
    T: TypeInformation + Debug + Ord,
    P: Fn(&StreamExecutionEnvironment) -> DataStream<T>,
{
    let expect = sorted(expect);
    check_each(program, |run, found| assert_eq!(sorted(found), expect, "{run}"));
}

/// As [`check`]; at a parallelism of 1 also in this order.
pub fn check_in_order<T, P>(program: P, expect: impl IntoIterator<Item = T>)
where
    T: TypeInformation + Debug + Ord,
    P: Fn(&StreamExecutionEnvironment) -> DataStream<T>,
{
    let expect: Vec<T> = expect.into_iter().collect();
    let any_order = sorted(expect.iter().cloned());
    check_each(program, |run, found| match run.parallelism {
        1 => assert_eq!(found, expect, "{run}"),
        _ => assert_eq!(sorted(found), any_order, "{run}"),
    });
}

/// As [`check`]; the records of one key also in this order.
pub fn check_per_key<T, K, P>(program: P, key: impl Fn(&T) -> K, expect: impl IntoIterator<Item = T>)
where
    T: TypeInformation + Debug + PartialEq,
    K: Ord + Debug,
    P: Fn(&StreamExecutionEnvironment) -> DataStream<T>,
{
    let by_key = |records: Vec<T>| {
        let mut groups: BTreeMap<K, Vec<T>> = BTreeMap::new();
        for record in records {
            groups.entry(key(&record)).or_default().push(record);
        }
        groups
    };
    let expect = by_key(expect.into_iter().collect());
    check_each(program, |run, found| assert_eq!(by_key(found), expect, "{run}"));
}

/// Runs the program in all ways and looks at the records of each run.
pub fn check_each<T, P>(program: P, look: impl Fn(Run, Vec<T>))
where
    T: TypeInformation,
    P: Fn(&StreamExecutionEnvironment) -> DataStream<T>,
{
    let _watchdog = Watchdog::start();
    for run in runs() {
        look(run, run.collect(&program));
    }
}

/// Runs the program in some ways: it must fail with an error in which each of `expect` stands.
pub fn check_fails<T, P>(program: P, expect: &[&str])
where
    T: TypeInformation,
    P: Fn(&StreamExecutionEnvironment) -> DataStream<T>,
{
    let _watchdog = Watchdog::start();
    for run in runs().filter(|run| run.seed.is_none_or(|seed| seed < 20)) {
        let Err(error) = run.try_collect(&program) else { panic!("{run}: no error") };
        expect_message(run, &error, expect);
    }
}

/// The error's message must have each of `expect` in it.
pub fn expect_message(run: impl fmt::Display, error: &Error, expect: &[&str]) {
    let message = error.to_string();
    let missing: Vec<_> = expect.iter().filter(|part| !message.contains(**part)).collect();
    assert!(missing.is_empty(), "{run}: '{message}' lacks {missing:?}");
}

/// The records in ascending order.
pub fn sorted<T: Ord>(records: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut records: Vec<T> = records.into_iter().collect();
    records.sort();
    records
}

/// Calls `look` until it finds something; another thread is at work meanwhile.
pub fn wait_until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(found) = look() {
            return found;
        }
        std::thread::yield_now();
    }
}

/// Says which run it was that panicked, as under a seed the engine itself may.
struct NameOnPanic(Run);

impl Drop for NameOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the panic came in the run: {}", self.0);
        }
    }
}

/// Ends the process, naming the test, if the test is stuck. A stuck test would otherwise never tell.
pub struct Watchdog {
    _alive: mpsc::Sender<()>,
}

impl Watchdog {
    /// Watches until it is dropped.
    #[expect(clippy::disallowed_methods, reason = "it must not depend on what it watches")]
    pub fn start() -> Watchdog {
        let test = std::thread::current().name().unwrap_or("?").to_owned();
        let (alive, ended) = mpsc::channel();
        std::thread::spawn(move || {
            if ended.recv_timeout(STUCK) == Err(mpsc::RecvTimeoutError::Timeout) {
                // Past the capture of output, which is lost with the process.
                let _ = writeln!(std::io::stderr(), "the test '{test}' is stuck");
                std::process::abort();
            }
        });
        Watchdog { _alive: alive }
    }
}
