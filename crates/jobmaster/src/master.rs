//! The jobmaster: one loop that takes reports, decides, and sends messages.
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use atomic_waker::AtomicWaker;
use hurtig_connector::{Host, Sleep};
use hurtig_core::config::options;
use hurtig_core::ids::Attempt;
use hurtig_core::{Error, Instant, Result};
use hurtig_graph::{ExecutionGraph, SubtaskId};
use hurtig_operator::Program;
use hurtig_operator::accumulator::Accumulators;
use hurtig_runtime::Executor;
use hurtig_runtime::messages::{Failure, FromOperator, Report, TaskEvent, ToTasks, through_bytes};
use hurtig_runtime::reporter::Reporters;

use crate::client::{JobExecutionResult, Shared};
use crate::restart::RestartStrategy;
use crate::sinks::Sinks;
use crate::sources::{SourceMessage, Sources};
use crate::status::JobStatus;

/// How long a commit that asks to be retried waits.
const COMMIT_RETRY: Duration = Duration::from_millis(100);

/// Where tasks are reached: in this process, or over a wire.
pub trait TaskGateway: Send {
    /// Sends a message. An error here is one of the deployment, not of a task.
    fn send(&mut self, message: ToTasks) -> Result<()>;
}

/// What reaches a jobmaster.
#[derive(Default)]
pub struct Inbox {
    letters: Mutex<VecDeque<Letter>>,
    waker: AtomicWaker,
}

enum Letter {
    Report(Report),
    Request(Request),
}

/// What a client can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Stop the job.
    Cancel,
}

impl Inbox {
    fn letters(&self) -> MutexGuard<'_, VecDeque<Letter>> {
        self.letters.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// A task's report.
    pub fn report(&self, report: Report) {
        self.letters().push_back(Letter::Report(report));
        self.waker.wake();
    }

    /// A client's request.
    pub fn request(&self, request: Request) {
        self.letters().push_back(Letter::Request(request));
        self.waker.wake();
    }
}

/// Where one subtask stands. Flink's `ExecutionState`, without the steps that take no time here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExecutionState {
    Deploying,
    Running,
    Finished,
    Canceled,
    Failed,
}

impl ExecutionState {
    fn is_terminal(self) -> bool {
        matches!(self, ExecutionState::Finished | ExecutionState::Canceled | ExecutionState::Failed)
    }
}

/// Runs one job.
pub(crate) struct JobMaster {
    program: Arc<Program>,
    graph: ExecutionGraph,
    gateway: Box<dyn TaskGateway>,
    executor: Arc<dyn Executor>,
    host: Arc<dyn Host>,
    inbox: Arc<Inbox>,
    shared: Arc<Shared>,
    check_messages: bool,
    status: JobStatus,
    strategy: RestartStrategy,
    attempt: Attempt,
    started: Instant,
    tasks: BTreeMap<SubtaskId, ExecutionState>,
    sources: Sources,
    sinks: Sinks,
    accumulators: Accumulators,
    failure: Option<Failure>,
    pause: Option<Sleep>,
    commit_retry: Option<Sleep>,
    /// Runs while tasks are being stopped.
    stopping: Option<Sleep>,
    cancellation_timeout: Duration,
}

impl JobMaster {
    pub(crate) fn new(
        program: Arc<Program>,
        graph: ExecutionGraph,
        gateway: Box<dyn TaskGateway>,
        executor: Arc<dyn Executor>,
        inbox: Arc<Inbox>,
        shared: Arc<Shared>,
    ) -> Result<Self> {
        let strategy = RestartStrategy::from_configuration(&program.configuration)?;
        let check_messages = program.configuration.get(&options::CHECK_MESSAGES)?;
        let cancellation_timeout = program.configuration.get(&options::CANCELLATION_TIMEOUT)?;
        Ok(JobMaster {
            sinks: Sinks::new(&program, &graph)?,
            program,
            graph,
            gateway,
            host: executor.clone().host(),
            started: executor.instant(),
            executor,
            inbox,
            shared,
            check_messages,
            status: JobStatus::Created,
            strategy,
            attempt: Attempt(0),
            tasks: BTreeMap::new(),
            sources: Sources::default(),
            accumulators: Accumulators::default(),
            failure: None,
            pause: None,
            commit_retry: None,
            stopping: None,
            cancellation_timeout,
        })
    }

    /// Runs the job to its end, the reporters with it.
    pub(crate) async fn run(mut self, reporters: Reporters) {
        self.start_attempt();
        poll_fn(|cx| self.poll(cx)).await;
        let result = match (self.status, self.failure.take()) {
            (JobStatus::Finished, _) => Ok(JobExecutionResult {
                job_id: self.graph.job_id,
                job_name: self.graph.job.name.clone(),
                net_runtime: self.executor.instant().since(self.started),
                accumulators: self.accumulators.clone(),
            }),
            (JobStatus::Canceled, _) => {
                Err(Failure::from(&Error::user(format!("job '{}' was cancelled", self.graph.job.name))))
            }
            (_, Some(failure)) => Err(failure),
            (status, None) => {
                Err(Failure::from(&Error::bug(format!("a job ended {status} without a cause"))))
            }
        };
        // Whoever hears of the end finds their ports free.
        drop(reporters);
        self.shared.finish(self.status, result);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.inbox.waker.register(cx.waker());
        loop {
            let advanced = self.advance(cx);
            let failed = advanced.is_err();
            if let Err(error) = advanced {
                self.fail(Failure::from(&error));
            }
            if self.status.is_terminal() {
                return Poll::Ready(());
            }
            // What a failure has begun, such as the pause before a restart, is still to be polled.
            if !failed && self.inbox.letters().is_empty() {
                return Poll::Pending;
            }
        }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Result<()> {
        loop {
            let letter = self.inbox.letters().pop_front();
            match letter {
                Some(Letter::Report(report)) => self.take_report(report)?,
                Some(Letter::Request(Request::Cancel)) => self.cancel()?,
                None => break,
            }
        }
        if self.status == JobStatus::Running {
            let messages = self.sources.poll_discover(cx)?;
            self.send_to_sources(messages)?;
        }
        self.give_up_on_stuck_tasks(cx);
        self.retry_commits(cx)?;
        self.look_for_end()?;
        // Last, as the lines before may have begun the pause; nobody wakes a pause that was never polled.
        while let Some(pause) = &mut self.pause
            && pause.as_mut().poll(cx).is_ready()
        {
            self.pause = None;
            self.start_attempt();
        }
        Ok(())
    }

    fn retry_commits(&mut self, cx: &mut Context<'_>) -> Result<()> {
        if !self.sinks.has_pending() || self.status != JobStatus::Running {
            self.commit_retry = None;
            return Ok(());
        }
        loop {
            let at = self.executor.instant() + COMMIT_RETRY;
            let wait = self.commit_retry.get_or_insert_with(|| self.host.sleep_until(at));
            if wait.as_mut().poll(cx).is_pending() {
                return Ok(());
            }
            self.commit_retry = None;
            if !self.sinks.retry()? {
                return Ok(());
            }
        }
    }

    fn start_attempt(&mut self) {
        self.tasks = self.graph.subtasks().map(|task| (task, ExecutionState::Deploying)).collect();
        self.accumulators = Accumulators::default();
        self.sinks.restart();
        self.commit_retry = None;
        self.stopping = None;
        let deployed = Sources::new(&self.program, &self.graph, &self.host).and_then(|sources| {
            self.sources = sources;
            self.set_status(JobStatus::Running);
            let graph = Box::new(self.graph.clone());
            self.send(ToTasks::Deploy { attempt: self.attempt, graph })
        });
        if let Err(error) = deployed {
            // No task has been started: none will report its end.
            self.tasks.clear();
            self.fail(Failure::from(&error));
        }
    }

    fn send(&mut self, message: ToTasks) -> Result<()> {
        let message = if self.check_messages { through_bytes(&message)? } else { message };
        self.gateway.send(message)
    }

    fn send_to_sources(&mut self, messages: Vec<SourceMessage>) -> Result<()> {
        let attempt = self.attempt;
        messages.into_iter().try_for_each(|(task, word)| self.send(ToTasks::Source { attempt, task, word }))
    }

    fn take_report(&mut self, report: Report) -> Result<()> {
        let report = if self.check_messages { through_bytes(&report)? } else { report };
        if report.attempt != self.attempt || !self.tasks.contains_key(&report.task) {
            return Ok(());
        }
        let task = report.task;
        match report.event {
            TaskEvent::Running => {
                self.tasks.insert(task, ExecutionState::Running);
                if self.status == JobStatus::Running {
                    let messages = self.sources.task_running(task)?;
                    self.send_to_sources(messages)?;
                }
            }
            TaskEvent::Finished { accumulators } => {
                self.tasks.insert(task, ExecutionState::Finished);
                self.accumulators.merge(&accumulators)?;
            }
            TaskEvent::Canceled => {
                self.tasks.insert(task, ExecutionState::Canceled);
            }
            TaskEvent::Failed(failure) => {
                self.tasks.insert(task, ExecutionState::Failed);
                self.fail(failure);
            }
            TaskEvent::Operator { operator, word: FromOperator::Committables(committables) } => {
                self.sinks.committables(operator, committables)?;
            }
            TaskEvent::Operator { operator, word } => {
                if self.status == JobStatus::Running {
                    let messages = self.sources.word(task, operator, word)?;
                    self.send_to_sources(messages)?;
                }
            }
        }
        Ok(())
    }

    fn fail(&mut self, failure: Failure) {
        // The first failure is the cause; what follows from stopping the others is not.
        self.failure.get_or_insert(failure);
        if self.status.may_become(JobStatus::Failing) {
            self.set_status(JobStatus::Failing);
            self.stop_tasks();
        }
        // Where no task runs nobody reports: the end is looked for here.
        if let Err(error) = self.look_for_end() {
            self.failure.get_or_insert(Failure::from(&error));
        }
    }

    fn cancel(&mut self) -> Result<()> {
        if self.status.may_become(JobStatus::Cancelling) {
            self.pause = None;
            self.set_status(JobStatus::Cancelling);
            self.stop_tasks();
        }
        Ok(())
    }

    fn stop_tasks(&mut self) {
        if !self.cancellation_timeout.is_zero() {
            let at = self.executor.instant() + self.cancellation_timeout;
            self.stopping = Some(self.host.sleep_until(at));
        }
        if let Err(error) = self.send(ToTasks::Cancel { attempt: self.attempt }) {
            self.failure.get_or_insert(Failure::from(&error));
        }
    }

    /// A thread cannot be stopped from outside. A task that does not stop by itself in time is named, and the
    /// job ends without it.
    fn give_up_on_stuck_tasks(&mut self, cx: &mut Context<'_>) {
        if !self.stopping.as_mut().is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready()) {
            return;
        }
        self.stopping = None;
        let stuck: Vec<SubtaskId> =
            self.tasks.iter().filter(|(_, state)| !state.is_terminal()).map(|(task, _)| *task).collect();
        if stuck.is_empty() {
            return;
        }
        let names: Vec<String> = stuck
            .iter()
            .map(|task| format!("'{}' ({})", self.graph.job.vertex(task.vertex).name, task.subtask.0 + 1))
            .collect();
        for task in stuck {
            self.tasks.insert(task, ExecutionState::Failed);
        }
        let timeout = self.cancellation_timeout;
        let mut message = format!("did not stop within {timeout:?}: {}", names.join(", "));
        if let Some(cause) = self.failure.take() {
            message = format!("{}; after that, {message}", cause.message);
        }
        // Starting again beside threads that still run would do things twice.
        self.failure = Some(Failure::from(&Error::bug(message)));
        if self.status == JobStatus::Cancelling {
            self.set_status(JobStatus::Failed);
        }
    }

    fn look_for_end(&mut self) -> Result<()> {
        if !self.tasks.values().all(|state| state.is_terminal()) {
            return Ok(());
        }
        match self.status {
            JobStatus::Running => {
                if self.tasks.values().all(|state| *state == ExecutionState::Finished) {
                    if !self.sinks.has_pending() {
                        self.set_status(JobStatus::Finished);
                    }
                } else {
                    return Err(Error::bug("a task stopped without having been told to"));
                }
            }
            JobStatus::Cancelling => self.set_status(JobStatus::Canceled),
            JobStatus::Failing => {
                let kind = self.failure.as_ref().map(|failure| failure.kind);
                match kind.and_then(|kind| self.strategy.next(kind)) {
                    Some(delay) => {
                        self.set_status(JobStatus::Restarting);
                        self.failure = None;
                        self.attempt = Attempt(self.attempt.0 + 1);
                        self.pause = Some(self.host.sleep_until(self.executor.instant() + delay));
                    }
                    None => self.set_status(JobStatus::Failed),
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn set_status(&mut self, status: JobStatus) {
        debug_assert!(
            self.status.may_become(status) || self.status == status,
            "{} cannot become {status}",
            self.status
        );
        self.status = status;
        if !status.is_terminal() {
            self.shared.set_status(status);
        }
    }
}

/// Whatever happens to the jobmaster, a panic included, whoever waits for the job hears of it.
impl Drop for JobMaster {
    fn drop(&mut self) {
        if !self.status.is_terminal() {
            // An error here changes nothing any more.
            let _ = self.gateway.send(ToTasks::Cancel { attempt: self.attempt });
        }
        self.shared.finish_if_running(|| {
            let name = &self.graph.job.name;
            Failure::from(&Error::bug(format!("the jobmaster of '{name}' stopped without a result")))
        });
    }
}
