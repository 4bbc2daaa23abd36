//! How batches get from one subtask to the next: bounded in bytes, in order within each channel.
//!
//! - [`gate`]: the queues in front of a task, one channel per producer. - [`valve`]: the watermark over them.
//! - [`partition`]: which subtask a record goes to. - [`writer`]: the end of an edge at the producing task.
pub mod gate;
pub mod partition;
pub mod valve;
pub mod writer;

pub use gate::{ChannelSender, Gate, GateLimits, Received};
pub use valve::Valve;
pub use writer::{EdgeWriter, Flow};
