//! Where tasks live: takes the jobmaster's messages, sets tasks up, and brings their reports back.
//!
//! In one process it is handed the messages directly; a TaskManager's worker reads them from a wire.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use hurtig_connector::ReaderContext;
use hurtig_core::config::{MemorySize, options};
use hurtig_core::ids::{Attempt, SubtaskIndex};
use hurtig_core::key::MaxParallelism;
use hurtig_core::{Error, Result};
use hurtig_graph::{ChainTarget, EdgeId, ExecutionGraph, JobEdge, JobVertex, OutputName, SubtaskId};
use hurtig_operator::context::OperatorPlace;
use hurtig_operator::metrics::MetricRegistry;
use hurtig_operator::sink::SinkOperator;
use hurtig_operator::source::SourceOperator;
use hurtig_operator::{NodeFactory, OperatorContext, Output, OutputLimits, Program};

use crate::exchange::partition::Partition;
use crate::exchange::{ChannelSender, EdgeWriter, Gate, GateLimits};
use crate::executor::Executor;
use crate::messages::{Failure, Report, TaskEvent, ToSource, ToTasks};
use crate::metrics::{ProcessScope, TaskMetrics};
use crate::task::input::{ChannelPlace, InputMetrics};
use crate::task::{Chain, Mail, Mailbox, Parts, Task, TaskInput};

/// Where reports go.
pub type ReportSink = Arc<dyn Fn(Report) + Send + Sync>;

/// Runs the subtasks of one job in one process.
pub struct TaskExecutor {
    program: Arc<Program>,
    fingerprint: u128,
    executor: Arc<dyn Executor>,
    metrics: MetricRegistry,
    reports: ReportSink,
    settings: Settings,
    mailboxes: Mutex<BTreeMap<(Attempt, SubtaskId), Mailbox>>,
}

#[derive(Clone, Copy)]
struct Settings {
    limits: OutputLimits,
    gate: GateLimits,
    buffer_timeout: std::time::Duration,
    encode: bool,
}

impl TaskExecutor {
    /// A place for the tasks of `program`.
    pub fn new(
        program: Arc<Program>,
        executor: Arc<dyn Executor>,
        metrics: MetricRegistry,
        reports: ReportSink,
    ) -> Result<Self> {
        let configuration = &program.configuration;
        let segment: MemorySize = configuration.get(&options::SEGMENT_SIZE)?;
        let rows = configuration.get(&options::BATCH_ROWS)?;
        if segment.bytes() == 0 || rows == 0 {
            return Err(Error::user(format!(
                "'{}' and '{}' must be above 0",
                options::SEGMENT_SIZE.key(),
                options::BATCH_ROWS.key()
            )));
        }
        let exclusive = configuration.get(&options::BUFFERS_PER_CHANNEL)? as usize;
        let floating = configuration.get(&options::FLOATING_BUFFERS)? as usize;
        let settings = Settings {
            limits: OutputLimits { rows: rows as usize, bytes: segment.bytes() },
            gate: GateLimits {
                channel_bytes: exclusive.max(1).saturating_mul(segment.bytes()),
                floating_bytes: floating.saturating_mul(segment.bytes()),
            },
            buffer_timeout: configuration.get(&options::BUFFER_TIMEOUT)?,
            encode: configuration.get(&options::CHECK_MESSAGES)?,
        };
        let fingerprint = program.graph.fingerprint();
        Ok(TaskExecutor {
            program,
            fingerprint,
            executor,
            metrics,
            reports,
            settings,
            mailboxes: Mutex::default(),
        })
    }

    fn mailboxes(&self) -> MutexGuard<'_, BTreeMap<(Attempt, SubtaskId), Mailbox>> {
        self.mailboxes.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Does what a message asks for. A message for a task that has ended is an ordinary outcome.
    pub fn handle(&self, message: ToTasks) -> Result<()> {
        match message {
            ToTasks::Deploy { attempt, graph } => self.deploy(attempt, &graph),
            ToTasks::Cancel { attempt } => {
                for ((of, _), mailbox) in self.mailboxes().iter() {
                    if *of == attempt {
                        mailbox.send(Mail::Cancel);
                    }
                }
                Ok(())
            }
            ToTasks::Source { attempt, task, word } => {
                if let Some(mailbox) = self.mailboxes().get(&(attempt, task)) {
                    mailbox.send(match word {
                        ToSource::AddSplits(splits) => Mail::AddSplits(splits),
                        ToSource::NoMoreSplits => Mail::NoMoreSplits,
                        ToSource::Event(event) => Mail::SourceEvent(event),
                        ToSource::Align(allowed) => Mail::Align(allowed),
                    });
                }
                Ok(())
            }
        }
    }

    fn deploy(&self, attempt: Attempt, graph: &ExecutionGraph) -> Result<()> {
        if graph.fingerprint != self.fingerprint {
            return Err(Error::user(format!(
                "this program's fingerprint is {:032x}, the job's is {:032x}: they are not the same program",
                self.fingerprint, graph.fingerprint
            )));
        }
        // Mailboxes and metrics of earlier tries have nobody behind them any more.
        self.mailboxes().retain(|(of, _), _| *of == attempt);
        let job = graph.job_id.to_string();
        self.metrics.remove(|scope| scope.variables.get("job_id") == Some(&job));
        let mut wiring = Wiring::new(graph, self.settings.gate);
        let scope = ProcessScope {
            host: "localhost".to_owned(),
            tm_id: "local".to_owned(),
            job_id: graph.job_id.to_string(),
            job_name: graph.job.name.clone(),
        };
        let tasks: Vec<SubtaskId> = graph.subtasks().collect();
        let mut failed = false;
        for task in tasks {
            if failed {
                (self.reports)(Report { task, attempt, event: TaskEvent::Canceled });
                continue;
            }
            let setup = TaskSetup {
                program: self.program.clone(),
                vertex: graph.job.vertex(task.vertex).clone(),
                task,
                attempt,
                scope: scope.clone(),
                metrics: self.metrics.clone(),
                executor: self.executor.clone(),
                settings: self.settings,
            };
            // Those that have started report their own end, so every task has one.
            if let Err(error) = self.start(setup, graph, &mut wiring) {
                failed = true;
                (self.reports)(Report { task, attempt, event: TaskEvent::Failed(Failure::from(&error)) });
            }
        }
        Ok(())
    }

    fn start(&self, setup: TaskSetup, graph: &ExecutionGraph, wiring: &mut Wiring) -> Result<()> {
        let (id, attempt) = (setup.task, setup.attempt);
        let mailbox = Mailbox::default();
        self.mailboxes().insert((attempt, id), mailbox.clone());
        let reports = self.reports.clone();
        let name = format!("{} ({}/{})", setup.vertex.name, id.subtask.0 + 1, setup.vertex.parallelism);
        let group = self.metrics.group(setup.scope.task(id, &setup.vertex.name, attempt.0));
        let gate = wiring.gates.remove(&id);
        if let Some((gate, _)) = &gate {
            let watch = gate.watch();
            group.computed("inputQueueLength", move || watch.queued().0 as i64);
            let watch = gate.watch();
            group.computed("inputQueueSize", move || watch.queued().1 as i64);
        }
        let outputs: Vec<(JobEdge, Vec<ChannelSender>)> = graph
            .job
            .outputs_of(id.vertex)
            .into_iter()
            .map(|edge| (edge.clone(), wiring.senders(graph, edge.id, id.subtask)))
            .collect();
        let consumers: Vec<u32> =
            outputs.iter().map(|(edge, _)| graph.job.vertex(edge.target).max_parallelism).collect();
        let task = Task {
            name: name.clone(),
            mailbox,
            executor: self.executor.clone(),
            report: Arc::new(move |event: TaskEvent| reports(Report { task: id, attempt, event })),
            buffer_timeout: self.settings.buffer_timeout,
            metrics: TaskMetrics::new(&group, self.executor.clone()),
        };
        let input = gate.map(|(gate, places)| TaskInput::new(gate, places, InputMetrics::new(&group)));
        let build = move || {
            let chain = setup.build(outputs, &consumers)?;
            Ok(Parts { chain, input })
        };
        self.executor.spawn(&name, Box::pin(task.run(build)))
    }
}

/// The gates of all subtasks, and the sending ends of all channels.
struct Wiring {
    gates: BTreeMap<SubtaskId, (Gate, Vec<ChannelPlace>)>,
    senders: BTreeMap<(EdgeId, SubtaskIndex, SubtaskIndex), ChannelSender>,
}

impl Wiring {
    fn new(graph: &ExecutionGraph, limits: GateLimits) -> Self {
        let (mut gates, mut ends) = (BTreeMap::new(), BTreeMap::new());
        for task in graph.subtasks() {
            let (mut keys, mut places) = (Vec::new(), Vec::new());
            for edge in graph.job.inputs_of(task.vertex) {
                let source = graph.job.vertex(edge.source);
                for producer in graph.producers(edge.id, task.subtask) {
                    keys.push((edge.id, producer, task.subtask));
                    places.push(ChannelPlace {
                        port: edge.port,
                        producer: format!("{} ({}/{})", source.name, producer.0 + 1, source.parallelism),
                    });
                }
            }
            if !keys.is_empty() {
                let (gate, senders) = Gate::new(keys.len(), limits);
                gates.insert(task, (gate, places));
                ends.extend(keys.into_iter().zip(senders));
            }
        }
        Wiring { gates, senders: ends }
    }

    fn senders(
        &mut self,
        graph: &ExecutionGraph,
        edge: EdgeId,
        producer: SubtaskIndex,
    ) -> Vec<ChannelSender> {
        let consumers = graph.channels(edge, producer);
        let ends = consumers.into_iter().filter_map(|to| self.senders.remove(&(edge, producer, to)));
        ends.collect()
    }
}

/// What a task is built from, on its own thread.
struct TaskSetup {
    program: Arc<Program>,
    vertex: JobVertex,
    task: SubtaskId,
    attempt: Attempt,
    scope: ProcessScope,
    metrics: MetricRegistry,
    executor: Arc<dyn Executor>,
    settings: Settings,
}

impl TaskSetup {
    fn build(self, outputs: Vec<(JobEdge, Vec<ChannelSender>)>, consumers: &[u32]) -> Result<Chain> {
        let limits = self.settings.limits;
        let ids: Vec<EdgeId> = outputs.iter().map(|(edge, _)| edge.id).collect();
        let mut edges = Vec::with_capacity(outputs.len());
        for ((edge, senders), max_parallelism) in outputs.into_iter().zip(consumers) {
            let factory = &self.program.edges[edge.stream_edge];
            let partition = Partition::new(
                &edge.partitioner,
                &factory.route,
                senders.len(),
                MaxParallelism::new(*max_parallelism)?,
                self.task.subtask.0,
            )?;
            let encode = self.settings.encode.then(|| factory.batch_type.clone());
            edges.push(EdgeWriter::new(senders, partition, limits, encode));
        }
        let mut chain = Chain::new(edges, limits.rows);
        for operator in &self.vertex.operators {
            self.push_operator(&mut chain, operator, limits)?;
        }
        for (index, operator) in self.vertex.operators.iter().enumerate() {
            for target in &operator.targets {
                match target {
                    ChainTarget::Operator { output, index: to } => chain.connect(index, output, *to),
                    ChainTarget::Edge { output, edge } => {
                        let place = ids.iter().position(|id| id == edge);
                        let place = place.ok_or_else(|| Error::bug("an edge out of a chain is missing"))?;
                        chain.connect_edge(index, output, place);
                    }
                }
            }
        }
        Ok(chain)
    }

    fn push_operator(
        &self,
        chain: &mut Chain,
        operator: &hurtig_graph::ChainedOperator,
        limits: OutputLimits,
    ) -> Result<()> {
        let place = OperatorPlace {
            operator: operator.id,
            name: operator.name.clone(),
            subtask: self.task.subtask,
            parallelism: self.vertex.parallelism,
            max_parallelism: self.vertex.max_parallelism,
            attempt: self.attempt.0,
        };
        let task_scope = self.scope.task(self.task, &self.vertex.name, self.attempt.0);
        let scope = self.scope.operator(&task_scope, &operator.id.to_string(), &operator.name);
        let context = OperatorContext::new(
            place,
            Arc::new(self.program.configuration.clone()),
            self.executor.clone().host(),
            self.metrics.group(scope),
        );
        let mut sides: Vec<String> = Vec::new();
        for target in &operator.targets {
            let (ChainTarget::Operator { output, .. } | ChainTarget::Edge { output, .. }) = target;
            if let OutputName::Side(name) = output
                && !sides.contains(name)
            {
                sides.push(name.clone());
            }
        }
        let output = Output::new(limits, sides);
        let ports = self.ports(operator.node);
        match &self.program.nodes[operator.node.0 as usize] {
            NodeFactory::Source { source, strategy } => {
                let reader = source.create_reader(&ReaderContext {
                    subtask: self.task.subtask,
                    parallelism: self.vertex.parallelism,
                    host: context.host.clone(),
                })?;
                let source = SourceOperator::new(reader, strategy.clone(), &context)?;
                chain.push_source(source, context, output);
            }
            NodeFactory::Operator(create) => chain.push(create(), context, output, ports),
            NodeFactory::Sink(sink) => {
                chain.push(Box::new(SinkOperator::new(sink.clone())), context, output, ports);
            }
        }
        Ok(())
    }

    fn ports(&self, node: hurtig_core::ids::NodeId) -> u32 {
        let inputs = self.program.graph.edges.iter().filter(|edge| edge.target == node);
        inputs.map(|edge| edge.port + 1).max().unwrap_or(1)
    }
}
