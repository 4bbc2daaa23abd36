//! How programs are executed: in this process, on threads; or, for tests, under a seed.
use std::sync::Arc;

use hurtig_connector_base::{CollectIterator, CollectSink};
use hurtig_core::config::{ConfigOption, options};
use hurtig_core::ids::JobId;
use hurtig_core::{Configuration, Error, Result, TypeInformation};
use hurtig_datastream::{DataStream, StreamExecutionEnvironment};
use hurtig_graph::ExecutionGraph;
use hurtig_jobmaster::{JobClient, JobExecutionResult, JobStatus, submit};
use hurtig_runtime::{Executor, SeededExecutor, ThreadExecutor};

/// For tests: runs the program on one thread with a mock clock, in an order that this seed decides.
pub const SEED: ConfigOption<Option<u64>> = ConfigOption::new(
    "hurtig.test.seed",
    "",
    "For tests: the program runs on one thread with a mock clock, in an order that this seed decides.",
);

/// The results of the program's earlier jobs, as a JSON list. A process that is started to take part in job
/// number n of a program runs the same `main`; its first n `execute`s return what is recorded here.
pub const RECORDED_RESULTS: ConfigOption<String> = ConfigOption::new(
    "hurtig.execution.recorded-results",
    "[]",
    "The results of the program's first jobs, as a JSON list: `execute` returns these and runs what follows.",
);

/// Results waiting to be collected, at most this many bytes.
const COLLECT_BYTES: usize = 4 << 20;

/// Executes what has been written in an environment.
pub trait Execute {
    /// Runs the program and waits for its end.
    fn execute(&self, name: &str) -> Result<JobExecutionResult>;

    /// Starts the program.
    fn execute_async(&self, name: &str) -> Result<JobClient>;

    /// The three graphs of the program as it stands, as text. The program stays as it is.
    fn explain(&self) -> Result<String>;
}

impl Execute for StreamExecutionEnvironment {
    fn execute(&self, name: &str) -> Result<JobExecutionResult> {
        let number = self.executions();
        let recorded = self.configuration().get(&RECORDED_RESULTS)?;
        let recorded: Vec<JobExecutionResult> = serde_json::from_str(&recorded).map_err(|error| {
            let key = RECORDED_RESULTS.key();
            Error::user(format!("option '{key}' is not a list of results")).caused_by(error)
        })?;
        match recorded.into_iter().nth(number) {
            Some(result) => {
                self.take_program(Some(name))?;
                Ok(result)
            }
            None => self.execute_async(name)?.result(),
        }
    }

    fn execute_async(&self, name: &str) -> Result<JobClient> {
        let program = self.take_program(Some(name))?;
        let executor = executor(&program.configuration)?;
        submit(program, executor)
    }

    fn explain(&self) -> Result<String> {
        let program = self.program(None)?;
        let job = program.graph.job_graph(&program.configuration)?;
        let fingerprint = program.graph.fingerprint();
        let execution = ExecutionGraph { job_id: JobId(0), job, fingerprint };
        Ok(hurtig_graph::explain(&program.graph, &execution.job, &execution))
    }
}

/// The executor that the configuration asks for.
pub fn executor(configuration: &Configuration) -> Result<Arc<dyn Executor>> {
    Ok(match configuration.get(&SEED)? {
        Some(seed) => SeededExecutor::new(seed),
        None => ThreadExecutor::with_max_spin(configuration.get(&options::MAX_SPIN)?),
    })
}

/// Executes a program for the records of one stream.
pub trait ExecuteAndCollect<T> {
    /// Runs the program and gives the records of this stream as they come. Dropping the iterator early
    /// cancels the job.
    fn execute_and_collect(&self, name: &str) -> Result<Collected<T>>;
}

impl<T: TypeInformation> ExecuteAndCollect<T> for DataStream<T> {
    fn execute_and_collect(&self, name: &str) -> Result<Collected<T>> {
        let environment = self.environment();
        let seeded = environment.configuration().get(&SEED)?.is_some();
        // Under a seed the job runs when its client waits, so everything is collected first.
        let (sink, records) = CollectSink::new(if seeded { usize::MAX } else { COLLECT_BYTES });
        self.sink_to(sink).name("Collect").set_parallelism(1);
        let client = environment.execute_async(name)?;
        if !seeded {
            let (watcher, handle) = (client.clone(), records.handle());
            let watch = async move { handle.finish(watcher.wait().await.map(|_| ())) };
            client.executor().spawn("collect", Box::pin(watch))?;
        }
        Ok(Collected { records, client, seeded, ended: false })
    }
}

/// The records of a running job.
pub struct Collected<T> {
    records: CollectIterator<T>,
    client: JobClient,
    seeded: bool,
    ended: bool,
}

impl<T> Collected<T> {
    /// The job.
    pub fn client(&self) -> &JobClient {
        &self.client
    }
}

impl<T: TypeInformation> Iterator for Collected<T> {
    type Item = Result<T>;

    /// The next record. If the job fails, its error is the last item.
    fn next(&mut self) -> Option<Result<T>> {
        if self.ended {
            return None;
        }
        if std::mem::take(&mut self.seeded)
            && let Err(error) = self.client.result()
        {
            self.ended = true;
            return Some(Err(error));
        }
        match self.records.next() {
            Some(Ok(record)) => Some(Ok(record)),
            Some(Err(error)) => {
                self.ended = true;
                // If the job has failed, that is the cause. Else it runs on with nobody to collect its records.
                self.client.cancel();
                let result = self.client.result();
                let cause = if self.client.status() == JobStatus::Failed { result.err() } else { None };
                Some(Err(cause.unwrap_or(error)))
            }
            None => {
                self.ended = true;
                self.client.result().err().map(Err)
            }
        }
    }
}

impl<T> Drop for Collected<T> {
    fn drop(&mut self) {
        if !self.ended {
            self.client.cancel();
        }
    }
}
