//! All that a jobmaster and its tasks say to each other: plain data that serialises, so that a cluster only
//! puts a wire between.
use hurtig_connector::{Committable, VersionedBytes};
use hurtig_core::ids::{Attempt, OperatorId};
use hurtig_core::{Error, ErrorKind, Result, Watermark};
use hurtig_graph::{ExecutionGraph, SubtaskId};
use hurtig_operator::accumulator::Accumulators;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// From the jobmaster to where tasks live.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToTasks {
    /// Set up all subtasks of the graph and start them.
    Deploy {
        /// Which try this is.
        attempt: Attempt,
        /// What to run. Its fingerprint must be that of the receiver's own program.
        graph: Box<ExecutionGraph>,
    },
    /// Stop all subtasks of this try.
    Cancel {
        /// Which try.
        attempt: Attempt,
    },
    /// Something for the source at the head of one subtask.
    Source {
        /// Which try.
        attempt: Attempt,
        /// Which subtask.
        task: SubtaskId,
        /// What for.
        word: ToSource,
    },
}

/// To a source's reader.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToSource {
    /// More to read.
    AddSplits(Vec<VersionedBytes>),
    /// Nothing will follow.
    NoMoreSplits,
    /// A word of the connector's own.
    Event(VersionedBytes),
    /// The alignment group's limit.
    Align(Watermark),
}

/// From a task to the jobmaster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Which subtask.
    pub task: SubtaskId,
    /// Of which try.
    pub attempt: Attempt,
    /// What happened.
    pub event: TaskEvent,
}

/// What happens to a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TaskEvent {
    /// Its operators are open.
    Running,
    /// It has come to its end.
    Finished {
        /// The accumulators of its operators.
        accumulators: Accumulators,
    },
    /// It has stopped because it was told to.
    Canceled,
    /// It has stopped because of an error.
    Failed(Failure),
    /// One of its operators has something to say.
    Operator {
        /// Which operator.
        operator: OperatorId,
        /// What it says.
        word: FromOperator,
    },
}

/// From an operator to its other half beside the jobmaster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FromOperator {
    /// The reader wants a split.
    RequestSplit,
    /// A word of the source connector's own.
    SourceEvent(VersionedBytes),
    /// The source's watermark, for alignment.
    ReportWatermark(Watermark),
    /// Something to commit.
    Committables(Vec<Committable>),
}

/// An error on its way over a wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What to do about it.
    pub kind: ErrorKind,
    /// The whole chain of causes in one line.
    pub message: String,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Failure { kind: error.kind(), message: error.to_chain() }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Error::new(failure.kind, failure.message)
    }
}

/// Sends a message through its bytes and back.
pub fn through_bytes<M: Serialize + DeserializeOwned>(message: &M) -> Result<M> {
    let bug = |error: postcard::Error| Error::bug("a message does not survive its encoding").caused_by(error);
    let bytes = postcard::to_stdvec(message).map_err(bug)?;
    postcard::from_bytes(&bytes).map_err(bug)
}
