use hurtig_core::ids::NodeId;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

/// One change to a field of the node or edge at `at`.
type Change = (&'static str, fn(&mut StreamGraph, usize));

/// Every field of a node, each changed to something else.
const NODE_CHANGES: &[Change] = &[
    ("id", |stream, at| stream.nodes[at].id.0 ^= 1),
    ("name", |stream, at| stream.nodes[at].name.push('x')),
    ("uid", |stream, at| toggle(&mut stream.nodes[at].uid, String::new())),
    ("uid's text", |stream, at| stream.nodes[at].uid = Some(longer(&stream.nodes[at].uid))),
    ("kind", |stream, at| stream.nodes[at].kind.push('x')),
    ("role", |stream, at| stream.nodes[at].role = next_role(stream.nodes[at].role)),
    ("parallelism", |stream, at| stream.nodes[at].parallelism ^= 1 << 31),
    ("max parallelism", |stream, at| toggle(&mut stream.nodes[at].max_parallelism, 0)),
    ("max parallelism's number", |stream, at| {
        stream.nodes[at].max_parallelism = Some(stream.nodes[at].max_parallelism.unwrap_or(0) ^ 1);
    }),
    ("group", |stream, at| toggle(&mut stream.nodes[at].slot_sharing_group, String::new())),
    ("group's text", |stream, at| {
        stream.nodes[at].slot_sharing_group = Some(longer(&stream.nodes[at].slot_sharing_group));
    }),
    ("chaining", |stream, at| stream.nodes[at].chaining = next_strategy(stream.nodes[at].chaining)),
    ("output type", |stream, at| stream.nodes[at].output_type.push('x')),
    ("digest", |stream, at| stream.nodes[at].digest ^= 1 << 63),
    ("a node less", |stream, at| {
        stream.nodes.remove(at);
    }),
    ("a node twice", |stream, at| stream.nodes.push(stream.nodes[at].clone())),
    ("the job's name", |stream, _| stream.name.push('x')),
];

/// Every field of an edge, each changed to something else.
const EDGE_CHANGES: &[Change] = &[
    ("source", |stream, at| stream.edges[at].source.0 ^= 1),
    ("target", |stream, at| stream.edges[at].target.0 ^= 1),
    ("port", |stream, at| stream.edges[at].port ^= 1),
    ("output", |stream, at| {
        stream.edges[at].output = match &stream.edges[at].output {
            OutputName::Main => OutputName::Side(String::new()),
            OutputName::Side(_) => OutputName::Main,
        };
    }),
    ("tag", |stream, at| {
        stream.edges[at].output = match &stream.edges[at].output {
            OutputName::Main => OutputName::Side("x".to_owned()),
            OutputName::Side(tag) => OutputName::Side(format!("{tag}x")),
        };
    }),
    ("partitioner", |stream, at| {
        let old = partitioners().iter().position(|other| *other == stream.edges[at].partitioner);
        stream.edges[at].partitioner = partitioners()[old.map_or(0, |old| (old + 1) % 8)].clone();
    }),
    ("key type", |stream, at| {
        stream.edges[at].partitioner = match &stream.edges[at].partitioner {
            Partitioner::Hash { key_type } => hash_by(&format!("{key_type}x")),
            _ => hash_by(""),
        };
    }),
    ("record type", |stream, at| stream.edges[at].record_type.push('x')),
    ("an edge less", |stream, at| {
        stream.edges.remove(at);
    }),
    ("an edge twice", |stream, at| stream.edges.push(stream.edges[at].clone())),
];

fn toggle<T>(value: &mut Option<T>, some: T) {
    *value = if value.is_some() { None } else { Some(some) };
}

fn longer(text: &Option<String>) -> String {
    format!("{}x", text.as_deref().unwrap_or_default())
}

fn next_role(role: NodeRole) -> NodeRole {
    match role {
        NodeRole::Source { bounded: false } => NodeRole::Source { bounded: true },
        NodeRole::Source { bounded: true } => NodeRole::Operator,
        NodeRole::Operator => NodeRole::Sink,
        NodeRole::Sink => NodeRole::Source { bounded: false },
    }
}

fn next_strategy(strategy: ChainingStrategy) -> ChainingStrategy {
    match strategy {
        ChainingStrategy::Always => ChainingStrategy::Head,
        ChainingStrategy::Head => ChainingStrategy::Never,
        ChainingStrategy::Never => ChainingStrategy::Always,
    }
}

fn partitioners() -> [Partitioner; 8] {
    [
        Partitioner::Forward,
        hash_by("STRING"),
        Partitioner::Rebalance,
        Partitioner::Rescale,
        Partitioner::Broadcast,
        Partitioner::Global,
        Partitioner::Shuffle,
        Partitioner::Custom,
    ]
}

fn text() -> impl Strategy<Value = String> {
    vec(prop::sample::select(vec!['a', 'x', '\0', 'é']), 0..4).prop_map(|chars| chars.into_iter().collect())
}

fn any_node() -> impl Strategy<Value = StreamNode> {
    let roles = vec![
        NodeRole::Source { bounded: false },
        NodeRole::Source { bounded: true },
        NodeRole::Operator,
        NodeRole::Sink,
    ];
    let strategies = vec![ChainingStrategy::Always, ChainingStrategy::Head, ChainingStrategy::Never];
    let texts = (text(), option::of(text()), text(), option::of(text()), text());
    let numbers = (0..9_u32, any::<u32>(), option::of(any::<u32>()), any::<u64>());
    (texts, numbers, prop::sample::select(roles), prop::sample::select(strategies)).prop_map(
        |(texts, numbers, role, chaining)| {
            let (name, uid, kind, slot_sharing_group, output_type) = texts;
            let (id, parallelism, max_parallelism, digest) = numbers;
            StreamNode {
                id: NodeId(id),
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
            }
        },
    )
}

fn any_edge() -> impl Strategy<Value = StreamEdge> {
    let partitioner = prop_oneof![
        prop::sample::select(partitioners().to_vec()),
        text().prop_map(|key_type| hash_by(&key_type)),
    ];
    let output = option::of(text()).prop_map(|tag| tag.map_or(OutputName::Main, OutputName::Side));
    (0..9_u32, 0..9_u32, 0..3_u32, output, partitioner, text()).prop_map(
        |(source, target, port, output, partitioner, record_type)| StreamEdge {
            source: NodeId(source),
            target: NodeId(target),
            port,
            output,
            partitioner,
            record_type,
        },
    )
}

fn any_graph() -> impl Strategy<Value = StreamGraph> {
    (text(), vec(any_node(), 1..5), vec(any_edge(), 1..5)).prop_map(|(name, nodes, edges)| StreamGraph {
        name,
        nodes,
        edges,
    })
}

proptest! {
    #[test]
    fn any_change_changes_it(stream in any_graph(), at in any::<prop::sample::Index>()) {
        let before = stream.fingerprint();
        prop_assert_eq!(stream.clone().fingerprint(), before);
        let (node, edge) = (at.index(stream.nodes.len()), at.index(stream.edges.len()));
        let changes = NODE_CHANGES.iter().map(|change| (change, node));
        for (&(what, change), at) in changes.chain(EDGE_CHANGES.iter().map(|change| (change, edge))) {
            let mut other = stream.clone();
            change(&mut other, at);
            prop_assert_ne!(&other, &stream, "{} was not changed", what);
            prop_assert_ne!(other.fingerprint(), before, "{}", what);
        }
    }

    #[test]
    fn the_texts_form_is_the_graph(stream in any_graph()) {
        let read: StreamGraph = serde_json::from_str(&stream.to_json()).unwrap();
        prop_assert_eq!(read.fingerprint(), stream.fingerprint());
        prop_assert_eq!(read, stream);
    }
}

#[test]
fn what_moves_from_one_field_to_the_next_is_a_change() {
    let mut one = line();
    one.nodes[1].name = "ab".to_owned();
    one.nodes[1].kind = "c".to_owned();
    let mut other = line();
    other.nodes[1].name = "a".to_owned();
    other.nodes[1].kind = "bc".to_owned();
    assert_ne!(one.fingerprint(), other.fingerprint());
}

#[test]
fn two_builds_are_the_same_job() {
    assert_eq!(line().fingerprint(), line().fingerprint());
}
