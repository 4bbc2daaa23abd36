//! The number by which two processes know that they have built the same job.
use crate::canonical::Canonical;
use crate::stream::{
    ChainingStrategy, NodeRole, OutputName, Partitioner, StreamEdge, StreamGraph, StreamNode,
};

impl StreamGraph {
    /// XXH3-128 over a canonical encoding of the whole graph: the same for two builds of the same program,
    /// another when any field of any node or edge is another. The configuration is not part of it: it
    /// travels with the job.
    pub fn fingerprint(&self) -> u128 {
        let StreamGraph { name, nodes, edges } = self;
        let mut canonical = Canonical::new("hurtig stream graph 1");
        canonical.text(name);
        canonical.count(nodes.len());
        for node in nodes {
            write_node(&mut canonical, node);
        }
        canonical.count(edges.len());
        for edge in edges {
            write_edge(&mut canonical, edge);
        }
        canonical.finish()
    }
}

// Nodes and edges are taken apart without `..`, so that a new field cannot be forgotten here.

fn write_node(canonical: &mut Canonical, node: &StreamNode) {
    let StreamNode {
        id,
        name,
        uid,
        kind,
        role,
        parallelism,
        max_parallelism,
        slot_sharing_group,
        chaining,
        output_type,
        digest,
    } = node;
    canonical.u32(id.0);
    canonical.text(name);
    canonical.option(uid.as_deref(), Canonical::text);
    canonical.text(kind);
    canonical.u8(match role {
        NodeRole::Source { bounded: false } => 0,
        NodeRole::Source { bounded: true } => 1,
        NodeRole::Operator => 2,
        NodeRole::Sink => 3,
    });
    canonical.u32(*parallelism);
    canonical.option(*max_parallelism, Canonical::u32);
    canonical.option(slot_sharing_group.as_deref(), Canonical::text);
    canonical.u8(match chaining {
        ChainingStrategy::Always => 0,
        ChainingStrategy::Head => 1,
        ChainingStrategy::Never => 2,
    });
    canonical.text(output_type);
    canonical.u64(*digest);
}

fn write_edge(canonical: &mut Canonical, edge: &StreamEdge) {
    let StreamEdge { source, target, port, output, partitioner, record_type } = edge;
    canonical.u32(source.0);
    canonical.u32(target.0);
    canonical.u32(*port);
    match output {
        OutputName::Main => canonical.u8(0),
        OutputName::Side(tag) => {
            canonical.u8(1);
            canonical.text(tag);
        }
    }
    match partitioner {
        Partitioner::Forward => canonical.u8(0),
        Partitioner::Hash { key_type } => {
            canonical.u8(1);
            canonical.text(key_type);
        }
        Partitioner::Rebalance => canonical.u8(2),
        Partitioner::Rescale => canonical.u8(3),
        Partitioner::Broadcast => canonical.u8(4),
        Partitioner::Global => canonical.u8(5),
        Partitioner::Shuffle => canonical.u8(6),
        Partitioner::Custom => canonical.u8(7),
    }
    canonical.text(record_type);
}
