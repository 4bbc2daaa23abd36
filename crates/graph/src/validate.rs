//! What a stream graph must be before anything is made of it. What a user can get wrong is a user's error;
//! what only an API that builds graphs can get wrong is a bug.
use hurtig_core::ids::NodeId;
use hurtig_core::{Error, Result};

use crate::adjacency::Adjacency;
use crate::stream::{NodeRole, Partitioner, StreamEdge, StreamGraph, StreamNode};

impl StreamGraph {
    /// Fails if the graph cannot be run. A source that nothing consumes is fine, as in Flink, and so is an
    /// operator whose output goes nowhere.
    pub fn validate(&self) -> Result<()> {
        if self.nodes.is_empty() {
            return Err(Error::user("No operators defined in streaming topology. Cannot execute."));
        }
        for (index, node) in self.nodes.iter().enumerate() {
            check_node(index, node)?;
        }
        for (index, edge) in self.edges.iter().enumerate() {
            self.check_edge(index, edge)?;
        }
        self.check_inputs()
    }

    fn check_edge(&self, index: usize, edge: &StreamEdge) -> Result<()> {
        let node = |id: NodeId| {
            self.nodes.get(id.0 as usize).ok_or_else(|| {
                Error::bug(format!("edge {index} names node {id}, the graph has {} nodes", self.nodes.len()))
            })
        };
        let (source, target) = (node(edge.source)?, node(edge.target)?);
        if edge.source >= edge.target {
            return Err(Error::bug(format!(
                "edge {index} goes back, from {} to {}",
                source.label(),
                target.label()
            )));
        }
        if source.role == NodeRole::Sink {
            return Err(Error::bug(format!(
                "the sink {} has an output, to {}",
                source.label(),
                target.label()
            )));
        }
        if let NodeRole::Source { .. } = target.role {
            return Err(Error::bug(format!(
                "the source {} has an input, from {}",
                target.label(),
                source.label()
            )));
        }
        if edge.partitioner == Partitioner::Forward && source.parallelism != target.parallelism {
            return Err(Error::user(format!(
                "Forward partitioning does not allow change of parallelism. Upstream operation: {} \
                 parallelism: {}, downstream operation: {} parallelism: {}. You must use another partitioning \
                 strategy, such as broadcast, rebalance, shuffle or global.",
                source.label(),
                source.parallelism,
                target.label(),
                target.parallelism
            )));
        }
        Ok(())
    }

    /// What the edges into one node must have in common. Takes the edges' ends as checked.
    fn check_inputs(&self) -> Result<()> {
        let adjacency = Adjacency::of(self);
        for node in &self.nodes {
            let mut edges: Vec<&StreamEdge> =
                adjacency.inputs(node.id).iter().map(|&edge| &self.edges[edge]).collect();
            edges.sort_by_key(|edge| edge.port);
            check_ports(node, &edges)?;
            check_union_types(node, &edges)?;
            check_key_types(node, &edges)?;
        }
        Ok(())
    }
}

fn check_node(index: usize, node: &StreamNode) -> Result<()> {
    if node.id.0 as usize != index {
        return Err(Error::bug(format!("node {index} of the graph says that it is {}", node.label())));
    }
    if node.parallelism == 0 {
        return Err(Error::user(format!("operator {} has parallelism 0, expected at least 1", node.label())));
    }
    Ok(())
}

/// Inputs are numbered from 0 without a gap; only a source has none.
fn check_ports(node: &StreamNode, edges: &[&StreamEdge]) -> Result<()> {
    if edges.is_empty() && !matches!(node.role, NodeRole::Source { .. }) {
        return Err(Error::bug(format!("operator {} has no input", node.label())));
    }
    let mut next = 0;
    for edge in edges {
        if edge.port > next {
            let (label, port) = (node.label(), edge.port);
            return Err(Error::bug(format!("operator {label} has an input {port}, but no input {next}")));
        }
        next = edge.port + 1;
    }
    Ok(())
}

/// A union joins streams of one type.
fn check_union_types(node: &StreamNode, edges: &[&StreamEdge]) -> Result<()> {
    for pair in edges.windows(2) {
        if pair[0].port == pair[1].port && pair[0].record_type != pair[1].record_type {
            return Err(Error::user(format!(
                "operator {}: input {} is a union of {} and {}, which are not the same type",
                node.label(),
                pair[0].port,
                pair[0].record_type,
                pair[1].record_type
            )));
        }
    }
    Ok(())
}

/// Keyed inputs of one operator meet in one state, so their keys are of one type.
fn check_key_types(node: &StreamNode, edges: &[&StreamEdge]) -> Result<()> {
    let mut first: Option<&str> = None;
    for edge in edges {
        let Partitioner::Hash { key_type } = &edge.partitioner else { continue };
        match first {
            Some(other) if other != key_type => {
                return Err(Error::user(format!(
                    "operator {}: its inputs are keyed by {other} and by {key_type}, which are not the same type",
                    node.label()
                )));
            }
            _ => first = Some(key_type),
        }
    }
    Ok(())
}
