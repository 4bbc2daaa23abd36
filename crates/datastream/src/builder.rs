//! Where the calls of a program become nodes and edges.
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hurtig_connector::Boundedness;
use hurtig_connector::erased::{ErasedSink, ErasedSource};
use hurtig_connector::watermark::ErasedStrategy;
use hurtig_core::batch::BatchType;
use hurtig_core::config::{RuntimeExecutionMode, options};
use hurtig_core::ids::NodeId;
use hurtig_core::{Configuration, Error, Result};
use hurtig_graph::{
    ChainingStrategy, NodeRole, OutputName, Partitioner, StreamEdge, StreamGraph, StreamNode,
};
use hurtig_operator::route::Route;
use hurtig_operator::{EdgeFactory, NodeFactory, Operator, Program};

/// Shared by an environment and all streams made from it.
pub type SharedBuilder = Rc<RefCell<Builder>>;

/// Tells the programs that a process writes apart. It is no part of what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramId(u64);

impl ProgramId {
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        ProgramId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// The program as it is being written.
pub struct Builder {
    /// What the user set.
    pub configuration: Configuration,
    nodes: Vec<StreamNode>,
    factories: Vec<NodeFactory>,
    edges: Vec<PendingEdge>,
    mistakes: Vec<String>,
    id: ProgramId,
    executions: usize,
}

struct PendingEdge {
    input: StreamInput,
    target: NodeId,
    port: u32,
}

/// What a stream is told that has come from elsewhere.
const OTHER_PROGRAM: &str =
    "its stream belongs to another program, of another environment or executed before";

/// One place that a stream comes from. A union has several.
#[derive(Clone)]
pub struct StreamInput {
    /// The program that the node belongs to.
    pub program: ProgramId,
    /// The node.
    pub node: NodeId,
    /// Which of its outputs.
    pub output: OutputName,
    /// What travels.
    pub batch_type: BatchType,
    /// How it is shared out; if nothing was said: forward where the parallelism is the same, else in turn.
    pub partitioner: Option<Partitioner>,
    /// What the partitioner needs.
    pub route: Route,
}

/// A node to be put down.
pub struct NewNode {
    /// Flink's word for what it is, and its name until the user gives one.
    pub kind: &'static str,
    /// Source, operator or sink.
    pub role: NodeRole,
    /// What it stands for.
    pub factory: NodeFactory,
    /// What it puts out; `None` for a sink.
    pub output: Option<BatchType>,
    /// What else decides what it does.
    pub digest: u64,
    /// Its parallelism, if it can have no other.
    pub parallelism: Option<u32>,
}

impl NewNode {
    /// An operator made by `create` for each subtask.
    pub fn operator(
        kind: &'static str,
        output: BatchType,
        create: impl Fn() -> Box<dyn Operator> + Send + Sync + 'static,
    ) -> Self {
        NewNode {
            kind,
            role: NodeRole::Operator,
            factory: NodeFactory::Operator(Arc::new(create)),
            output: Some(output),
            digest: 0,
            parallelism: None,
        }
    }

    /// A source.
    pub fn source(source: Arc<dyn ErasedSource>, strategy: ErasedStrategy, output: BatchType) -> Self {
        let bounded = source.boundedness() == Boundedness::Bounded;
        NewNode {
            kind: "Source",
            role: NodeRole::Source { bounded },
            factory: NodeFactory::Source { source, strategy },
            output: Some(output),
            digest: 0,
            parallelism: None,
        }
    }

    /// A sink.
    pub fn sink(sink: Arc<dyn ErasedSink>) -> Self {
        NewNode {
            kind: "Sink",
            role: NodeRole::Sink,
            factory: NodeFactory::Sink(sink),
            output: None,
            digest: 0,
            parallelism: None,
        }
    }
}

impl Builder {
    /// A program with nothing in it.
    pub fn new(configuration: Configuration) -> SharedBuilder {
        Rc::new(RefCell::new(Builder {
            configuration,
            nodes: Vec::new(),
            factories: Vec::new(),
            edges: Vec::new(),
            mistakes: Vec::new(),
            id: ProgramId::next(),
            executions: 0,
        }))
    }

    /// Puts a node down, fed by `ports`: the inputs of each of its ports.
    pub fn add(&mut self, node: NewNode, ports: &[&[StreamInput]]) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        let parallelism = node.parallelism.or_else(|| self.default_parallelism());
        self.nodes.push(StreamNode {
            id,
            name: node.kind.to_owned(),
            uid: None,
            kind: node.kind.to_owned(),
            role: node.role,
            parallelism: parallelism.unwrap_or(1),
            max_parallelism: None,
            slot_sharing_group: None,
            chaining: ChainingStrategy::default(),
            output_type: node.output.map(|output| output.logical_type().to_string()).unwrap_or_default(),
            digest: node.digest,
        });
        self.factories.push(node.factory);
        for (port, inputs) in ports.iter().enumerate() {
            for input in *inputs {
                if !self.owns(input.program) {
                    self.mistake(format!("operator '{}' (node {id}): {OTHER_PROGRAM}", node.kind));
                    continue;
                }
                self.edges.push(PendingEdge { input: input.clone(), target: id, port: port as u32 });
            }
        }
        id
    }

    fn default_parallelism(&mut self) -> Option<u32> {
        match self.configuration.get(&options::PARALLELISM) {
            Ok(parallelism) => Some(parallelism),
            Err(error) => {
                self.mistake(error.to_string());
                None
            }
        }
    }

    /// The program that is being written.
    pub fn id(&self) -> ProgramId {
        self.id
    }

    /// Whether `program` is the one that is being written, and none of another environment or of before
    /// `execute`.
    pub fn owns(&self, program: ProgramId) -> bool {
        self.id == program
    }

    /// Changes a node of `program`; a mistake if that is another one by now.
    pub fn change(&mut self, program: ProgramId, id: NodeId, change: impl FnOnce(&mut StreamNode)) {
        if self.owns(program) {
            change(self.node(id));
        } else {
            self.mistake(format!("a change of node {id}: {OTHER_PROGRAM}"));
        }
    }

    /// The node, to be changed.
    pub fn node(&mut self, id: NodeId) -> &mut StreamNode {
        &mut self.nodes[id.0 as usize]
    }

    /// Remembers a mistake that `execute` reports.
    pub fn mistake(&mut self, mistake: String) {
        self.mistakes.push(mistake);
    }

    /// The program as it stands.
    pub fn program(&self, name: Option<&str>) -> Result<Program> {
        if !self.mistakes.is_empty() {
            return Err(Error::user(self.mistakes.join("; ")));
        }
        let configured = self.configuration.get(&options::PIPELINE_NAME)?;
        let name =
            name.map(str::to_owned).or(configured).unwrap_or_else(|| "Hurtig Streaming Job".to_owned());
        let (mut edges, mut carriers) = (Vec::new(), Vec::new());
        for PendingEdge { input, target, port } in &self.edges {
            let parallelism = |node: NodeId| self.nodes[node.0 as usize].parallelism;
            let same = parallelism(input.node) == parallelism(*target);
            let default = if same { Partitioner::Forward } else { Partitioner::Rebalance };
            edges.push(StreamEdge {
                source: input.node,
                target: *target,
                port: *port,
                output: input.output.clone(),
                partitioner: input.partitioner.clone().unwrap_or(default),
                record_type: input.batch_type.logical_type().to_string(),
            });
            carriers.push(EdgeFactory { batch_type: input.batch_type.clone(), route: input.route.clone() });
        }
        let graph = StreamGraph { name, nodes: self.nodes.clone(), edges };
        graph.validate()?;
        let configuration = self.configuration.clone().with(&options::RUNTIME_MODE, self.runtime_mode()?);
        Ok(Program { graph, nodes: self.factories.clone(), edges: carriers, configuration })
    }

    /// The mode that the program runs in: with `AUTOMATIC` its sources decide.
    fn runtime_mode(&self) -> Result<RuntimeExecutionMode> {
        let unbounded: Vec<String> = self
            .nodes
            .iter()
            .filter(|node| node.role == NodeRole::Source { bounded: false })
            .map(|node| format!("'{}'", node.name))
            .collect();
        match self.configuration.get(&options::RUNTIME_MODE)? {
            RuntimeExecutionMode::Batch if !unbounded.is_empty() => Err(Error::user(format!(
                "option '{}' is BATCH, and these sources are unbounded: {}. Set it to STREAMING or AUTOMATIC",
                options::RUNTIME_MODE.key(),
                unbounded.join(", "),
            ))),
            RuntimeExecutionMode::Automatic if unbounded.is_empty() => Ok(RuntimeExecutionMode::Batch),
            RuntimeExecutionMode::Automatic => Ok(RuntimeExecutionMode::Streaming),
            mode => Ok(mode),
        }
    }

    /// How many programs have been taken.
    pub fn executions(&self) -> usize {
        self.executions
    }

    /// The program; nothing of it stays here, as in Flink's environment after `execute`.
    pub fn take(&mut self, name: Option<&str>) -> Result<Program> {
        let program = self.program(name);
        self.nodes.clear();
        self.factories.clear();
        self.edges.clear();
        self.mistakes.clear();
        self.id = ProgramId::next();
        self.executions += 1;
        program
    }
}
