//! A sink of the test's own whose records become visible in a second step.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use hurtig::connector::{
    CommitOutcome, CommitStage, Committable, Committer, Sink, SinkWriter, VersionedBytes, WriteContext,
    WriterContext,
};
use hurtig::prelude::*;

use crate::harness::{Run, Watchdog, expect_message, runs, sorted};
use crate::script::{Script, Step};

/// How the committer answers: the number, and how often it has been asked for it before.
type Answer = fn(i64, u32) -> CommitOutcome;

/// Each record is a committable of its own.
#[derive(Clone)]
struct Ledger {
    answer: Answer,
    stages: bool,
    book: Arc<Mutex<Book>>,
}

/// What has happened.
#[derive(Default)]
struct Book {
    calls: u32,
    asked: BTreeMap<i64, u32>,
    visible: Vec<i64>,
    already: Vec<i64>,
    announced: Vec<i64>,
}

impl Ledger {
    fn new(answer: Answer) -> Ledger {
        Ledger { answer, stages: false, book: Arc::default() }
    }
}

fn to_committable(value: i64) -> Committable {
    Committable(VersionedBytes { version: 1, bytes: value.to_le_bytes().to_vec() })
}

fn from_committable(committable: &Committable) -> i64 {
    i64::from_le_bytes(committable.0.bytes.as_slice().try_into().unwrap())
}

impl Sink for Ledger {
    type Record = i64;
    type Writer = LedgerWriter;

    fn create_writer(&self, _: &WriterContext, _: Vec<VersionedBytes>) -> Result<LedgerWriter> {
        Ok(LedgerWriter { open: Vec::new(), flushed: Vec::new() })
    }

    fn create_committer(&self) -> Result<Option<Box<dyn Committer>>> {
        Ok(Some(Box::new(self.clone())))
    }

    fn create_pre_commit_stage(&self) -> Result<Option<Box<dyn CommitStage>>> {
        Ok(self.stages.then(|| Box::new(TenTimes) as _))
    }

    fn create_post_commit_stage(&self) -> Result<Option<Box<dyn CommitStage>>> {
        Ok(self.stages.then(|| Box::new(Announce(self.book.clone())) as _))
    }
}

/// Holds records until they are flushed, then until they are asked for.
struct LedgerWriter {
    open: Vec<i64>,
    flushed: Vec<i64>,
}

impl SinkWriter for LedgerWriter {
    type Record = i64;

    fn write(&mut self, record: i64, _: &WriteContext) -> Result<()> {
        self.open.push(record);
        Ok(())
    }

    fn flush(&mut self, _: bool) -> Result<()> {
        self.flushed.append(&mut self.open);
        Ok(())
    }

    fn prepare_commit(&mut self) -> Result<Vec<Committable>> {
        self.flush(false)?;
        Ok(self.flushed.drain(..).map(to_committable).collect())
    }
}

impl Committer for Ledger {
    fn commit(&mut self, committables: &[Committable]) -> Result<Vec<CommitOutcome>> {
        let mut book = self.book.lock().unwrap();
        book.calls += 1;
        let mut outcomes = Vec::new();
        for value in committables.iter().map(from_committable) {
            let asked = book.asked.entry(value).or_default();
            let outcome = (self.answer)(value, *asked);
            *asked += 1;
            match outcome {
                CommitOutcome::Done => book.visible.push(value),
                CommitOutcome::AlreadyDone => book.already.push(value),
                CommitOutcome::Retry(_) | CommitOutcome::Failed(_) => {}
            }
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }
}

/// Makes every number ten times as large on its way to the committer.
struct TenTimes;

impl CommitStage for TenTimes {
    fn process(&mut self, committables: Vec<Committable>) -> Result<Vec<Committable>> {
        Ok(committables.iter().map(|one| to_committable(from_committable(one) * 10)).collect())
    }
}

/// Writes down what has been committed.
struct Announce(Arc<Mutex<Book>>);

impl CommitStage for Announce {
    fn process(&mut self, committables: Vec<Committable>) -> Result<Vec<Committable>> {
        self.0.lock().unwrap().announced.extend(committables.iter().map(from_committable));
        Ok(committables)
    }
}

fn execute(run: Run, ledger: &Ledger) -> Result<JobExecutionResult> {
    let env = run.environment();
    env.from_sequence(0, 29).sink_to(ledger.clone()).name("Ledger");
    env.execute("ledger")
}

#[test]
fn every_record_is_committed_once_after_retries_too() {
    let answer: Answer = |value, asked| match (value % 3, asked) {
        (0, 0..2) => CommitOutcome::Retry("not yet".to_owned()),
        (1, _) => CommitOutcome::AlreadyDone,
        _ => CommitOutcome::Done,
    };
    let _watchdog = Watchdog::start();
    for run in runs() {
        let ledger = Ledger::new(answer);
        execute(run, &ledger).unwrap_or_else(|error| panic!("{run}: {error}"));
        let book = ledger.book.lock().unwrap();
        assert_eq!(sorted(book.visible.clone()), Vec::from_iter((0..30).filter(|n| n % 3 != 1)), "{run}");
        assert_eq!(sorted(book.already.clone()), Vec::from_iter((0..30).filter(|n| n % 3 == 1)), "{run}");
        let asked = |value| if value % 3 == 0 { 3 } else { 1 };
        assert!(book.asked.iter().all(|(value, count)| *count == asked(*value)), "{run}: {:?}", book.asked);
    }
}

#[test]
fn stages_stand_before_and_after_the_commit() {
    let answer: Answer = |value, asked| match (value % 50, asked) {
        (0, 0) => CommitOutcome::Retry("not yet".to_owned()),
        _ => CommitOutcome::Done,
    };
    let _watchdog = Watchdog::start();
    for run in runs().filter(|run| run.seed.is_none_or(|seed| seed < 50)) {
        let ledger = Ledger { stages: true, ..Ledger::new(answer) };
        execute(run, &ledger).unwrap_or_else(|error| panic!("{run}: {error}"));
        let book = ledger.book.lock().unwrap();
        let expect: Vec<i64> = (0..30).map(|n| n * 10).collect();
        assert_eq!(sorted(book.visible.clone()), expect, "{run}");
        assert_eq!(sorted(book.announced.clone()), expect, "{run}");
    }
}

#[test]
fn without_checkpoints_commits_come_about_once_a_second() {
    let _watchdog = Watchdog::start();
    for seed in 0..20 {
        let run = Run::seeded(seed, 1);
        let ledger = Ledger::new(|_, _| CommitOutcome::Done);
        let env = run.environment();
        let steps = (0..50).flat_map(|n| [Step::Record(n, n), Step::Wait(100)]).collect();
        let numbers = env.from_source(Script::new([steps]), WatermarkStrategy::no_watermarks(), "script");
        numbers.sink_to(ledger.clone());
        env.execute("ticks").unwrap();
        let book = ledger.book.lock().unwrap();
        assert!((4..=6).contains(&book.calls), "{run}: {} commits in five seconds", book.calls);
        assert_eq!(book.visible, Vec::from_iter(0..50), "{run}");
    }
}

fn check_fails(answer: Answer, expect: &[&str]) {
    let _watchdog = Watchdog::start();
    for run in runs().filter(|run| run.seed.is_none_or(|seed| seed < 20)) {
        let error = execute(run, &Ledger::new(answer)).map(|_| ()).unwrap_err();
        expect_message(run, &error, &["'Sink: Ledger'"]);
        expect_message(run, &error, expect);
    }
}

#[test]
fn a_commit_that_fails_fails_the_job() {
    let answer: Answer = |value, _| match value {
        13 => CommitOutcome::Failed("13 is refused".to_owned()),
        _ => CommitOutcome::Done,
    };
    check_fails(answer, &["13 is refused"]);
}

#[test]
fn retries_end() {
    let answer: Answer = |value, _| match value {
        13 => CommitOutcome::Retry("13 is busy".to_owned()),
        _ => CommitOutcome::Done,
    };
    check_fails(answer, &["given up after 10 tries", "13 is busy"]);
}

/// Commits without a word about the outcome, or has nobody who commits.
struct Wrong {
    committer: bool,
}

impl Sink for Wrong {
    type Record = i64;
    type Writer = LedgerWriter;

    fn create_writer(&self, _: &WriterContext, _: Vec<VersionedBytes>) -> Result<LedgerWriter> {
        Ok(LedgerWriter { open: Vec::new(), flushed: Vec::new() })
    }

    fn create_committer(&self) -> Result<Option<Box<dyn Committer>>> {
        Ok(self.committer.then(|| Box::new(Silent) as _))
    }
}

struct Silent;

impl Committer for Silent {
    fn commit(&mut self, _: &[Committable]) -> Result<Vec<CommitOutcome>> {
        Ok(Vec::new())
    }
}

#[test]
fn a_sink_that_breaks_the_contract_is_told_so() {
    let _watchdog = Watchdog::start();
    let check = |run: Run, committer: bool, expect: &[&str]| {
        let env = run.environment();
        env.from_collection([1i64]).sink_to(Wrong { committer }).name("Wrong");
        let error = env.execute("wrong").map(|_| ()).unwrap_err();
        expect_message(run, &error, expect);
    };
    for run in [Run::threads(1), Run::seeded(1, 4)] {
        check(run, true, &["'Sink: Wrong'", "0 outcomes for 1 committables"]);
        check(run, false, &["'Sink: Wrong'", "no committer"]);
    }
}
