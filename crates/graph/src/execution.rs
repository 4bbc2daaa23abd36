//! The execution graph: the job graph laid out in parallel subtasks. Flink's `ExecutionGraph`.
use hurtig_core::ids::{JobId, SubtaskIndex, VertexId};
use serde::{Deserialize, Serialize};

use crate::distribution::Distribution;
use crate::job::{EdgeId, JobGraph};

/// What runs where. It follows from the job graph alone; every process of the job has the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecutionGraph {
    /// The run of the job that this is.
    pub job_id: JobId,
    /// What runs.
    pub job: JobGraph,
    /// The [`fingerprint`](crate::StreamGraph::fingerprint) of the stream graph it was made from.
    pub fingerprint: u128,
}

/// One subtask of the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SubtaskId {
    /// Of which vertex.
    pub vertex: VertexId,
    /// Which one, from 0.
    pub subtask: SubtaskIndex,
}

impl ExecutionGraph {
    /// All subtasks, in order of the vertices, so from the sources on.
    pub fn subtasks(&self) -> impl Iterator<Item = SubtaskId> + '_ {
        self.job.vertices.iter().flat_map(|vertex| {
            (0..vertex.parallelism).map(|index| SubtaskId { vertex: vertex.id, subtask: SubtaskIndex(index) })
        })
    }

    /// The subtasks of the edge's target that a producer has a channel to, in order; none if the edge's
    /// source has no such subtask. The partitioner's channel `n` is the `n`-th of them.
    ///
    /// # Panics
    /// If the edge is not one of the job.
    pub fn channels(&self, edge: EdgeId, producer: SubtaskIndex) -> Vec<SubtaskIndex> {
        self.distribution(edge).consumers_of(producer.0).map(SubtaskIndex).collect()
    }

    /// The subtasks of the edge's source that a consumer has a channel from, in order; none if the edge's
    /// target has no such subtask.
    ///
    /// # Panics
    /// If the edge is not one of the job.
    pub fn producers(&self, edge: EdgeId, consumer: SubtaskIndex) -> Vec<SubtaskIndex> {
        self.distribution(edge).producers_of(consumer.0).map(SubtaskIndex).collect()
    }

    pub(crate) fn distribution(&self, edge: EdgeId) -> Distribution<'_> {
        let edge = self.job.edge(edge);
        Distribution {
            partitioner: &edge.partitioner,
            producers: self.job.vertex(edge.source).parallelism,
            consumers: self.job.vertex(edge.target).parallelism,
        }
    }
}
