//! What flows between operators: batches of records, and control between them.
use crate::batch::Batch;
use crate::time::EventTime;

/// The promise that no event at or before this time follows. Flink's `Watermark`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Watermark(pub EventTime);

impl Watermark {
    /// Nothing is promised yet.
    pub const MIN: Watermark = Watermark(EventTime::MIN);
    /// No event follows: every event-time timer fires.
    pub const MAX: Watermark = Watermark(EventTime::MAX);
}

/// Whether a channel still takes part in the watermark. Flink's `WatermarkStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum WatermarkStatus {
    /// The channel's watermark holds the combined one back.
    Active,
    /// The channel is left out of the minimum until it becomes active again.
    Idle,
}

/// What an element costs besides its records.
const ELEMENT_BYTES: usize = 128;

/// One element of a stream. Control stands outside the batch, so that a batch is a plain run of records.
#[derive(Debug)]
pub enum StreamElement {
    /// Records.
    Batch(Batch),
    /// Event time has moved.
    Watermark(Watermark),
    /// The stream became idle or active.
    Status(WatermarkStatus),
    /// Nothing follows on this channel.
    EndOfInput,
}

impl StreamElement {
    /// Estimated bytes in memory, with what holds the records: so even elements without content are bounded.
    pub fn bytes(&self) -> usize {
        match self {
            StreamElement::Batch(batch) => batch.bytes() + ELEMENT_BYTES,
            _ => ELEMENT_BYTES,
        }
    }
}
