//! The end of a stream.
use hurtig_core::ids::NodeId;
use hurtig_graph::{ChainingStrategy, StreamNode};

use crate::builder::{ProgramId, SharedBuilder};

/// A sink in the program. Flink's `DataStreamSink`.
pub struct DataStreamSink {
    builder: SharedBuilder,
    program: ProgramId,
    node: NodeId,
}

impl DataStreamSink {
    pub(crate) fn at(builder: SharedBuilder, node: NodeId) -> Self {
        let program = builder.borrow().id();
        DataStreamSink { builder, program, node }
    }

    fn change(self, change: impl FnOnce(&mut StreamNode)) -> Self {
        self.builder.borrow_mut().change(self.program, self.node, change);
        self
    }

    /// Names the sink, for people.
    pub fn name(self, name: &str) -> Self {
        self.change(|node| name.clone_into(&mut node.name))
    }

    /// Names the sink for its state.
    pub fn uid(self, uid: &str) -> Self {
        self.change(|node| node.uid = Some(uid.to_owned()))
    }

    /// How many subtasks the sink has.
    pub fn set_parallelism(self, parallelism: u32) -> Self {
        self.change(|node| node.parallelism = parallelism)
    }

    /// The sink's slot sharing group.
    pub fn slot_sharing_group(self, group: &str) -> Self {
        self.change(|node| node.slot_sharing_group = Some(group.to_owned()))
    }

    /// The sink does not share a task with any other operator.
    pub fn disable_chaining(self) -> Self {
        self.change(|node| node.chaining = ChainingStrategy::Never)
    }
}
