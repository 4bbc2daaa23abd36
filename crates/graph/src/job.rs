//! The job graph: chains of operators and the exchanges between them. Flink's `JobGraph`.
use std::fmt;

use hurtig_core::ids::{NodeId, OperatorId, VertexId};
use serde::{Deserialize, Serialize};

use crate::stream::{OutputName, Partitioner};

/// An edge of the job graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EdgeId(pub u32);

impl fmt::Display for EdgeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What runs together. Vertex `i` has id `i` and edge `i` has id `i`; edges point from lower to higher
/// vertices, so that the order of the ids is one in which tasks can be set up from the sources on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobGraph {
    /// The job's name.
    pub name: String,
    /// Chains, in the order of their heads in the stream graph.
    pub vertices: Vec<JobVertex>,
    /// Exchanges, in the order of the stream graph's edges.
    pub edges: Vec<JobEdge>,
}

/// One chain of operators: what one task runs on one thread. Flink's `JobVertex`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobVertex {
    /// Its number.
    pub id: VertexId,
    /// The chain as Flink prints it: `Source: numbers -> Map -> Sink: Print to Std. Out`, and
    /// `A -> (B, C -> D)` where it branches.
    pub name: String,
    /// The operators, depth first: the head at 0, and each before those that it feeds.
    pub operators: Vec<ChainedOperator>,
    /// Subtasks.
    pub parallelism: u32,
    /// Key groups: what the head asked for, else the job, else Flink's default. Only a head can have keyed
    /// state, so that the others of the chain need no number of their own.
    pub max_parallelism: u32,
    /// Subtasks of one group share slots.
    pub slot_sharing_group: String,
}

/// One operator of a chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChainedOperator {
    /// The operator as the program wrote it.
    pub node: NodeId,
    /// Whose state is whose.
    pub id: OperatorId,
    /// Its printed name: `Source: numbers`, `Map`.
    pub name: String,
    /// Where its outputs go, in the order of the stream graph's edges.
    pub targets: Vec<ChainTarget>,
}

/// Where an output of a chained operator goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChainTarget {
    /// To another operator of the chain, always at its input 0: an operator with several inputs is the head
    /// of its chain.
    Operator {
        /// Which output.
        output: OutputName,
        /// The place of the other in [`JobVertex::operators`], greater than its own.
        index: usize,
    },
    /// Out of the chain.
    Edge {
        /// Which output.
        output: OutputName,
        /// The exchange it enters.
        edge: EdgeId,
    },
}

/// An exchange between two chains. Flink's `JobEdge` with its intermediate data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobEdge {
    /// Its number.
    pub id: EdgeId,
    /// From.
    pub source: VertexId,
    /// Which operator of that chain, by its place in [`JobVertex::operators`].
    pub source_operator: usize,
    /// To the head of this chain.
    pub target: VertexId,
    /// Which input of that head, from 0.
    pub port: u32,
    /// Which output of the source operator.
    pub output: OutputName,
    /// How records are shared out over the target's subtasks.
    pub partitioner: Partitioner,
    /// The edge of the stream graph that this is, by its place there.
    pub stream_edge: usize,
}

impl JobGraph {
    /// The vertex of this id.
    ///
    /// # Panics
    /// If the id is not one of this graph.
    pub fn vertex(&self, id: VertexId) -> &JobVertex {
        &self.vertices[id.0 as usize]
    }

    /// The edge of this id.
    ///
    /// # Panics
    /// If the id is not one of this graph.
    pub fn edge(&self, id: EdgeId) -> &JobEdge {
        &self.edges[id.0 as usize]
    }

    /// The edges into a vertex, in order of port, then of edge id. This is the order of a task's inputs.
    pub fn inputs_of(&self, vertex: VertexId) -> Vec<&JobEdge> {
        let mut edges: Vec<&JobEdge> = self.edges.iter().filter(|edge| edge.target == vertex).collect();
        edges.sort_by_key(|edge| (edge.port, edge.id));
        edges
    }

    /// The edges out of a vertex, in order of edge id.
    pub fn outputs_of(&self, vertex: VertexId) -> Vec<&JobEdge> {
        self.edges.iter().filter(|edge| edge.source == vertex).collect()
    }
}
