use hurtig_core::ids::{SubtaskIndex, VertexId};

use super::*;
use crate::{EdgeId, Slot, SubtaskId};

/// `a` with `producers` subtasks joined to `b` with `consumers`.
fn exchange(partitioner: &Partitioner, producers: u32, consumers: u32) -> ExecutionGraph {
    let mut stream = program(&["a", "b"], &[(0, 1, 0)]);
    stream.edges[0].partitioner = partitioner.clone();
    stream.nodes[0].parallelism = producers;
    stream.nodes[1].parallelism = consumers;
    stream.nodes[1].chaining = ChainingStrategy::Never;
    execution_graph(&stream)
}

fn channels(graph: &ExecutionGraph, producer: u32) -> Vec<u32> {
    graph.channels(EdgeId(0), SubtaskIndex(producer)).iter().map(|subtask| subtask.0).collect()
}

fn producers(graph: &ExecutionGraph, consumer: u32) -> Vec<u32> {
    graph.producers(EdgeId(0), SubtaskIndex(consumer)).iter().map(|subtask| subtask.0).collect()
}

#[test]
fn both_sides_agree_on_every_exchange() {
    let partitioners = [
        Partitioner::Forward,
        hash_by("STRING"),
        Partitioner::Rebalance,
        Partitioner::Rescale,
        Partitioner::Broadcast,
        Partitioner::Global,
        Partitioner::Shuffle,
        Partitioner::Custom,
    ];
    for partitioner in &partitioners {
        for (p, c) in (1..=9).flat_map(|p| (1..=9).map(move |c| (p, c))) {
            if *partitioner == Partitioner::Forward && p != c {
                continue;
            }
            let graph = exchange(partitioner, p, c);
            for (i, j) in (0..p).flat_map(|i| (0..c).map(move |j| (i, j))) {
                let (there, back) = (channels(&graph, i).contains(&j), producers(&graph, j).contains(&i));
                assert_eq!(there, back, "{partitioner} {p} to {c}: {i} to {j}");
                let expect = match partitioner {
                    Partitioner::Forward => i == j,
                    Partitioner::Rescale => there,
                    _ => true,
                };
                assert_eq!(there, expect, "{partitioner} {p} to {c}: {i} to {j}");
            }
            assert!(channels(&graph, p).is_empty() && producers(&graph, c).is_empty());
        }
    }
}

#[test]
fn rescale_is_even_and_leaves_nobody_out() {
    for (p, c) in (1..=9).flat_map(|p| (1..=9).map(move |c| (p, c))) {
        let graph = exchange(&Partitioner::Rescale, p, c);
        let out: Vec<Vec<u32>> = (0..p).map(|producer| channels(&graph, producer)).collect();
        let into: Vec<Vec<u32>> = (0..c).map(|consumer| producers(&graph, consumer)).collect();
        let (many, few) = if p > c { (&into, &out) } else { (&out, &into) };
        assert!(few.iter().all(|peers| peers.len() == 1), "{p} to {c}: {few:?}");
        let (least, most) = (p.max(c) / p.min(c), p.max(c).div_ceil(p.min(c)));
        assert!(
            many.iter().all(|peers| (least..=most).contains(&(peers.len() as u32))),
            "{p} to {c}: {many:?}"
        );
        assert_eq!(many.concat(), (0..p.max(c)).collect::<Vec<_>>(), "{p} to {c}: in order, each once");
    }
}

#[test]
fn rescale_as_flink_lays_it_out() {
    let check = |p: u32, c: u32, expect: &[&[u32]]| {
        let graph = exchange(&Partitioner::Rescale, p, c);
        let out: Vec<Vec<u32>> = (0..p).map(|producer| channels(&graph, producer)).collect();
        assert_eq!(out, expect, "{p} to {c}");
    };
    check(2, 4, &[&[0, 1], &[2, 3]]);
    check(4, 2, &[&[0], &[0], &[1], &[1]]);
    check(3, 5, &[&[0, 1], &[2, 3], &[4]]);
    check(5, 3, &[&[0], &[1], &[1], &[2], &[2]]);
    check(3, 3, &[&[0], &[1], &[2]]);
}

#[test]
fn subtasks_stand_in_order_of_their_vertices() {
    let graph = exchange(&Partitioner::Rebalance, 1, 2);
    let subtasks: Vec<(u32, u32)> =
        graph.subtasks().map(|subtask| (subtask.vertex.0, subtask.subtask.0)).collect();
    assert_eq!(subtasks, [(0, 0), (1, 0), (1, 1)]);
}

#[test]
fn a_group_needs_as_many_slots_as_its_widest_vertex() {
    let graph = exchange(&Partitioner::Rebalance, 3, 5);
    assert_eq!(graph.slots_required(), 5);

    let mut stream = program(&["a", "b", "c"], &[(0, 1, 0), (1, 2, 0)]);
    for (node, parallelism) in stream.nodes.iter_mut().zip([2, 1, 3]) {
        node.parallelism = parallelism;
    }
    stream.nodes[1].slot_sharing_group = Some("a group of its own".to_owned());
    stream.nodes[2].slot_sharing_group = Some("default".to_owned());
    for edge in &mut stream.edges {
        edge.partitioner = Partitioner::Rebalance;
    }
    let graph = execution_graph(&stream);
    assert_eq!(graph.slots_required(), 4);
    let slot = |group: &str, index, subtasks: &[(u32, u32)]| Slot {
        group: group.to_owned(),
        index,
        subtasks: subtasks
            .iter()
            .map(|&(vertex, subtask)| SubtaskId { vertex: VertexId(vertex), subtask: SubtaskIndex(subtask) })
            .collect(),
    };
    let expect = [
        slot("a group of its own", 0, &[(1, 0)]),
        slot("default", 0, &[(0, 0), (2, 0)]),
        slot("default", 1, &[(0, 1), (2, 1)]),
        slot("default", 2, &[(2, 2)]),
    ];
    assert_eq!(graph.slots(), expect);
}

#[test]
fn an_execution_graph_survives_its_own_text() {
    let graph = exchange(&hash_by("STRING"), 3, 5);
    let text = serde_json::to_string(&graph).unwrap();
    assert_eq!(serde_json::from_str::<ExecutionGraph>(&text).unwrap(), graph);
}
