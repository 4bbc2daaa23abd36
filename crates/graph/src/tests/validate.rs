use hurtig_core::ErrorKind;
use hurtig_core::ids::NodeId;

use super::*;

/// Changes the program `numbers -> Map -> print` and looks at the error.
fn check(change: impl FnOnce(&mut StreamGraph), kind: ErrorKind, expect: &str) {
    let mut stream = line();
    change(&mut stream);
    assert_eq!(stream.validate().unwrap_err().kind(), kind);
    check_error(stream.validate(), expect);
    check_error(job_graph(&stream), expect);
}

#[test]
fn a_users_mistakes() {
    let user = ErrorKind::User;
    let empty = StreamGraph::default();
    check_error(empty.validate(), "No operators defined in streaming topology. Cannot execute.");
    check(
        |stream| stream.nodes[1].parallelism = 0,
        user,
        "operator 'Map' (node 1) has parallelism 0, expected at least 1",
    );
    check(
        |stream| stream.nodes[1].parallelism = 3,
        user,
        "Forward partitioning does not allow change of parallelism. Upstream operation: 'Source: numbers' \
         (node 0) parallelism: 2, downstream operation: 'Map' (node 1) parallelism: 3. You must use another",
    );
    check(
        |stream| {
            stream.edges.push(stream.edges[1].clone());
            stream.edges[2].record_type = "STRING".to_owned();
        },
        user,
        "operator 'Sink: print' (node 2): input 0 is a union of BIGINT NOT NULL and STRING",
    );
    check(
        |stream| {
            stream.edges.push(stream.edges[1].clone());
            stream.edges[1].partitioner = hash_by("DATE");
            stream.edges[2].partitioner = hash_by("STRING");
            stream.edges[2].port = 1;
        },
        user,
        "operator 'Sink: print' (node 2): its inputs are keyed by DATE and by STRING",
    );
}

#[test]
fn an_apis_mistakes() {
    let bug = ErrorKind::Bug;
    check(|stream| stream.nodes[1].id = NodeId(7), bug, "node 1 of the graph says that it is 'Map' (node 7)");
    check(|stream| stream.edges[1].target = NodeId(7), bug, "edge 1 names node 7, the graph has 3 nodes");
    check(
        |stream| stream.edges[1].target = NodeId(1),
        bug,
        "edge 1 goes back, from 'Map' (node 1) to 'Map' (node 1)",
    );
    check(|stream| stream.nodes[1].role = NodeRole::Sink, bug, "has an output, to 'Sink: print' (node 2)");
    check(
        |stream| stream.nodes[1].role = NodeRole::Source { bounded: false },
        bug,
        "the source 'Source: Map' (node 1) has an input, from 'Source: numbers' (node 0)",
    );
    check(
        |stream| {
            stream.edges.pop();
        },
        bug,
        "operator 'Sink: print' (node 2) has no input",
    );
    check(
        |stream| stream.edges[1].port = 1,
        bug,
        "operator 'Sink: print' (node 2) has an input 1, but no input 0",
    );
}

#[test]
fn loose_ends_are_fine() {
    let mut alone = program(&["numbers"], &[]);
    alone.validate().unwrap();
    alone.nodes[0].parallelism = 32_768;
    assert_eq!(job_graph(&alone).unwrap().vertices[0].max_parallelism, 32_768);
    let mut no_sink = line();
    no_sink.nodes[2].role = NodeRole::Operator;
    no_sink.validate().unwrap();
}
