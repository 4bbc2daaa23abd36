//! Which edges enter and leave each node.
use hurtig_core::ids::NodeId;

use crate::stream::StreamGraph;

/// The edges at each node by their places in [`StreamGraph::edges`], in that order.
pub(crate) struct Adjacency {
    inputs: Vec<Vec<usize>>,
    outputs: Vec<Vec<usize>>,
}

impl Adjacency {
    /// Of a graph whose edges name nodes that it has.
    pub(crate) fn of(stream: &StreamGraph) -> Self {
        let mut inputs = vec![Vec::new(); stream.nodes.len()];
        let mut outputs = inputs.clone();
        for (index, edge) in stream.edges.iter().enumerate() {
            inputs[edge.target.0 as usize].push(index);
            outputs[edge.source.0 as usize].push(index);
        }
        Adjacency { inputs, outputs }
    }

    /// The edges into a node.
    pub(crate) fn inputs(&self, node: NodeId) -> &[usize] {
        &self.inputs[node.0 as usize]
    }

    /// The edges out of a node.
    pub(crate) fn outputs(&self, node: NodeId) -> &[usize] {
        &self.outputs[node.0 as usize]
    }
}
