//! The three graphs as text for people, in a form that is the same for the same job.
use std::fmt::{self, Write};

use crate::execution::ExecutionGraph;
use crate::job::{ChainTarget, ChainedOperator, JobEdge, JobGraph};
use crate::stream::{ChainingStrategy, NodeRole, OutputName, StreamEdge, StreamGraph, StreamNode};

/// Prints what the program wrote, what runs together and what runs where. Nodes stand in `[]`, vertices in
/// `<>`, and `#` counts operators within a vertex.
pub fn explain(stream: &StreamGraph, job: &JobGraph, execution: &ExecutionGraph) -> String {
    let mut text = String::new();
    write_stream(&mut text, stream)
        .and_then(|()| write_job(&mut text, job))
        .and_then(|()| write_execution(&mut text, execution))
        .expect("a String takes all that is written to it");
    text
}

impl StreamGraph {
    /// The graph as indented JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("numbers, texts and lists of them are always JSON")
    }
}

fn write_stream(out: &mut String, stream: &StreamGraph) -> fmt::Result {
    writeln!(out, "== Stream graph '{}' ==", stream.name)?;
    for node in &stream.nodes {
        write_node(out, node)?;
        for edge in stream.edges.iter().filter(|edge| edge.source == node.id) {
            write_stream_edge(out, edge)?;
        }
    }
    Ok(())
}

fn write_node(out: &mut String, node: &StreamNode) -> fmt::Result {
    write!(out, "[{}] {} ({}", node.id, node.display_name(), node.kind)?;
    match node.role {
        NodeRole::Source { bounded: true } => out.write_str(", bounded")?,
        NodeRole::Source { bounded: false } => out.write_str(", unbounded")?,
        NodeRole::Operator | NodeRole::Sink => {}
    }
    write!(out, "), parallelism {}", node.parallelism)?;
    if let Some(max) = node.max_parallelism {
        write!(out, ", max parallelism {max}")?;
    }
    if let Some(uid) = &node.uid {
        write!(out, ", uid '{uid}'")?;
    }
    if let Some(group) = &node.slot_sharing_group {
        write!(out, ", slot sharing group '{group}'")?;
    }
    match node.chaining {
        ChainingStrategy::Always => {}
        ChainingStrategy::Head => out.write_str(", starts a new chain")?,
        ChainingStrategy::Never => out.write_str(", never chained")?,
    }
    if !node.output_type.is_empty() {
        write!(out, ", output {}", node.output_type)?;
    }
    out.write_str("\n")
}

fn write_stream_edge(out: &mut String, edge: &StreamEdge) -> fmt::Result {
    write!(
        out,
        "    -> [{}] input {}: {} of {}",
        edge.target, edge.port, edge.partitioner, edge.record_type
    )?;
    write_side_output(out, &edge.output)?;
    out.write_str("\n")
}

fn write_job(out: &mut String, job: &JobGraph) -> fmt::Result {
    writeln!(out, "\n== Job graph '{}' ==", job.name)?;
    for vertex in &job.vertices {
        writeln!(
            out,
            "<{}> {}, parallelism {}, max parallelism {}, slot sharing group '{}'",
            vertex.id, vertex.name, vertex.parallelism, vertex.max_parallelism, vertex.slot_sharing_group
        )?;
        for (index, operator) in vertex.operators.iter().enumerate() {
            writeln!(out, "    #{index} {} [{}], operator {}", operator.name, operator.node, operator.id)?;
            write_targets(out, operator)?;
        }
    }
    for edge in &job.edges {
        write_job_edge(out, edge)?;
    }
    Ok(())
}

fn write_targets(out: &mut String, operator: &ChainedOperator) -> fmt::Result {
    for target in &operator.targets {
        let output = match target {
            ChainTarget::Operator { output, index } => {
                write!(out, "        -> #{index}")?;
                output
            }
            ChainTarget::Edge { output, edge } => {
                write!(out, "        -> edge {edge}")?;
                output
            }
        };
        write_side_output(out, output)?;
        out.write_str("\n")?;
    }
    Ok(())
}

fn write_job_edge(out: &mut String, edge: &JobEdge) -> fmt::Result {
    write!(out, "edge {}: <{}> #{} -> <{}>", edge.id, edge.source, edge.source_operator, edge.target)?;
    write!(out, " input {}: {}", edge.port, edge.partitioner)?;
    write_side_output(out, &edge.output)?;
    out.write_str("\n")
}

/// The main output goes without saying.
fn write_side_output(out: &mut String, output: &OutputName) -> fmt::Result {
    match output {
        OutputName::Main => Ok(()),
        side => write!(out, ", {side}"),
    }
}

fn write_execution(out: &mut String, execution: &ExecutionGraph) -> fmt::Result {
    writeln!(out, "\n== Execution graph of job {} ==", execution.job_id)?;
    writeln!(out, "fingerprint {:032x}", execution.fingerprint)?;
    for vertex in &execution.job.vertices {
        writeln!(out, "<{}> {}: {}", vertex.id, vertex.name, counted(vertex.parallelism.into(), "subtask"))?;
    }
    for edge in &execution.job.edges {
        let distribution = execution.distribution(edge.id);
        writeln!(
            out,
            "edge {}: {} to {}, {}",
            edge.id,
            counted(distribution.producers.into(), "producer"),
            counted(distribution.consumers.into(), "consumer"),
            counted(distribution.channels(), "channel")
        )?;
    }
    let subtasks = execution.subtasks().count() as u64;
    let slots = counted(execution.slots_required().into(), "slot");
    write!(out, "in all: {} in {slots}", counted(subtasks, "subtask"))?;
    for (index, (group, width)) in execution.group_widths().into_iter().enumerate() {
        let before = if index == 0 { ": " } else { ", " };
        write!(out, "{before}{width} of '{group}'")?;
    }
    out.write_str("\n")
}

fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
