//! How many key groups each operator has.
use hurtig_core::config::options;
use hurtig_core::key::MaxParallelism;
use hurtig_core::{Configuration, Error, Result, ResultExt};

use crate::stream::{StreamGraph, StreamNode};

/// The max parallelism of each node: its own, else the job's, else Flink's default for its parallelism.
/// Fails if one is out of range or below the node's parallelism.
pub(crate) fn max_parallelisms(stream: &StreamGraph, configuration: &Configuration) -> Result<Vec<u32>> {
    let of_job =
        match configuration.get(&options::MAX_PARALLELISM)? {
            Some(groups) => Some(MaxParallelism::new(groups).context(|| {
                format!("option '{}' has the value '{groups}'", options::MAX_PARALLELISM.key())
            })?),
            None => None,
        };
    stream.nodes.iter().map(|node| max_parallelism(node, of_job)).collect()
}

fn max_parallelism(node: &StreamNode, of_job: Option<MaxParallelism>) -> Result<u32> {
    let max = match (node.max_parallelism, of_job) {
        (Some(groups), _) => MaxParallelism::new(groups).context(|| format!("operator {}", node.label()))?,
        (None, Some(max)) => max,
        (None, None) => MaxParallelism::for_parallelism(node.parallelism),
    };
    if node.parallelism > max.get() {
        return Err(Error::user(format!(
            "operator {} has parallelism {}, which is above its max parallelism {max}",
            node.label(),
            node.parallelism
        )));
    }
    Ok(max.get())
}
