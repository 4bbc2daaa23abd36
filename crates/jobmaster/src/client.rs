//! What a program holds of a job that it has started.
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hurtig_core::ids::JobId;
use hurtig_core::{Error, Result};
use hurtig_operator::accumulator::{Accumulator, Accumulators};
use hurtig_operator::metrics::{MetricRegistry, MetricSample};
use hurtig_runtime::Executor;
use hurtig_runtime::executor::block_on;
use hurtig_runtime::messages::Failure;
use serde::{Deserialize, Serialize};

use crate::master::{Inbox, Request};
use crate::status::JobStatus;

/// What a job that has finished leaves. Flink's `JobExecutionResult`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobExecutionResult {
    /// The run.
    pub job_id: JobId,
    /// The job's name.
    pub job_name: String,
    /// From the first deployment to the end.
    pub net_runtime: Duration,
    /// What all subtasks have accumulated.
    pub accumulators: Accumulators,
}

impl JobExecutionResult {
    /// The value of an accumulator.
    pub fn accumulator(&self, name: &str) -> Option<&Accumulator> {
        self.accumulators.get(name)
    }
}

/// What jobmaster and clients share.
#[derive(Default)]
pub(crate) struct Shared {
    state: Mutex<State>,
}

struct State {
    status: JobStatus,
    result: Option<Result<JobExecutionResult, Failure>>,
    waiting: Vec<Waker>,
}

impl Default for State {
    fn default() -> Self {
        State { status: JobStatus::Created, result: None, waiting: Vec::new() }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(crate) fn set_status(&self, status: JobStatus) {
        self.change(|state| state.status = status);
    }

    /// Status and result become visible together.
    pub(crate) fn finish(&self, status: JobStatus, result: Result<JobExecutionResult, Failure>) {
        self.change(|state| {
            state.status = status;
            state.result = Some(result);
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn finish_if_running(&self, failure: impl FnOnce() -> Failure) {
        if self.lock().result.is_none() {
            self.finish(JobStatus::Failed, Err(failure()));
        }
    }

    fn poll_until<T>(&self, cx: &mut Context<'_>, look: impl Fn(&State) -> Option<T>) -> Poll<T> {
        let mut state = self.lock();
        match look(&state) {
            Some(found) => Poll::Ready(found),
            None => {
                if !state.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
                    state.waiting.push(cx.waker().clone());
                }
                Poll::Pending
            }
        }
    }
}

/// A running or ended job. Cheap to clone.
#[derive(Clone)]
pub struct JobClient {
    pub(crate) job_id: JobId,
    pub(crate) shared: Arc<Shared>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) metrics: MetricRegistry,
    pub(crate) metrics_address: Option<SocketAddr>,
}

impl JobClient {
    /// The run.
    pub fn job_id(&self) -> JobId {
        self.job_id
    }

    /// Where the job stands.
    pub fn status(&self) -> JobStatus {
        self.shared.lock().status
    }

    /// Asks the job to stop; [`JobClient::result`] tells when it has.
    pub fn cancel(&self) {
        self.inbox.request(Request::Cancel);
    }

    /// Waits for the end. A cancelled job is an error that says so.
    pub fn result(&self) -> Result<JobExecutionResult> {
        block_on(self.executor.as_ref(), self.wait())
    }

    /// As [`JobClient::result`], for whoever can wait otherwise than by blocking.
    pub async fn wait(&self) -> Result<JobExecutionResult> {
        let wait = poll_fn(|cx| self.shared.poll_until(cx, |state| state.result.clone()));
        wait.await.map_err(Error::from)
    }

    /// Waits until `look` finds the job in a state that it wants, or the job has ended.
    pub fn wait_for(&self, look: impl Fn(JobStatus) -> bool) -> JobStatus {
        let wait = poll_fn(|cx| {
            self.shared.poll_until(cx, |state| {
                (look(state.status) || state.result.is_some()).then_some(state.status)
            })
        });
        block_on(self.executor.as_ref(), wait)
    }

    /// All metrics of the job with their values now.
    pub fn metrics(&self) -> Vec<MetricSample> {
        self.metrics.snapshot()
    }

    /// Where the Prometheus reporter serves the job's metrics, if `metrics.reporters` names it. Nobody listens
    /// there any more once the job has ended.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// What the job runs on.
    pub fn executor(&self) -> &Arc<dyn Executor> {
        &self.executor
    }
}
