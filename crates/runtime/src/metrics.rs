//! The metrics of tasks: Flink's names and scopes.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hurtig_core::Instant;
use hurtig_graph::SubtaskId;
use hurtig_operator::metrics::{Counter, MetricGroup, MetricScope};

use crate::executor::Executor;

/// Where metrics of one process belong.
#[derive(Clone, Debug)]
pub struct ProcessScope {
    /// The machine.
    pub host: String,
    /// The TaskManager.
    pub tm_id: String,
    /// The job.
    pub job_id: String,
    /// Its name.
    pub job_name: String,
}

impl ProcessScope {
    /// The scope of a task: `<host>.taskmanager.<tm_id>.<job_name>.<task_name>.<subtask_index>`.
    pub fn task(&self, id: SubtaskId, task_name: &str, attempt: u32) -> MetricScope {
        let Self { host, tm_id, job_name, .. } = self;
        let subtask = id.subtask.0;
        let mut variables = self.variables();
        variables.insert("task_id".to_owned(), id.vertex.to_string());
        variables.insert("task_name".to_owned(), task_name.to_owned());
        variables.insert("task_attempt_num".to_owned(), attempt.to_string());
        variables.insert("subtask_index".to_owned(), subtask.to_string());
        MetricScope {
            logical: "taskmanager.job.task".to_owned(),
            prefix: format!("{host}.taskmanager.{tm_id}.{job_name}.{task_name}.{subtask}"),
            variables,
        }
    }

    /// The scope of an operator: `<host>.taskmanager.<tm_id>.<job_name>.<operator_name>.<subtask_index>`.
    pub fn operator(&self, task: &MetricScope, operator_id: &str, name: &str) -> MetricScope {
        let Self { host, tm_id, job_name, .. } = self;
        let mut variables = task.variables.clone();
        variables.insert("operator_id".to_owned(), operator_id.to_owned());
        variables.insert("operator_name".to_owned(), name.to_owned());
        let subtask = task.variables.get("subtask_index").map_or("0", String::as_str);
        MetricScope {
            logical: "taskmanager.job.task.operator".to_owned(),
            prefix: format!("{host}.taskmanager.{tm_id}.{job_name}.{name}.{subtask}"),
            variables,
        }
    }

    fn variables(&self) -> BTreeMap<String, String> {
        let pairs = [
            ("host", &self.host),
            ("tm_id", &self.tm_id),
            ("job_id", &self.job_id),
            ("job_name", &self.job_name),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()
    }
}

/// Why a task waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// For input: idle.
    Input,
    /// For the other side of an output or a slow sink: back-pressured.
    Output,
}

/// How a task spends its time, and what goes through it.
pub struct TaskMetrics {
    times: Arc<TaskTimes>,
    since: Option<(Waiting, Instant)>,
    clock: Arc<dyn Executor>,
    /// Records into the head of the chain.
    pub records_in: Counter,
    /// Records out over edges.
    pub records_out: Counter,
    /// Batches out.
    pub buffers_out: Counter,
    /// Bytes out.
    pub bytes_out: Counter,
}

struct TaskTimes {
    start: u64,
    idle: AtomicU64,
    back_pressured: AtomicU64,
    /// Zero, or when the present wait began, plus one, with the reason in the lowest bit.
    waiting: AtomicU64,
    /// When the task ended; the greatest number while it runs.
    end: AtomicU64,
}

impl TaskMetrics {
    /// Registers a task's metrics in `group`.
    pub fn new(group: &MetricGroup, executor: Arc<dyn Executor>) -> Self {
        let times = Arc::new(TaskTimes {
            start: executor.instant().as_nanos(),
            idle: AtomicU64::new(0),
            back_pressured: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            end: AtomicU64::new(u64::MAX),
        });
        let shares: [(&str, fn(&Spent) -> u64); 3] = [
            ("idleTimeMsPerSecond", |spent| spent.idle),
            ("backPressuredTimeMsPerSecond", |spent| spent.back_pressured),
            ("busyTimeMsPerSecond", |spent| spent.busy),
        ];
        for (name, pick) in shares {
            let (times, executor) = (times.clone(), executor.clone());
            let last = Mutex::new((Spent::default(), 0));
            group.computed(name, move || {
                let spent = times.spent(executor.instant());
                let mut last = last.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                let (before, share) = &mut *last;
                let passed = spent.total().saturating_sub(before.total());
                // The share of the time since somebody last looked, if that is long enough to tell.
                if passed == 0 {
                    *share = 0;
                } else if passed >= Duration::from_millis(100).as_nanos() as u64 {
                    *share = (pick(&spent).saturating_sub(pick(before))) * 1000 / passed;
                    *before = spent;
                }
                *share as i64
            });
        }
        let watched = times.clone();
        group.computed("isBackPressured", move || {
            i64::from(matches!(watched.current(), Some((Waiting::Output, _))))
        });
        TaskMetrics {
            times,
            since: None,
            clock: executor,
            records_in: group.counter("numRecordsIn"),
            records_out: group.counter("numRecordsOut"),
            buffers_out: group.counter("numBuffersOut"),
            bytes_out: group.counter("numBytesOut"),
        }
    }

    /// The task begins to wait.
    pub fn wait(&mut self, reason: Waiting, now: Instant) {
        self.resume(now);
        self.since = Some((reason, now));
        let tag = u64::from(reason == Waiting::Output);
        self.times.waiting.store(((now.as_nanos() + 1) << 1) | tag, Ordering::Relaxed);
    }

    /// The task goes on; gives how long it waited for its output, if it did.
    pub fn resume(&mut self, now: Instant) -> Option<Duration> {
        let mut blocked = None;
        if let Some((reason, since)) = self.since.take() {
            blocked = (reason == Waiting::Output).then(|| now.since(since));
            let spent = now.since(since).as_nanos() as u64;
            let total = match reason {
                Waiting::Input => &self.times.idle,
                Waiting::Output => &self.times.back_pressured,
            };
            self.times.waiting.store(0, Ordering::Relaxed);
            total.fetch_add(spent, Ordering::Relaxed);
        }
        blocked
    }

    /// Whether the task waits.
    pub fn is_waiting(&self) -> bool {
        self.since.is_some()
    }
}

/// A task that has ended is neither busy nor idle.
impl Drop for TaskMetrics {
    fn drop(&mut self) {
        let now = self.clock.instant();
        self.resume(now);
        self.times.end.store(now.as_nanos(), Ordering::Relaxed);
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    idle: u64,
    back_pressured: u64,
    busy: u64,
}

impl Spent {
    fn total(&self) -> u64 {
        self.idle + self.back_pressured + self.busy
    }
}

impl TaskTimes {
    fn current(&self) -> Option<(Waiting, u64)> {
        let waiting = self.waiting.load(Ordering::Relaxed);
        let reason = if waiting & 1 == 1 { Waiting::Output } else { Waiting::Input };
        (waiting != 0).then(|| (reason, (waiting >> 1) - 1))
    }

    fn spent(&self, now: Instant) -> Spent {
        let mut idle = self.idle.load(Ordering::Relaxed);
        let mut back_pressured = self.back_pressured.load(Ordering::Relaxed);
        if let Some((reason, since)) = self.current() {
            let more = now.as_nanos().saturating_sub(since);
            match reason {
                Waiting::Input => idle += more,
                Waiting::Output => back_pressured += more,
            }
        }
        let total = now.as_nanos().min(self.end.load(Ordering::Relaxed)).saturating_sub(self.start);
        Spent { idle, back_pressured, busy: total.saturating_sub(idle + back_pressured) }
    }
}
