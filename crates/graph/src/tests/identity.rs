use hurtig_core::ids::OperatorId;
use xxhash_rust::xxh3::xxh3_128;

use super::*;

/// The ids of the operators in order of their nodes.
fn ids(stream: &StreamGraph) -> Vec<OperatorId> {
    let job = job_graph(stream).unwrap();
    let mut operators: Vec<_> = job.vertices.iter().flat_map(|vertex| &vertex.operators).collect();
    operators.sort_by_key(|operator| operator.node);
    operators.iter().map(|operator| operator.id).collect()
}

/// The same program with another source and sink written before it.
fn with_more_before(stream: &StreamGraph) -> StreamGraph {
    let mut more = program(&["other", "file"], &[(0, 1, 0)]);
    for node in &stream.nodes {
        more.nodes.push(StreamNode { id: NodeId(node.id.0 + 2), ..node.clone() });
    }
    for edge in &stream.edges {
        let (source, target) = (NodeId(edge.source.0 + 2), NodeId(edge.target.0 + 2));
        more.edges.push(StreamEdge { source, target, ..edge.clone() });
    }
    more
}

#[test]
fn the_same_program_has_the_same_ids() {
    assert_eq!(ids(&line()), ids(&line()));
    let mut all = ids(&line());
    all.dedup();
    assert_eq!(all.len(), 3);
}

#[test]
fn a_uid_decides_alone() {
    let mut stream = line();
    stream.nodes[1].uid = Some("my-map".to_owned());
    let expect = OperatorId(xxh3_128(b"my-map"));
    assert_eq!(ids(&stream)[1], expect);
    assert_eq!(ids(&with_more_before(&stream))[3], expect);
    stream.nodes[1].name = "renamed".to_owned();
    stream.edges[0].partitioner = Partitioner::Rebalance;
    stream.nodes[1].chaining = ChainingStrategy::Never;
    assert_eq!(ids(&stream)[1], expect);
}

#[test]
fn a_place_decides_where_there_is_no_uid() {
    let before = ids(&line());
    assert_ne!(ids(&with_more_before(&line()))[2..], before);

    let mut renamed = line();
    renamed.nodes[1].name = "renamed".to_owned();
    renamed.nodes[1].digest = 3;
    assert_eq!(ids(&renamed), before, "names and options are no part of the place");

    let mut cut = line();
    cut.edges[1].partitioner = Partitioner::Rebalance;
    assert_eq!(ids(&cut)[0], before[0]);
    assert_ne!(ids(&cut)[1], before[1], "what is chained behind is part of the place");

    let mut named_input = line();
    named_input.nodes[0].uid = Some("numbers".to_owned());
    assert_ne!(ids(&named_input)[1], before[1], "so are the inputs' ids");
}

#[test]
fn an_operator_behind_changes_only_what_it_is_chained_to() {
    let mut stream = line();
    stream.edges[1].partitioner = Partitioner::Rebalance;
    let before = ids(&stream);
    let mut longer = program(&["numbers", "Map", "print", "file"], &[(0, 1, 0), (1, 2, 0), (1, 3, 0)]);
    longer.edges[1].partitioner = Partitioner::Rebalance;
    longer.edges[2].partitioner = Partitioner::Rebalance;
    assert_eq!(ids(&longer)[..3], before);
}

#[test]
fn twins_are_told_apart() {
    let stream = program(&["a", "Map", "Map", "Map"], &[(0, 1, 0), (0, 2, 0), (0, 3, 0)]);
    let mut all = ids(&stream);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 4);
}

#[test]
fn a_uid_belongs_to_one_operator() {
    let mut stream = line();
    stream.nodes[0].uid = Some("x".to_owned());
    stream.nodes[2].uid = Some("x".to_owned());
    check_error(
        job_graph(&stream),
        "operators 'Source: numbers' (node 0) and 'Sink: print' (node 2) have the same uid 'x'",
    );
}

/// State of released versions is found by these.
#[test]
fn ids_never_change() {
    let texts: Vec<String> = ids(&line()).iter().map(OperatorId::to_string).collect();
    assert_eq!(
        texts,
        [
            "4f61dafc264f78aa9e270405b6ed6c32",
            "d8a156bb439beb7d1630d458a08785de",
            "853670202a373f495d807149e5e31af1",
        ]
    );
}
