//! What runs tasks. A task is one subtask of one chain of operators; it owns its operators, runs on one
//! thread, and speaks with the rest of the world through its mailbox, its input gate and its outputs.
//!
//! A record's way through these files: the [`exchange`] brings it from the subtask before (`gate`, `valve`),
//! the loop in `task/run` hands it to the chain (`task/chain`), whose last operator's output goes through
//! `exchange/writer` to the next subtasks. [`messages`] is all that jobmaster and tasks say to each other,
//! [`task_executor`] is the end of that line where tasks live. [`executor`] is what they run on: threads in
//! production, or one seeded thread with a mock clock. [`metrics`] is what can be seen of them,
//! [`reporter`] shows it to the outside.
pub mod exchange;
pub mod executor;
pub mod messages;
pub mod metrics;
pub mod reporter;
pub mod task;
pub mod task_executor;

pub use executor::{Executor, SeededExecutor, ThreadExecutor};
pub use task_executor::TaskExecutor;
