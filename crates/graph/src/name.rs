//! Names as Flink prints them.
use std::fmt;

use crate::stream::{NodeRole, OutputName, Partitioner, StreamNode};

impl StreamNode {
    /// The name with what stands before it in Flink: `Source: numbers`, `Sink: Print to Std. Out`. A name
    /// that begins so already stays as it is.
    pub fn display_name(&self) -> String {
        let prefix = match self.role {
            NodeRole::Source { .. } => "Source: ",
            NodeRole::Sink => "Sink: ",
            NodeRole::Operator => "",
        };
        if self.name.starts_with(prefix) { self.name.clone() } else { format!("{prefix}{}", self.name) }
    }

    /// How errors name the node: names need not be unique, numbers are.
    pub(crate) fn label(&self) -> String {
        format!("'{}' (node {})", self.display_name(), self.id)
    }
}

/// The name of an operator with those that are chained behind it.
pub(crate) fn chain_name(name: &str, behind: &[String]) -> String {
    match behind {
        [] => name.to_owned(),
        [one] => format!("{name} -> {one}"),
        several => format!("{name} -> ({})", several.join(", ")),
    }
}

/// Flink's names, as its plans show them: `FORWARD`, `HASH`; the key's type behind the latter.
impl fmt::Display for Partitioner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Partitioner::Forward => "FORWARD",
            Partitioner::Hash { key_type } => return write!(f, "HASH({key_type})"),
            Partitioner::Rebalance => "REBALANCE",
            Partitioner::Rescale => "RESCALE",
            Partitioner::Broadcast => "BROADCAST",
            Partitioner::Global => "GLOBAL",
            Partitioner::Shuffle => "SHUFFLE",
            Partitioner::Custom => "CUSTOM",
        })
    }
}

impl fmt::Display for OutputName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OutputName::Main => f.write_str("main output"),
            OutputName::Side(tag) => write!(f, "side output '{tag}'"),
        }
    }
}
