//! Slot sharing: which subtasks run in one slot. Flink's slot sharing groups.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::adjacency::Adjacency;
use crate::execution::{ExecutionGraph, SubtaskId};
use crate::stream::StreamGraph;

/// The group of operators that neither name one nor inherit one.
pub const DEFAULT_SLOT_SHARING_GROUP: &str = "default";

/// One slot that the job needs, with the subtasks that share it: of each vertex of the group the one with
/// the slot's index, if the vertex has so many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The slot sharing group.
    pub group: String,
    /// Which of the group's slots, from 0.
    pub index: u32,
    /// In order of the vertices.
    pub subtasks: Vec<SubtaskId>,
}

impl ExecutionGraph {
    /// How many slots the job needs: each group as many as its widest vertex has subtasks.
    pub fn slots_required(&self) -> u32 {
        self.group_widths().values().sum()
    }

    /// The slots the job needs, in order of the group's name, then of the index.
    pub fn slots(&self) -> Vec<Slot> {
        let mut slots = Vec::new();
        for (group, width) in self.group_widths() {
            let first = slots.len();
            slots.extend((0..width).map(|index| Slot { group: group.to_owned(), index, subtasks: vec![] }));
            for subtask in self.subtasks() {
                if self.job.vertex(subtask.vertex).slot_sharing_group == group {
                    slots[first + subtask.subtask.0 as usize].subtasks.push(subtask);
                }
            }
        }
        slots
    }

    /// The parallelism of the widest vertex of each group.
    pub(crate) fn group_widths(&self) -> BTreeMap<&str, u32> {
        let mut widths = BTreeMap::new();
        for vertex in &self.job.vertices {
            let width = widths.entry(vertex.slot_sharing_group.as_str()).or_insert(0);
            *width = vertex.parallelism.max(*width);
        }
        widths
    }
}

/// The group of each node: its own, else the one that all its inputs are in, else the default one. Takes a
/// valid graph.
pub(crate) fn slot_sharing_groups<'a>(stream: &'a StreamGraph, adjacency: &Adjacency) -> Vec<&'a str> {
    let mut groups: Vec<&str> = Vec::with_capacity(stream.nodes.len());
    for node in &stream.nodes {
        // Edges go forward: the groups of all inputs are known.
        let mut inputs =
            adjacency.inputs(node.id).iter().map(|&edge| groups[stream.edges[edge].source.0 as usize]);
        let inherited = match inputs.next() {
            Some(first) if inputs.all(|other| other == first) => first,
            _ => DEFAULT_SLOT_SHARING_GROUP,
        };
        groups.push(node.slot_sharing_group.as_deref().unwrap_or(inherited));
    }
    groups
}
