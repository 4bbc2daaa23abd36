//! One subtask: its mailbox, its input, its chain of operators, and the loop that drives them.
pub mod chain;
pub mod input;
mod link;
pub mod mailbox;
mod run;

pub use chain::Chain;
pub use input::TaskInput;
pub use link::catch;
pub use mailbox::{Mail, Mailbox};
pub use run::{Parts, Reporter, Task, TaskOutcome};
