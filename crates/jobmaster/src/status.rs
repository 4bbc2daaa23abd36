//! The states of a job. Flink's `JobStatus`.
use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum JobStatus {
    /// Known, no task started.
    Created,
    /// Tasks run.
    Running,
    /// A task has failed; the others are being stopped.
    Failing,
    /// All are stopped; the job will be started again.
    Restarting,
    /// The user cancelled; tasks are being stopped.
    Cancelling,
    /// Ended by a failure.
    Failed,
    /// Ended by the user.
    Canceled,
    /// Ended by itself.
    Finished,
}

impl JobStatus {
    /// Whether nothing follows.
    pub fn is_terminal(self) -> bool {
        matches!(self, JobStatus::Failed | JobStatus::Canceled | JobStatus::Finished)
    }

    /// Whether a job may go from this state to `next`.
    pub fn may_become(self, next: JobStatus) -> bool {
        use JobStatus::*;
        match self {
            Created => matches!(next, Running | Failing | Cancelling),
            Running => matches!(next, Failing | Cancelling | Finished),
            Failing => matches!(next, Failed | Restarting | Cancelling),
            Restarting => matches!(next, Created | Running | Cancelling | Failing),
            Cancelling => matches!(next, Canceled | Failed),
            Failed | Canceled | Finished => false,
        }
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            JobStatus::Created => "CREATED",
            JobStatus::Running => "RUNNING",
            JobStatus::Failing => "FAILING",
            JobStatus::Restarting => "RESTARTING",
            JobStatus::Cancelling => "CANCELLING",
            JobStatus::Failed => "FAILED",
            JobStatus::Canceled => "CANCELED",
            JobStatus::Finished => "FINISHED",
        })
    }
}
