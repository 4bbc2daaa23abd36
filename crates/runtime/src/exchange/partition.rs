//! Which subtask each record of a batch goes to.
use std::sync::Arc;

use hurtig_core::key::hash::mix;
use hurtig_core::key::{KeyGroup, MaxParallelism};
use hurtig_core::{Batch, Error, Result};
use hurtig_graph::Partitioner;
use hurtig_operator::route::{HashKeys, PartitionRows, Route};

/// Shares batches out over the channels of one edge.
pub enum Partition {
    /// The whole batch to the only channel.
    Single,
    /// The whole batch to all channels.
    Broadcast,
    /// Each record to one channel: the targets lie in the scratch space.
    Scatter(Assign),
}

/// How single records find their channel.
pub enum Assign {
    /// In turn.
    RoundRobin {
        /// The next channel.
        next: u32,
    },
    /// At random, from a seed, so that a replay does the same.
    Random {
        /// The state of the generator.
        state: u64,
    },
    /// By key group.
    Keys {
        /// The keys' hashes.
        keys: Arc<dyn HashKeys>,
        /// Which channel a key group belongs to.
        channel_of_group: Vec<u32>,
        /// Key groups.
        max_parallelism: MaxParallelism,
        /// One hash per record, reused.
        hashes: Vec<u64>,
    },
    /// By the user's function.
    Custom(Arc<dyn PartitionRows>),
}

impl Partition {
    /// The partition of an edge with `channels` channels out of producer `producer`.
    pub fn new(
        partitioner: &Partitioner,
        route: &Route,
        channels: usize,
        max_parallelism: MaxParallelism,
        producer: u32,
    ) -> Result<Partition> {
        let assign = match partitioner {
            Partitioner::Broadcast => return Ok(Partition::Broadcast),
            // One channel needs no thought, but for the user's function, whose answer must be looked at.
            _ if channels == 1 && *partitioner != Partitioner::Custom => return Ok(Partition::Single),
            Partitioner::Forward | Partitioner::Global => return Ok(Partition::Single),
            // Producers start at different channels, or the first would get the first record of each.
            Partitioner::Rebalance | Partitioner::Rescale => {
                Assign::RoundRobin { next: producer % channels as u32 }
            }
            Partitioner::Shuffle => Assign::Random { state: mix(u64::from(producer)) },
            Partitioner::Hash { .. } => {
                let Route::Keys(keys) = route else {
                    return Err(Error::bug("an edge by key without keys"));
                };
                let groups = max_parallelism.groups();
                let owner = |group: KeyGroup| group.subtask(max_parallelism, channels as u32).0;
                Assign::Keys {
                    keys: keys.clone(),
                    channel_of_group: groups.map(owner).collect(),
                    max_parallelism,
                    hashes: Vec::new(),
                }
            }
            Partitioner::Custom => match route {
                Route::Custom(partitioner) => Assign::Custom(partitioner.clone()),
                _ => return Err(Error::bug("a custom edge without its partitioner")),
            },
        };
        Ok(Partition::Scatter(assign))
    }
}

impl Assign {
    /// Replaces `targets` by one channel per record.
    pub fn assign(&mut self, batch: &Batch, channels: usize, targets: &mut Vec<u32>) -> Result<()> {
        targets.clear();
        let (count, channels) = (batch.len(), channels as u32);
        match self {
            Assign::RoundRobin { next } => {
                let turn = std::iter::successors(Some(*next), |last| Some((last + 1) % channels));
                targets.extend(turn.take(count));
                *next = (*next + (count as u64 % u64::from(channels)) as u32) % channels;
            }
            Assign::Random { state } => targets.extend((0..count).map(|_| {
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                ((u128::from(mix(*state)) * u128::from(channels)) >> 64) as u32
            })),
            Assign::Keys { keys, channel_of_group, max_parallelism, hashes } => {
                keys.hash_keys(batch, hashes)?;
                let channel =
                    |hash: &u64| channel_of_group[usize::from(KeyGroup::of(*hash, *max_parallelism).0)];
                targets.extend(hashes.iter().map(channel));
            }
            Assign::Custom(partitioner) => partitioner.partition(batch, channels, targets)?,
        }
        Ok(())
    }
}
