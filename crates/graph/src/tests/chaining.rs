use hurtig_core::config::options;
use hurtig_core::ids::{NodeId, VertexId};

use super::*;
use crate::{ChainTarget, EdgeId};

/// Changes the program `numbers -> Map -> print` and looks at its chains.
fn check(change: impl FnOnce(&mut StreamGraph), expect: &[&str]) {
    let mut stream = line();
    change(&mut stream);
    check_names(&stream, expect);
}

fn check_names(stream: &StreamGraph, expect: &[&str]) {
    let job = job_graph(stream).unwrap();
    let names: Vec<&str> = job.vertices.iter().map(|vertex| vertex.name.as_str()).collect();
    assert_eq!(names, expect);
}

const WHOLE: &[&str] = &["Source: numbers -> Map -> Sink: print"];
const BEFORE_MAP: &[&str] = &["Source: numbers", "Map -> Sink: print"];
const BEHIND_MAP: &[&str] = &["Source: numbers -> Map", "Sink: print"];
const APART: &[&str] = &["Source: numbers", "Map", "Sink: print"];

#[test]
fn strategies() {
    let set = |node: usize, strategy| move |stream: &mut StreamGraph| stream.nodes[node].chaining = strategy;
    check(|_| {}, WHOLE);
    check(set(0, ChainingStrategy::Head), WHOLE);
    check(set(1, ChainingStrategy::Head), BEFORE_MAP);
    check(set(1, ChainingStrategy::Never), APART);
    check(set(0, ChainingStrategy::Never), BEFORE_MAP);
    check(set(2, ChainingStrategy::Never), BEHIND_MAP);
}

#[test]
fn partitioners() {
    let all_but_forward = [
        hash_by("BIGINT NOT NULL"),
        Partitioner::Rebalance,
        Partitioner::Rescale,
        Partitioner::Broadcast,
        Partitioner::Global,
        Partitioner::Shuffle,
        Partitioner::Custom,
    ];
    for partitioner in all_but_forward {
        check(|stream| stream.edges[0].partitioner = partitioner, BEFORE_MAP);
    }
    check(|stream| stream.edges[1].partitioner = Partitioner::Forward, WHOLE);
}

#[test]
fn parallelism() {
    let all = |parallelism| {
        move |stream: &mut StreamGraph| {
            stream.nodes.iter_mut().for_each(|node| node.parallelism = parallelism);
        }
    };
    check(all(1), WHOLE);
    check(all(9), WHOLE);
    check(
        |stream| {
            stream.nodes[2].parallelism = 1;
            stream.edges[1].partitioner = Partitioner::Rebalance;
        },
        BEHIND_MAP,
    );
}

#[test]
fn slot_sharing_groups_cut_and_are_inherited() {
    let group = |node: usize| {
        move |stream: &mut StreamGraph| stream.nodes[node].slot_sharing_group = Some("heavy".to_owned())
    };
    check(group(0), WHOLE);
    check(group(1), BEFORE_MAP);
    check(group(2), BEHIND_MAP);
    check(|stream| stream.nodes[1].slot_sharing_group = Some("default".to_owned()), WHOLE);

    let check_groups = |set: &[(usize, &str)], expect: &[&str]| {
        let mut stream = program(&["a", "b", "join", "sink"], &[(0, 2, 0), (1, 2, 1), (2, 3, 0)]);
        stream.edges[2].partitioner = Partitioner::Rebalance;
        for (node, group) in set {
            stream.nodes[*node].slot_sharing_group = Some((*group).to_owned());
        }
        let job = job_graph(&stream).unwrap();
        let groups: Vec<&str> =
            job.vertices.iter().map(|vertex| vertex.slot_sharing_group.as_str()).collect();
        assert_eq!(groups, expect, "{set:?}");
    };
    check_groups(&[], &["default"; 4]);
    check_groups(&[(0, "x"), (1, "x")], &["x"; 4]);
    check_groups(&[(0, "x"), (1, "y")], &["x", "y", "default", "default"]);
    check_groups(&[(0, "x")], &["x", "default", "default", "default"]);
    check_groups(&[(2, "z")], &["default", "default", "z", "z"]);
}

#[test]
fn the_job_may_forbid_chaining() {
    let job_with = |text| {
        let mut configuration = Configuration::new();
        configuration.set(options::CHAINING.key(), text);
        line().job_graph(&configuration)
    };
    assert_eq!(job_with("true").unwrap().vertices.len(), 1);
    assert_eq!(job_with("false").unwrap().vertices.len(), 3);
    check_error(job_with("maybe"), "option 'pipeline.operator-chaining.enabled' has the value 'maybe'");
}

#[test]
fn several_inputs_are_never_chained() {
    let union = program(&["a", "b", "Map", "print"], &[(0, 2, 0), (1, 2, 0), (2, 3, 0)]);
    check_names(&union, &["Source: a", "Source: b", "Map -> Sink: print"]);
    let join = program(&["a", "b", "Join", "print"], &[(0, 2, 0), (1, 2, 1), (2, 3, 0)]);
    check_names(&join, &["Source: a", "Source: b", "Join -> Sink: print"]);
    let with_itself = program(&["a", "Map", "print"], &[(0, 1, 0), (0, 1, 0), (1, 2, 0)]);
    check_names(&with_itself, &["Source: a", "Map -> Sink: print"]);
}

#[test]
fn chains_may_be_trees() {
    let tree = program(&["A", "B", "C", "D"], &[(0, 1, 0), (0, 2, 0), (2, 3, 0)]);
    check_names(&tree, &["Source: A -> (Sink: B, C -> Sink: D)"]);
    let deeper = program(&["A", "B", "C", "D", "E"], &[(0, 1, 0), (0, 4, 0), (1, 2, 0), (1, 3, 0)]);
    check_names(&deeper, &["Source: A -> (B -> (Sink: C, Sink: D), Sink: E)"]);
}

#[test]
fn a_trees_operators_stand_depth_first() {
    // Written breadth first: A; B, C behind A; D behind B; E behind C.
    let mut stream = program(&["A", "B", "C", "D", "E"], &[(0, 1, 0), (0, 2, 0), (1, 3, 0), (2, 4, 0)]);
    stream.edges[1].output = OutputName::Side("late".to_owned());
    let job = job_graph(&stream).unwrap();
    let [vertex] = job.vertices.as_slice() else { panic!("{job:?}") };
    let nodes: Vec<u32> = vertex.operators.iter().map(|operator| operator.node.0).collect();
    assert_eq!(nodes, [0, 1, 3, 2, 4]);
    let main = |index| ChainTarget::Operator { output: OutputName::Main, index };
    let late = ChainTarget::Operator { output: OutputName::Side("late".to_owned()), index: 3 };
    assert_eq!(vertex.operators[0].targets, [main(1), late]);
    assert_eq!(vertex.operators[1].targets, [main(2)]);
    assert_eq!(vertex.operators[3].targets, [main(4)]);
    assert!(job.edges.is_empty());
}

#[test]
fn side_outputs_are_chained_like_main_outputs() {
    let side = OutputName::Side("late".to_owned());
    check(|stream| stream.edges[1].output = side.clone(), WHOLE);
    let cut = |stream: &mut StreamGraph| {
        stream.edges[1].output = side.clone();
        stream.edges[1].partitioner = Partitioner::Rebalance;
    };
    check(cut, BEHIND_MAP);
}

#[test]
fn what_is_not_chained_is_an_edge() {
    let mut stream =
        program(&["a", "Map", "b", "Join", "print"], &[(0, 1, 0), (2, 3, 1), (1, 3, 0), (3, 4, 0)]);
    stream.edges[1].partitioner = hash_by("STRING");
    stream.edges[2].partitioner = hash_by("STRING");
    let job = job_graph(&stream).unwrap();
    check_names(&stream, &["Source: a -> Map", "Source: b", "Join -> Sink: print"]);

    let first = job.edge(EdgeId(0));
    assert_eq!((first.source, first.source_operator, first.target), (VertexId(1), 0, VertexId(2)));
    assert_eq!((first.port, first.stream_edge), (1, 1));
    let second = job.edge(EdgeId(1));
    assert_eq!((second.source, second.source_operator, second.target), (VertexId(0), 1, VertexId(2)));
    assert_eq!((second.port, second.stream_edge), (0, 2));
    assert_eq!(second.partitioner, hash_by("STRING"));

    let ids = |edges: Vec<&crate::JobEdge>| edges.iter().map(|edge| edge.id.0).collect::<Vec<_>>();
    assert_eq!(ids(job.inputs_of(VertexId(2))), [1, 0], "in order of the port");
    assert_eq!(ids(job.outputs_of(VertexId(0))), [1]);
    assert_eq!(ids(job.outputs_of(VertexId(2))), Vec::<u32>::new());

    let map = &job.vertex(VertexId(0)).operators[1];
    assert_eq!(map.node, NodeId(1));
    assert_eq!(map.targets, [ChainTarget::Edge { output: OutputName::Main, edge: EdgeId(1) }]);
}

#[test]
fn a_name_that_says_what_it_is_stays() {
    let stream = program(&["Source: a", "Sink: b"], &[(0, 1, 0)]);
    check_names(&stream, &["Source: a -> Sink: b"]);
}

#[test]
fn max_parallelism_is_the_nodes_else_the_jobs_else_flinks() {
    let check = |of_node: Option<u32>, of_job: Option<&str>, parallelism: u32, expect: Result<u32, &str>| {
        let mut stream = line();
        for node in &mut stream.nodes {
            node.parallelism = parallelism;
        }
        stream.nodes[0].max_parallelism = of_node;
        let mut configuration = Configuration::new();
        if let Some(text) = of_job {
            configuration.set(options::MAX_PARALLELISM.key(), text);
        }
        match (stream.job_graph(&configuration), expect) {
            (Ok(job), Ok(expect)) => assert_eq!(job.vertices[0].max_parallelism, expect),
            (result, Err(expect)) => check_error(result, expect),
            (Err(error), Ok(_)) => panic!("{error}"),
        }
    };
    check(None, None, 2, Ok(128));
    check(None, None, 100, Ok(256));
    check(None, Some("64"), 2, Ok(64));
    check(Some(32), Some("64"), 2, Ok(32));
    check(Some(32), None, 32, Ok(32));
    check(
        Some(32),
        None,
        33,
        Err("operator 'Source: numbers' (node 0) has parallelism 33, which is above its max parallelism 32"),
    );
    check(None, Some("64"), 65, Err("has parallelism 65, which is above its max parallelism 64"));
    check(None, None, 40_000, Err("has parallelism 40000, which is above its max parallelism 32768"));
    check(None, Some("0"), 2, Err("option 'pipeline.max-parallelism' has the value '0'"));
    check(Some(0), None, 2, Err("operator 'Source: numbers' (node 0): the max parallelism must be between"));
    check(Some(32_769), None, 2, Err("not 32769"));
}

#[test]
fn a_long_chain_is_no_deep_recursion() {
    let names: Vec<String> = (0..5_000).map(|index| format!("m{index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let edges: Vec<(u32, u32, u32)> = (1..5_000).map(|index| (index - 1, index, 0)).collect();
    let job = job_graph(&program(&names, &edges)).unwrap();
    assert_eq!(job.vertices[0].operators.len(), 5_000);
    assert!(job.vertices[0].name.ends_with("m4998 -> Sink: m4999"));
}

#[test]
fn a_job_graph_survives_its_own_text() {
    let mut stream = line();
    stream.edges[0].partitioner = hash_by("STRING");
    stream.nodes[1].uid = Some("map".to_owned());
    let job = job_graph(&stream).unwrap();
    let text = serde_json::to_string(&job).unwrap();
    assert_eq!(serde_json::from_str::<JobGraph>(&text).unwrap(), job);
}
