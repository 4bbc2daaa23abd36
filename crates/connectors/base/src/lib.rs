//! Sources and sinks that need no outside system: for trying things out, for tests, for measuring.
//!
//! Sources, each a factory of a [`SplitPool`] (the enumerator, one for all of them) and of readers:
//! - [`CollectionSource`]: a vector. - [`SequenceSource`]: the numbers from one to another.
//! - [`GeneratorSource`]: a function of the index, at any rate. - [`DataGenSource`]: rows made up by their type.
//! - [`SocketSource`]: lines of text from a TCP server.
//!
//! Sequence, generator and datagen hand out ranges of indexes as splits, and one reader reads them (`range`),
//! at a given rate if need be (`pacer`).
//!
//! Sinks: [`PrintSink`] writes lines to the standard output, in the form that [`display`] gives a value;
//! [`CollectSink`] hands records to the program that started the job; [`BlackHoleSink`] drops them.
mod blackhole;
mod collect;
mod collection;
mod datagen;
pub mod display;
mod generator;
mod pacer;
mod pool;
mod print;
mod queue;
mod range;
mod sequence;
mod socket;

pub use blackhole::{BlackHoleSink, BlackHoleWriter};
pub use collect::{CollectHandle, CollectIterator, CollectSink, CollectWriter};
pub use collection::{CollectionReader, CollectionSource, CollectionSplit};
pub use datagen::DataGenSource;
pub use generator::GeneratorSource;
pub use pool::SplitPool;
pub use print::{PrintSink, PrintWriter};
pub use range::{Produce, RangeReader, RangeSplit};
pub use sequence::SequenceSource;
pub use socket::{SocketReader, SocketSource, SocketSplit};
