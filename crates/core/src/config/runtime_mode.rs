//! Whether a program runs as a stream or as a batch.
use super::ConfigValue;

/// How a program is executed. Flink's `RuntimeExecutionMode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RuntimeExecutionMode {
    /// Results come as records do; any source will do.
    #[default]
    Streaming,
    /// Each key has one result, at the end of the input. All sources must be bounded.
    Batch,
    /// [`Batch`](Self::Batch) if all sources are bounded, else [`Streaming`](Self::Streaming).
    Automatic,
}

impl ConfigValue for RuntimeExecutionMode {
    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.to_ascii_uppercase().as_str() {
            "STREAMING" => Ok(RuntimeExecutionMode::Streaming),
            "BATCH" => Ok(RuntimeExecutionMode::Batch),
            "AUTOMATIC" => Ok(RuntimeExecutionMode::Automatic),
            _ => Err("STREAMING, BATCH or AUTOMATIC"),
        }
    }

    fn to_text(&self) -> String {
        match self {
            RuntimeExecutionMode::Streaming => "STREAMING",
            RuntimeExecutionMode::Batch => "BATCH",
            RuntimeExecutionMode::Automatic => "AUTOMATIC",
        }
        .to_owned()
    }
}
