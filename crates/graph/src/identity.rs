//! Which operator is which, from one version of a program to the next: state is found again by this.
//!
//! An operator with a `uid` has the XXH3-128 (seed 0) of the uid's UTF-8 bytes as its id, wherever it stands.
//! One without is known by its place, as in Flink's `StreamGraphHasherV2` (but with XXH3-128 over one
//! encoding of all that counts, where Flink mixes Murmur3 hashes): by the number of operators that a
//! breadth-first walk from the sources meets before it, by which of its outputs are chained, and by the ids
//! of its inputs. So an id of the latter kind changes with everything before the operator, and with the
//! chaining around it: a job that is to be restored from a savepoint gives uids to whatever has state.
use std::collections::{HashMap, VecDeque};

use hurtig_core::ids::OperatorId;
use hurtig_core::{Error, Result};
use xxhash_rust::xxh3::xxh3_128;

use crate::canonical::Canonical;
use crate::chaining::ChainingRules;
use crate::stream::{StreamGraph, StreamNode};

/// The id of each node, in order of the nodes. Fails if two nodes have one uid. Takes a valid graph.
pub(crate) fn operator_ids(rules: &ChainingRules<'_>) -> Result<Vec<OperatorId>> {
    let (stream, adjacency) = (rules.stream, &rules.adjacency);
    check_uids(stream)?;
    let mut ids = vec![OperatorId(0); stream.nodes.len()];
    // A node comes into the queue once the last of its inputs has its id.
    let mut inputs_left: Vec<usize> =
        stream.nodes.iter().map(|node| adjacency.inputs(node.id).len()).collect();
    let mut queue: VecDeque<&StreamNode> =
        stream.nodes.iter().filter(|node| adjacency.inputs(node.id).is_empty()).collect();
    let mut number = 0;
    while let Some(node) = queue.pop_front() {
        ids[node.id.0 as usize] = match &node.uid {
            Some(uid) => OperatorId(xxh3_128(uid.as_bytes())),
            None => id_of_place(rules, node, number, &ids),
        };
        number += 1;
        for &edge in adjacency.outputs(node.id) {
            let target = stream.edges[edge].target.0 as usize;
            inputs_left[target] -= 1;
            if inputs_left[target] == 0 {
                queue.push_back(&stream.nodes[target]);
            }
        }
    }
    Ok(ids)
}

fn id_of_place(rules: &ChainingRules<'_>, node: &StreamNode, number: u32, ids: &[OperatorId]) -> OperatorId {
    let mut canonical = Canonical::new("hurtig operator without uid 1");
    canonical.u32(number);
    let outputs = rules.adjacency.outputs(node.id);
    canonical.count(outputs.iter().filter(|&&edge| rules.is_chainable(edge)).count());
    for (index, &edge) in outputs.iter().enumerate() {
        if rules.is_chainable(edge) {
            canonical.count(index);
        }
    }
    let inputs = rules.adjacency.inputs(node.id);
    canonical.count(inputs.len());
    for &edge in inputs {
        canonical.u128(ids[rules.stream.edges[edge].source.0 as usize].0);
    }
    OperatorId(canonical.finish())
}

fn check_uids(stream: &StreamGraph) -> Result<()> {
    let mut owners: HashMap<&str, &StreamNode> = HashMap::new();
    for node in &stream.nodes {
        let Some(uid) = node.uid.as_deref() else { continue };
        if let Some(other) = owners.insert(uid, node) {
            return Err(Error::user(format!(
                "operators {} and {} have the same uid '{uid}', expected every uid once",
                other.label(),
                node.label()
            )));
        }
    }
    Ok(())
}
