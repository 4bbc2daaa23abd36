//! The stream graph: operators and edges as the program wrote them.
use hurtig_core::ids::NodeId;
use serde::{Deserialize, Serialize};

/// What the program wrote. Node `i` has id `i`; edges point from lower to higher ids.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StreamGraph {
    /// The job's name.
    pub name: String,
    /// Operators in the order of writing.
    pub nodes: Vec<StreamNode>,
    /// Connections.
    pub edges: Vec<StreamEdge>,
}

/// One operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreamNode {
    /// Its number.
    pub id: NodeId,
    /// What the user calls it, else what it is.
    pub name: String,
    /// The user's name for its state.
    pub uid: Option<String>,
    /// What it is, in Flink's words: `Map`, `Filter`, `Source`.
    pub kind: String,
    /// Source, sink or between.
    pub role: NodeRole,
    /// Subtasks.
    pub parallelism: u32,
    /// Key groups, if set for this operator.
    pub max_parallelism: Option<u32>,
    /// The slot sharing group, if set; else that of its inputs, else `default`.
    pub slot_sharing_group: Option<String>,
    /// Whether it may be chained.
    pub chaining: ChainingStrategy,
    /// The logical type of its output, printed; empty for a sink.
    pub output_type: String,
    /// A digest of what else decides what it does: options, a collection's content, window sizes.
    pub digest: u64,
}

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeRole {
    /// Has no input.
    Source {
        /// Ends by itself.
        bounded: bool,
    },
    /// Has inputs and outputs.
    Operator,
    /// Has no output.
    Sink,
}

/// Whether a node shares a task with the one before it. Flink's `ChainingStrategy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChainingStrategy {
    /// With the one before and the one behind.
    #[default]
    Always,
    /// Not with the one before (`start_new_chain`).
    Head,
    /// With neither (`disable_chaining`).
    Never,
}

/// Which output of a node an edge carries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OutputName {
    /// The main output.
    Main,
    /// The side output of this tag.
    Side(String),
}

/// A connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreamEdge {
    /// From.
    pub source: NodeId,
    /// To.
    pub target: NodeId,
    /// Which input of the target, from 0. Several edges may share an input: a union.
    pub port: u32,
    /// Which output of the source.
    pub output: OutputName,
    /// How records are shared out over the target's subtasks.
    pub partitioner: Partitioner,
    /// The logical type of a record on it, printed.
    pub record_type: String,
}

/// How records are shared out over subtasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Partitioner {
    /// Subtask i to subtask i; both sides have the same parallelism.
    Forward,
    /// By key group of the key's hash; the key's logical type, printed.
    Hash {
        /// The key's logical type.
        key_type: String,
    },
    /// In turn to all.
    Rebalance,
    /// In turn to those of a group: i of p producers sends to those consumers whose share is its own.
    Rescale,
    /// Each record to all.
    Broadcast,
    /// All to subtask 0.
    Global,
    /// At random, from a fixed seed.
    Shuffle,
    /// By the user's function.
    Custom,
}
