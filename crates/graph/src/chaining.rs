//! From stream graph to job graph: operators that need no exchange between them share a task.
//! Flink's `StreamingJobGraphGenerator`.
use hurtig_core::config::options;
use hurtig_core::ids::{NodeId, OperatorId, VertexId};
use hurtig_core::{Configuration, Result};

use crate::adjacency::Adjacency;
use crate::identity::operator_ids;
use crate::job::{ChainTarget, ChainedOperator, EdgeId, JobEdge, JobGraph, JobVertex};
use crate::name::chain_name;
use crate::parallelism::max_parallelisms;
use crate::slots::slot_sharing_groups;
use crate::stream::{ChainingStrategy, Partitioner, StreamGraph, StreamNode};

impl StreamGraph {
    /// Validates the graph and chains it. Reads `pipeline.operator-chaining.enabled` and
    /// `pipeline.max-parallelism`.
    ///
    /// An edge is chained if it is its target's only input edge (so neither a union nor an operator with
    /// several inputs is chained to what is before it), forwards, joins operators of one parallelism and
    /// one slot sharing group, and neither side's [`ChainingStrategy`] objects. Side outputs are chained
    /// like main outputs.
    pub fn job_graph(&self, configuration: &Configuration) -> Result<JobGraph> {
        self.validate()?;
        let chaining_enabled = configuration.get(&options::CHAINING)?;
        let max_parallelisms = max_parallelisms(self, configuration)?;
        let rules = ChainingRules::new(self, chaining_enabled);
        let ids = operator_ids(&rules)?;
        let chains = Chains::of(&rules);
        let edges = chains.edges();
        let vertices = chains.vertices(&ids, &max_parallelisms, &edges);
        Ok(JobGraph { name: self.name.clone(), vertices, edges })
    }
}

/// What decides whether an edge is chained.
pub(crate) struct ChainingRules<'a> {
    pub(crate) stream: &'a StreamGraph,
    pub(crate) adjacency: Adjacency,
    groups: Vec<&'a str>,
    enabled: bool,
}

impl<'a> ChainingRules<'a> {
    /// The rules for a valid graph; `enabled` is what the job says of chaining as such.
    pub(crate) fn new(stream: &'a StreamGraph, enabled: bool) -> Self {
        let adjacency = Adjacency::of(stream);
        let groups = slot_sharing_groups(stream, &adjacency);
        ChainingRules { stream, adjacency, groups, enabled }
    }

    /// Whether the edge at this place of the stream graph joins two operators of one chain.
    pub(crate) fn is_chainable(&self, edge: usize) -> bool {
        let edge = &self.stream.edges[edge];
        let (upstream, downstream) = (self.node(edge.source), self.node(edge.target));
        self.enabled
            && self.adjacency.inputs(edge.target).len() == 1
            && edge.partitioner == Partitioner::Forward
            && upstream.parallelism == downstream.parallelism
            && self.groups[edge.source.0 as usize] == self.groups[edge.target.0 as usize]
            && upstream.chaining != ChainingStrategy::Never
            && downstream.chaining == ChainingStrategy::Always
    }

    fn node(&self, id: NodeId) -> &'a StreamNode {
        &self.stream.nodes[id.0 as usize]
    }

    /// The nodes that are chained behind a node, in the order of its edges.
    fn chained_behind(&self, node: NodeId) -> impl DoubleEndedIterator<Item = NodeId> {
        let outputs = self.adjacency.outputs(node).iter();
        outputs.filter(|&&edge| self.is_chainable(edge)).map(|&edge| self.stream.edges[edge].target)
    }
}

/// Which nodes make up which vertex.
struct Chains<'a> {
    rules: &'a ChainingRules<'a>,
    /// The nodes of each vertex, depth first.
    members: Vec<Vec<NodeId>>,
    /// Where each node has come to.
    places: Vec<Place>,
}

#[derive(Clone, Copy)]
struct Place {
    vertex: VertexId,
    index: usize,
}

impl<'a> Chains<'a> {
    /// A chain begins at every node that is not chained to its input. As edges go forward, vertices in the
    /// order of their heads are in an order in which edges go forward again.
    fn of(rules: &'a ChainingRules<'a>) -> Self {
        let nowhere = Place { vertex: VertexId(0), index: 0 };
        let mut chains =
            Chains { rules, members: Vec::new(), places: vec![nowhere; rules.stream.nodes.len()] };
        for node in &rules.stream.nodes {
            if !rules.adjacency.inputs(node.id).iter().any(|&edge| rules.is_chainable(edge)) {
                chains.collect(node.id);
            }
        }
        chains
    }

    fn collect(&mut self, head: NodeId) {
        let vertex = VertexId(self.members.len() as u32);
        let mut members = Vec::new();
        let mut waiting = vec![head];
        while let Some(node) = waiting.pop() {
            self.places[node.0 as usize] = Place { vertex, index: members.len() };
            members.push(node);
            waiting.extend(self.rules.chained_behind(node).rev());
        }
        self.members.push(members);
    }

    fn place(&self, node: NodeId) -> Place {
        self.places[node.0 as usize]
    }

    /// What is not chained is an edge of the job graph.
    fn edges(&self) -> Vec<JobEdge> {
        let mut edges = Vec::new();
        for (stream_edge, edge) in self.rules.stream.edges.iter().enumerate() {
            if self.rules.is_chainable(stream_edge) {
                continue;
            }
            let source = self.place(edge.source);
            edges.push(JobEdge {
                id: EdgeId(edges.len() as u32),
                source: source.vertex,
                source_operator: source.index,
                target: self.place(edge.target).vertex,
                port: edge.port,
                output: edge.output.clone(),
                partitioner: edge.partitioner.clone(),
                stream_edge,
            });
        }
        edges
    }

    fn vertices(&self, ids: &[OperatorId], max_parallelisms: &[u32], edges: &[JobEdge]) -> Vec<JobVertex> {
        let operator = |&node: &NodeId| ChainedOperator {
            node,
            id: ids[node.0 as usize],
            name: self.rules.node(node).display_name(),
            targets: self.targets(node, edges),
        };
        let vertex = |(index, members): (usize, &Vec<NodeId>)| {
            let head = self.rules.node(members[0]);
            JobVertex {
                id: VertexId(index as u32),
                name: self.name(members),
                operators: members.iter().map(operator).collect(),
                parallelism: head.parallelism,
                max_parallelism: max_parallelisms[head.id.0 as usize],
                slot_sharing_group: self.rules.groups[head.id.0 as usize].to_owned(),
            }
        };
        self.members.iter().enumerate().map(vertex).collect()
    }

    fn targets(&self, node: NodeId, edges: &[JobEdge]) -> Vec<ChainTarget> {
        let target = |&stream_edge: &usize| {
            let edge = &self.rules.stream.edges[stream_edge];
            let output = edge.output.clone();
            // Job edges are in the order of the stream edges that they are.
            match edges.binary_search_by_key(&stream_edge, |edge| edge.stream_edge) {
                Ok(place) => ChainTarget::Edge { output, edge: edges[place].id },
                Err(_) => ChainTarget::Operator { output, index: self.place(edge.target).index },
            }
        };
        self.rules.adjacency.outputs(node).iter().map(target).collect()
    }

    /// The name of a whole chain, put together from its ends to its head.
    fn name(&self, members: &[NodeId]) -> String {
        let mut names: Vec<String> = vec![String::new(); members.len()];
        for (index, &node) in members.iter().enumerate().rev() {
            let behind = self.rules.chained_behind(node);
            let behind: Vec<String> =
                behind.map(|node| std::mem::take(&mut names[self.place(node).index])).collect();
            names[index] = chain_name(&self.rules.node(node).display_name(), &behind);
        }
        std::mem::take(&mut names[0])
    }
}
