//! Tests of the crate as a whole, and the small programs that they are about.
mod chaining;
mod execution;
mod explain;
mod fingerprint;
mod identity;
mod validate;

use hurtig_core::ids::{JobId, NodeId};
use hurtig_core::{Configuration, Result};

use crate::{
    ChainingStrategy, ExecutionGraph, JobGraph, NodeRole, OutputName, Partitioner, StreamEdge, StreamGraph,
    StreamNode,
};

/// A program of operators of parallelism 2 with these names and connections (from, to, input). What nothing
/// leads to is a source, what leads nowhere a sink; every edge forwards.
fn program(names: &[&str], edges: &[(u32, u32, u32)]) -> StreamGraph {
    let node = |(index, name): (usize, &&str)| {
        let id = index as u32;
        let role = match (edges.iter().any(|edge| edge.1 == id), edges.iter().any(|edge| edge.0 == id)) {
            (false, _) => NodeRole::Source { bounded: true },
            (true, true) => NodeRole::Operator,
            (true, false) => NodeRole::Sink,
        };
        StreamNode {
            id: NodeId(id),
            name: (*name).to_owned(),
            uid: None,
            kind: (*name).to_owned(),
            role,
            parallelism: 2,
            max_parallelism: None,
            slot_sharing_group: None,
            chaining: ChainingStrategy::Always,
            output_type: if role == NodeRole::Sink { String::new() } else { "BIGINT NOT NULL".to_owned() },
            digest: 0,
        }
    };
    let edge = |&(source, target, port): &(u32, u32, u32)| StreamEdge {
        source: NodeId(source),
        target: NodeId(target),
        port,
        output: OutputName::Main,
        partitioner: Partitioner::Forward,
        record_type: "BIGINT NOT NULL".to_owned(),
    };
    StreamGraph {
        name: "test".to_owned(),
        nodes: names.iter().enumerate().map(node).collect(),
        edges: edges.iter().map(edge).collect(),
    }
}

/// `numbers -> Map -> print`.
fn line() -> StreamGraph {
    program(&["numbers", "Map", "print"], &[(0, 1, 0), (1, 2, 0)])
}

fn hash_by(key_type: &str) -> Partitioner {
    Partitioner::Hash { key_type: key_type.to_owned() }
}

fn job_graph(stream: &StreamGraph) -> Result<JobGraph> {
    stream.job_graph(&Configuration::new())
}

fn execution_graph(stream: &StreamGraph) -> ExecutionGraph {
    let job = job_graph(stream).unwrap();
    ExecutionGraph { job_id: JobId(7), job, fingerprint: stream.fingerprint() }
}

fn check_error<T>(result: Result<T>, expect: &str) {
    match result {
        Ok(_) => panic!("no error, expected '{expect}'"),
        Err(error) => assert!(error.to_string().contains(expect), "{error}\nexpected '{expect}'"),
    }
}
