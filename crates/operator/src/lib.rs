//! The operator contract, and the operators that Hurtig brings.
//!
//! An operator gets a batch to consume from the front and an [`Output`] that can be full; it stops between
//! two records when the output is full, and the task that drives it comes back. So it never blocks and never
//! outruns its output. [`operator`] is the contract, [`output`] the output, [`context`] what an operator knows
//! and can ask for, [`program`] how a graph's nodes become operators. The rest is one operator a file.
pub mod accumulator;
pub mod aggregate;
pub mod async_io;
pub mod broadcast;
pub mod co;
pub mod columns;
pub mod context;
pub mod filter;
pub mod flat_map;
pub mod function;
pub mod harness;
pub mod join;
pub mod keyed;
pub mod map;
pub mod metrics;
pub mod operator;
pub mod output;
pub mod process;
pub mod program;
pub mod reduce;
pub mod route;
pub mod sink;
pub mod source;
pub mod timestamps;
pub mod watermarks;
pub mod window;

pub use context::{OperatorContext, OperatorEvent};
pub use function::RuntimeContext;
pub use operator::{Input, Operator, Progress};
pub use output::{Output, OutputLimits};
pub use program::{EdgeFactory, NodeFactory, Program};
