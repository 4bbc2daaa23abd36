//! For tests: all tasks on one thread with a mock clock. The seed picks the next ready task, the lengths of
//! batches and how time passes, so that one seed is one interleaving, for ever.
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use hurtig_connector::{Host, Sleep};
use hurtig_core::key::hash::mix;
use hurtig_core::{Clock, Instant, ProcessingTime, Result};

use crate::executor::{Executor, TaskFuture};

/// Where the mock wall clock starts: 2020-01-01T00:00:00Z.
const START_MILLIS: i64 = 1_577_836_800_000;

/// Runs tasks one step at a time in an order that its seed decides.
pub struct SeededExecutor {
    state: Mutex<State>,
    this: Weak<SeededExecutor>,
}

/// How much is taken at once, the same throughout a run: a run that now and then took all would take most
/// small inputs whole, and orders would hardly differ.
#[derive(Clone, Copy)]
enum Grain {
    Whole,
    Any,
    Few,
    One,
}

impl Grain {
    fn of(seed: u64) -> Self {
        match mix(!seed) % 8 {
            0 => Grain::Whole,
            1 | 2 => Grain::Any,
            3..=5 => Grain::Few,
            _ => Grain::One,
        }
    }
}

struct State {
    random: u64,
    grain: Grain,
    /// How many times in eight a task that has just run goes on running: what it feeds then finds a queue
    /// full, or empty, and not always the same.
    burst: u64,
    last: usize,
    nanos: u64,
    tasks: Vec<Task>,
    ready: Vec<usize>,
    timers: BTreeMap<(u64, u64), Waker>,
    next_timer: u64,
    due: Vec<Waker>,
    main_woken: bool,
    steps: u64,
    trace: u64,
}

struct Task {
    name: String,
    future: Option<TaskFuture>,
    queued: bool,
}

impl SeededExecutor {
    /// The executor of one seed.
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new_cyclic(|this| SeededExecutor {
            state: Mutex::new(State {
                random: mix(seed),
                burst: mix(seed ^ mix(1)) % 8,
                last: 0,
                grain: Grain::of(seed),
                nanos: 0,
                tasks: Vec::new(),
                ready: Vec::new(),
                timers: BTreeMap::new(),
                next_timer: 0,
                due: Vec::new(),
                main_woken: true,
                steps: 0,
                trace: seed,
            }),
            this: this.clone(),
        })
    }

    /// A digest of the order in which tasks have run: equal for equal seeds and programs.
    pub fn trace(&self) -> u64 {
        self.state().trace
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.state().steps
    }

    /// Tasks that have not ended.
    pub fn live_tasks(&self) -> usize {
        self.state().tasks.iter().filter(|task| task.future.is_some()).count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Runs one ready task for one step; if none is ready, moves the clock to the next timer. `false` if
    /// nothing can ever happen again.
    fn step(&self) -> bool {
        let (index, mut future) = {
            let mut state = self.state();
            state.steps += 1;
            // Time passes a little with each step, so that time-outs and steps interleave.
            state.nanos += state.next_random() % 20_000;
            state.fire_timers();
            if state.ready.is_empty() {
                if !state.due.is_empty() {
                    // Whoever is due has its turn before the clock moves on.
                    return true;
                }
                let Some((&(at, _), _)) = state.timers.first_key_value() else { return false };
                state.nanos = state.nanos.max(at);
                state.fire_timers();
                return true;
            }
            let place = state.next_place();
            let index = state.ready.swap_remove(place);
            state.last = index;
            state.trace = mix(state.trace ^ index as u64);
            state.tasks[index].queued = false;
            match state.tasks[index].future.take() {
                Some(future) => (index, future),
                None => return true,
            }
        };
        let waker = Waker::from(Arc::new(SeededWaker { executor: self.this.clone(), task: Some(index) }));
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        if polled.is_pending() {
            self.state().tasks[index].future = Some(future);
        }
        true
    }

    fn wake(&self, task: Option<usize>) {
        let mut state = self.state();
        match task {
            None => state.main_woken = true,
            Some(index) if !state.tasks[index].queued => {
                state.tasks[index].queued = true;
                state.ready.push(index);
            }
            Some(_) => {}
        }
    }

    fn waiting(&self) -> String {
        let state = self.state();
        let names = state.tasks.iter().filter(|task| task.future.is_some()).map(|task| task.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    }
}

impl State {
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.random)
    }

    /// Which of the ready tasks is next: by chance the one that has just run, else any.
    fn next_place(&mut self) -> usize {
        if self.next_random() % 8 < self.burst
            && let Some(place) = self.ready.iter().position(|task| *task == self.last)
        {
            return place;
        }
        (self.next_random() % self.ready.len() as u64) as usize
    }

    fn fire_timers(&mut self) {
        let later = self.timers.split_off(&(self.nanos + 1, 0));
        let due = std::mem::replace(&mut self.timers, later);
        // Waking takes the lock that is held here; `block_on` does it afterwards.
        self.due.extend(due.into_values());
    }
}

struct SeededWaker {
    executor: Weak<SeededExecutor>,
    task: Option<usize>,
}

impl Wake for SeededWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(executor) = self.executor.upgrade() {
            executor.wake(self.task);
        }
    }
}

impl fmt::Debug for SeededExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SeededExecutor({} tasks)", self.live_tasks())
    }
}

impl Clock for SeededExecutor {
    fn processing_time(&self) -> ProcessingTime {
        ProcessingTime::from_millis(START_MILLIS + (self.state().nanos / 1_000_000) as i64)
    }

    fn instant(&self) -> Instant {
        Instant::from_nanos(self.state().nanos)
    }
}

impl Host for SeededExecutor {
    fn sleep_until(&self, at: Instant) -> Sleep {
        Box::pin(SeededSleep { executor: self.this.clone(), at: at.as_nanos(), key: None })
    }

    fn spawn_io(&self, work: Pin<Box<dyn Future<Output = ()> + Send>>) {
        // Under a seed, background work is a task like any other, and starting one cannot fail.
        let _ = self.spawn("io", work);
    }
}

impl Executor for SeededExecutor {
    fn spawn(&self, name: &str, task: TaskFuture) -> Result<()> {
        let mut state = self.state();
        let index = state.tasks.len();
        state.tasks.push(Task { name: name.to_owned(), future: Some(task), queued: true });
        state.ready.push(index);
        Ok(())
    }

    fn block_on(&self, mut future: Pin<&mut dyn Future<Output = ()>>) {
        let waker = Waker::from(Arc::new(SeededWaker { executor: self.this.clone(), task: None }));
        self.state().main_woken = true;
        loop {
            if std::mem::take(&mut self.state().main_woken)
                && future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready()
            {
                return;
            }
            let alive = self.step();
            let wakes = std::mem::take(&mut self.state().due);
            let woke = !wakes.is_empty();
            wakes.into_iter().for_each(Waker::wake);
            if !alive && !woke && !self.state().main_woken {
                panic!("nothing can happen any more; still waiting: {}", self.waiting());
            }
        }
    }

    fn batch_limit(&self, max: usize) -> usize {
        let mut state = self.state();
        let random = state.next_random();
        match state.grain {
            Grain::Whole => max.max(1),
            Grain::Any => (max >> (random % 12)).max(1),
            Grain::Few => 1 + (random % max.clamp(1, 8) as u64) as usize,
            Grain::One => 1,
        }
    }

    fn interleaves(&self) -> bool {
        true
    }

    fn random(&self) -> u64 {
        self.state().next_random()
    }

    fn host(self: Arc<Self>) -> Arc<dyn Host> {
        self
    }
}

struct SeededSleep {
    executor: Weak<SeededExecutor>,
    at: u64,
    key: Option<(u64, u64)>,
}

impl Future for SeededSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(executor) = self.executor.upgrade() else { return Poll::Pending };
        let mut state = executor.state();
        if state.nanos >= self.at {
            return Poll::Ready(());
        }
        if let Some(key) = self.key.take() {
            state.timers.remove(&key);
        }
        state.next_timer += 1;
        let key = (self.at, state.next_timer);
        state.timers.insert(key, cx.waker().clone());
        self.key = Some(key);
        Poll::Pending
    }
}

impl Drop for SeededSleep {
    fn drop(&mut self) {
        if let (Some(executor), Some(key)) = (self.executor.upgrade(), self.key) {
            executor.state().timers.remove(&key);
        }
    }
}

/// How long the mock clock has run.
impl SeededExecutor {
    /// Time since the executor was made.
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.state().nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::block_on;

    fn run(seed: u64) -> (Vec<u32>, u64) {
        let executor = SeededExecutor::new(seed);
        let log = Arc::new(Mutex::new(Vec::new()));
        for id in 0..4u32 {
            let (log, host) = (log.clone(), executor.clone());
            executor
                .spawn(
                    "t",
                    Box::pin(async move {
                        for round in 0..5 {
                            log.lock().unwrap().push(id);
                            host.sleep_until(host.instant() + Duration::from_micros(round)).await;
                        }
                    }),
                )
                .unwrap();
        }
        let (host, end) = (executor.clone(), executor.instant() + Duration::from_secs(3600));
        block_on(executor.as_ref(), async { host.sleep_until(end).await });
        let log = log.lock().unwrap().clone();
        (log, executor.trace())
    }

    #[test]
    fn a_seed_is_an_order() {
        let orders: std::collections::BTreeSet<_> = (0..50).map(|seed| run(seed).0).collect();
        assert!(orders.len() > 40, "{}", orders.len());
        assert_eq!(run(7), run(7));
        assert_eq!(run(7).0.len(), 20);
    }
}
