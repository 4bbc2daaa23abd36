//! A program: the graph, and what its nodes and edges stand for.
//!
//! The graph is data and travels; the factories are code and stay in the executable, which every process of
//! the job runs. Both are built by the same calls, so node `i` of the graph is factory `i`.
use std::sync::Arc;

use hurtig_connector::erased::{ErasedSink, ErasedSource};
use hurtig_connector::watermark::ErasedStrategy;
use hurtig_core::Configuration;
use hurtig_core::batch::BatchType;
use hurtig_graph::StreamGraph;

use crate::operator::Operator;
use crate::route::Route;

/// What a node stands for.
#[derive(Clone)]
pub enum NodeFactory {
    /// A source with its watermarks.
    Source {
        /// Makes enumerator and readers.
        source: Arc<dyn ErasedSource>,
        /// Timestamps and watermarks per split.
        strategy: ErasedStrategy,
    },
    /// An operator; called once per subtask.
    Operator(Arc<dyn Fn() -> Box<dyn Operator> + Send + Sync>),
    /// A sink.
    Sink(Arc<dyn ErasedSink>),
}

/// What an edge carries and how it shares it out.
#[derive(Clone)]
pub struct EdgeFactory {
    /// How batches become bytes.
    pub batch_type: BatchType,
    /// Keys or the user's partitioner.
    pub route: Route,
}

/// What `execute` runs.
#[derive(Clone)]
pub struct Program {
    /// What the program wrote.
    pub graph: StreamGraph,
    /// What node `i` stands for.
    pub nodes: Vec<NodeFactory>,
    /// What edge `i` carries.
    pub edges: Vec<EdgeFactory>,
    /// What the user set.
    pub configuration: Configuration,
}
