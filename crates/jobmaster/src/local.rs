//! Everything in one process: the jobmaster on a thread of its own, messages handed over directly.
use std::sync::Arc;

use hurtig_core::Result;
use hurtig_core::ids::JobId;
use hurtig_graph::ExecutionGraph;
use hurtig_operator::Program;
use hurtig_operator::metrics::MetricRegistry;
use hurtig_runtime::messages::ToTasks;
use hurtig_runtime::reporter::Reporters;
use hurtig_runtime::{Executor, TaskExecutor};

use crate::client::{JobClient, Shared};
use crate::master::{Inbox, JobMaster, TaskGateway};

/// Starts `program` on `executor`, and the reporters that its configuration names beside it.
pub fn submit(program: Program, executor: Arc<dyn Executor>) -> Result<JobClient> {
    program.graph.validate()?;
    let job = program.graph.job_graph(&program.configuration)?;
    let job_id = JobId((u128::from(executor.random()) << 64) | u128::from(executor.random()));
    let graph = ExecutionGraph { job_id, job, fingerprint: program.graph.fingerprint() };
    let program = Arc::new(program);
    let metrics = MetricRegistry::default();
    let inbox = Arc::new(Inbox::default());
    let shared = Arc::new(Shared::default());
    let reports = inbox.clone();
    let tasks = TaskExecutor::new(
        program.clone(),
        executor.clone(),
        metrics.clone(),
        Arc::new(move |report| reports.report(report)),
    )?;
    let reporters = Reporters::start(&program.configuration, &metrics, &executor)?;
    let metrics_address = reporters.prometheus_address();
    let gateway = Box::new(LocalGateway(tasks));
    let master = JobMaster::new(program, graph, gateway, executor.clone(), inbox.clone(), shared.clone())?;
    executor.spawn("jobmaster", Box::pin(master.run(reporters)))?;
    Ok(JobClient { job_id, shared, inbox, executor, metrics, metrics_address })
}

/// Hands messages to the tasks of this process.
struct LocalGateway(TaskExecutor);

impl TaskGateway for LocalGateway {
    fn send(&mut self, message: ToTasks) -> Result<()> {
        self.0.handle(message)
    }
}
