//! A stream of Arrow batches: the form in which SQL runs, through the same tasks as rows.
use std::sync::Arc;

use arrow_schema::SchemaRef;
use hurtig_connector::Sink;
use hurtig_connector::erased::ColumnSinkEraser;
use hurtig_core::batch::{BatchType, ColumnBatch};
use hurtig_core::ids::NodeId;
use hurtig_core::{LogicalType, Result};
use hurtig_graph::{OutputName, Partitioner, StreamNode};
use hurtig_operator::columns::MapColumns;
use hurtig_operator::route::{ColumnKeys, Route};

use crate::builder::{NewNode, SharedBuilder, StreamInput};
use crate::sink::DataStreamSink;

/// A place in the program through which Arrow columns flow.
#[derive(Clone)]
pub struct ColumnStream {
    builder: SharedBuilder,
    input: StreamInput,
}

impl ColumnStream {
    pub(crate) fn at(builder: SharedBuilder, node: NodeId, batch_type: BatchType) -> Self {
        let output = OutputName::Main;
        let program = builder.borrow().id();
        let input = StreamInput { program, node, output, batch_type, partitioner: None, route: Route::Plain };
        ColumnStream { builder, input }
    }

    /// A function over whole batches; `row` and `schema` say what it gives.
    pub fn map_columns<F>(&self, row: LogicalType, schema: SchemaRef, function: F) -> ColumnStream
    where
        F: FnMut(ColumnBatch) -> Result<ColumnBatch> + Clone + Send + Sync + 'static,
    {
        let output = BatchType::columns(row, schema);
        let create = move || Box::new(MapColumns::new(function.clone())) as _;
        let node = NewNode::operator("Calc", output.clone(), create);
        let id = self.builder.borrow_mut().add(node, &[std::slice::from_ref(&self.input)]);
        ColumnStream::at(self.builder.clone(), id, output)
    }

    /// By the key that `columns` (by place) make up: the same subtask as `key_by` of a row with that value.
    pub fn key_by_columns(&self, columns: &[usize]) -> ColumnStream {
        let mut keyed = self.clone();
        let row = self.input.batch_type.logical_type();
        keyed.input.partitioner = Some(Partitioner::Hash { key_type: format!("{columns:?} of {row}") });
        keyed.input.route = Route::Keys(Arc::new(ColumnKeys(columns.to_vec())));
        keyed
    }

    /// In turn to all subtasks of the next operator.
    pub fn rebalance(&self) -> ColumnStream {
        let mut stream = self.clone();
        stream.input.partitioner = Some(Partitioner::Rebalance);
        stream
    }

    /// Ends the stream in a sink of columns.
    pub fn sink_to<S: Sink<Record = ColumnBatch>>(&self, sink: S) -> DataStreamSink {
        let node = NewNode::sink(Arc::new(ColumnSinkEraser(sink)));
        let id = self.builder.borrow_mut().add(node, &[std::slice::from_ref(&self.input)]);
        self.builder.borrow_mut().node(id).name = "Writer".to_owned();
        DataStreamSink::at(self.builder.clone(), id)
    }

    /// Names the operator, for people.
    pub fn name(self, name: &str) -> Self {
        self.change(|node| name.clone_into(&mut node.name))
    }

    /// How many subtasks the operator has.
    pub fn set_parallelism(self, parallelism: u32) -> Self {
        self.change(|node| node.parallelism = parallelism)
    }

    fn change(self, change: impl FnOnce(&mut StreamNode)) -> Self {
        self.builder.borrow_mut().change(self.input.program, self.input.node, change);
        self
    }
}
