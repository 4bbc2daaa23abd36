//! Two streams of different types, for a function of two inputs.
use hurtig_core::TypeInformation;
use hurtig_core::batch::BatchType;
use hurtig_operator::co::{CoFlatMap, CoMap, CoProcess, CoProcessFunction};

use crate::builder::NewNode;
use crate::stream::DataStream;

/// Two connected streams. Flink's `ConnectedStreams`. Records of both reach the function one at a time, on
/// one thread; which comes first is not defined.
pub struct ConnectedStreams<A, B> {
    first: DataStream<A>,
    second: DataStream<B>,
}

impl<A: TypeInformation, B: TypeInformation> ConnectedStreams<A, B> {
    pub(crate) fn new(first: DataStream<A>, second: DataStream<B>) -> Self {
        ConnectedStreams { first, second }
    }

    fn add<O, F>(&self, kind: &'static str, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: CoProcessFunction<A, B, O>,
    {
        let output = BatchType::rows::<O>();
        let create = move || Box::new(CoProcess::<A, B, O, F>::new(function.clone())) as _;
        let node = NewNode::operator(kind, output.clone(), create);
        let builder = self.first.builder();
        let id = builder.borrow_mut().add(node, &[self.first.inputs(), self.second.inputs()]);
        DataStream::at(builder.clone(), id, output)
    }

    /// One record in, one out, by a function for each input.
    pub fn map<O, F, G>(&self, first: F, second: G) -> DataStream<O>
    where
        O: TypeInformation,
        F: FnMut(A) -> O + Clone + Send + Sync + 'static,
        G: FnMut(B) -> O + Clone + Send + Sync + 'static,
    {
        self.add("Co-Map", CoMap(first, second))
    }

    /// One record in, any number out, by a function for each input.
    pub fn flat_map<O, R, S, F, G>(&self, first: F, second: G) -> DataStream<O>
    where
        O: TypeInformation,
        R: IntoIterator<Item = O>,
        S: IntoIterator<Item = O>,
        F: FnMut(A) -> R + Clone + Send + Sync + 'static,
        G: FnMut(B) -> S + Clone + Send + Sync + 'static,
    {
        self.add("Co-Flat Map", CoFlatMap(first, second))
    }

    /// A function that sees the records of both inputs with their times.
    pub fn process<O, F>(&self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: CoProcessFunction<A, B, O>,
    {
        self.add("Co-Process", function)
    }
}
