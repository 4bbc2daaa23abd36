use super::*;

/// Two sources joined by key, with a side output and a group of slots of its own.
fn orders() -> StreamGraph {
    let mut stream = program(
        &["orders", "Parse", "people", "Join", "Print to Std. Out", "late file"],
        &[(0, 1, 0), (1, 3, 0), (2, 3, 1), (3, 4, 0), (3, 5, 0)],
    );
    stream.name = "orders of people".to_owned();
    stream.nodes[0].uid = Some("orders-source".to_owned());
    stream.nodes[0].kind = "Source".to_owned();
    stream.nodes[2].role = NodeRole::Source { bounded: false };
    stream.nodes[2].parallelism = 1;
    stream.nodes[2].kind = "Source".to_owned();
    stream.nodes[3].max_parallelism = Some(64);
    stream.nodes[3].uid = Some("join".to_owned());
    stream.nodes[4].kind = "Sink".to_owned();
    stream.nodes[5].kind = "Sink".to_owned();
    stream.nodes[5].chaining = ChainingStrategy::Head;
    stream.nodes[5].slot_sharing_group = Some("files".to_owned());
    stream.edges[1].partitioner = hash_by("STRING");
    stream.edges[2].partitioner = hash_by("STRING");
    stream.edges[4].output = OutputName::Side("late".to_owned());
    stream.edges[4].partitioner = Partitioner::Rescale;
    stream
}

#[test]
fn three_graphs_as_text() {
    let stream = orders();
    let execution = execution_graph(&stream);
    let expect = "\
== Stream graph 'orders of people' ==
[0] Source: orders (Source, bounded), parallelism 2, uid 'orders-source', output BIGINT NOT NULL
    -> [1] input 0: FORWARD of BIGINT NOT NULL
[1] Parse (Parse), parallelism 2, output BIGINT NOT NULL
    -> [3] input 0: HASH(STRING) of BIGINT NOT NULL
[2] Source: people (Source, unbounded), parallelism 1, output BIGINT NOT NULL
    -> [3] input 1: HASH(STRING) of BIGINT NOT NULL
[3] Join (Join), parallelism 2, max parallelism 64, uid 'join', output BIGINT NOT NULL
    -> [4] input 0: FORWARD of BIGINT NOT NULL
    -> [5] input 0: RESCALE of BIGINT NOT NULL, side output 'late'
[4] Sink: Print to Std. Out (Sink), parallelism 2
[5] Sink: late file (Sink), parallelism 2, slot sharing group 'files', starts a new chain

== Job graph 'orders of people' ==
<0> Source: orders -> Parse, parallelism 2, max parallelism 128, slot sharing group 'default'
    #0 Source: orders [0], operator 780b312dbb082e3ef9900228b29400bf
        -> #1
    #1 Parse [1], operator debae13229c479e939d5618b4770bcd9
        -> edge 0
<1> Source: people, parallelism 1, max parallelism 128, slot sharing group 'default'
    #0 Source: people [2], operator 2c1ca15c46edc933ed512dcedce6d6e1
        -> edge 1
<2> Join -> Sink: Print to Std. Out, parallelism 2, max parallelism 64, slot sharing group 'default'
    #0 Join [3], operator 0c68bd5d873a8505f91749956d1c3d07
        -> #1
        -> edge 2, side output 'late'
    #1 Sink: Print to Std. Out [4], operator ca710a607afc095cd9103d6b37be598e
<3> Sink: late file, parallelism 2, max parallelism 128, slot sharing group 'files'
    #0 Sink: late file [5], operator 5b13d1ae73a019e15144a566ca9c704a
edge 0: <0> #1 -> <2> input 0: HASH(STRING)
edge 1: <1> #0 -> <2> input 1: HASH(STRING)
edge 2: <2> #0 -> <3> input 0: RESCALE, side output 'late'

== Execution graph of job 00000000000000000000000000000007 ==
fingerprint 9705a5fbc0c3eb82767ae927742e300f
<0> Source: orders -> Parse: 2 subtasks
<1> Source: people: 1 subtask
<2> Join -> Sink: Print to Std. Out: 2 subtasks
<3> Sink: late file: 2 subtasks
edge 0: 2 producers to 2 consumers, 4 channels
edge 1: 1 producer to 2 consumers, 2 channels
edge 2: 2 producers to 2 consumers, 2 channels
in all: 7 subtasks in 4 slots: 2 of 'default', 2 of 'files'
";
    assert_eq!(crate::explain(&stream, &execution.job, &execution), expect);
}

#[test]
fn json() {
    let stream = program(&["numbers"], &[]);
    let expect = r#"{
  "name": "test",
  "nodes": [
    {
      "id": 0,
      "name": "numbers",
      "uid": null,
      "kind": "numbers",
      "role": {
        "Source": {
          "bounded": true
        }
      },
      "parallelism": 2,
      "max_parallelism": null,
      "slot_sharing_group": null,
      "chaining": "Always",
      "output_type": "BIGINT NOT NULL",
      "digest": 0
    }
  ],
  "edges": []
}"#;
    assert_eq!(stream.to_json(), expect);
}
