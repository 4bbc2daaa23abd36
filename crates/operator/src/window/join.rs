//! Two streams in one window: elements of both, told apart, and what is made of them.
use hurtig_core::{Key, Result, TypeInformation};
use hurtig_derive::TypeInformation;

use crate::function::RichFunction;
use crate::route::SelectKey;
use crate::window::function::{Elements, ProcessWindowFunction, WindowContext};

/// An element of one of two streams. Flink's `TaggedUnion`.
#[derive(Clone, Debug, PartialEq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
pub enum TaggedUnion<A, B> {
    /// Of the first stream.
    One(A),
    /// Of the second.
    Two(B),
}

/// The key of an element of either stream.
#[derive(Clone)]
pub struct EitherKey<S, R> {
    /// Of the first.
    pub one: S,
    /// Of the second.
    pub two: R,
}

impl<A, B, S, R> SelectKey<TaggedUnion<A, B>> for EitherKey<S, R>
where
    S: SelectKey<A>,
    R: SelectKey<B, Key = S::Key>,
{
    type Key = S::Key;

    #[inline]
    fn with_key<T>(&self, record: &TaggedUnion<A, B>, use_key: impl FnOnce(&S::Key) -> T) -> T {
        match record {
            TaggedUnion::One(record) => self.one.with_key(record, use_key),
            TaggedUnion::Two(record) => self.two.with_key(record, use_key),
        }
    }
}

/// Sees the elements of both streams that share a key and a window. Flink's `CoGroupFunction`. Any closure of
/// both runs of elements that gives results is one.
pub trait CoGroupFunction<A, B, O>: Clone + Send + Sync + 'static {
    /// Either run may be empty, not both. Results go to `collect`.
    fn co_group(&mut self, first: &[&A], second: &[&B], collect: &mut dyn FnMut(O)) -> Result<()>;
}

impl<A, B, O, R, F> CoGroupFunction<A, B, O> for F
where
    R: IntoIterator<Item = O>,
    F: FnMut(&[&A], &[&B]) -> R + Clone + Send + Sync + 'static,
{
    fn co_group(&mut self, first: &[&A], second: &[&B], collect: &mut dyn FnMut(O)) -> Result<()> {
        self(first, second).into_iter().for_each(collect);
        Ok(())
    }
}

/// Applies a [`CoGroupFunction`] to the windows of two streams in one.
#[derive(Clone)]
pub struct CoGroup<F>(pub F);

impl<F: Clone + Send + Sync + 'static> RichFunction for CoGroup<F> {}

impl<A, B, O, K, W, F> ProcessWindowFunction<TaggedUnion<A, B>, O, K, W> for CoGroup<F>
where
    A: TypeInformation,
    B: TypeInformation,
    O: TypeInformation,
    K: Key,
    F: CoGroupFunction<A, B, O>,
{
    fn process(
        &mut self,
        _: &K,
        elements: Elements<'_, TaggedUnion<A, B>>,
        context: &mut WindowContext<'_, W, O>,
    ) -> Result<()> {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for element in elements.iter() {
            match element {
                TaggedUnion::One(element) => first.push(element),
                TaggedUnion::Two(element) => second.push(element),
            }
        }
        self.0.co_group(&first, &second, &mut |result| context.collect(result))
    }
}

/// A function of a pair, as one of two runs: it is called for each pair of one element of either. Flink's
/// `JoinFunction` and `FlatJoinFunction`.
#[derive(Clone)]
pub struct EachPair<F>(pub F);

impl<A, B, O, R, F> CoGroupFunction<A, B, O> for EachPair<F>
where
    R: IntoIterator<Item = O>,
    F: FnMut(&A, &B) -> R + Clone + Send + Sync + 'static,
{
    fn co_group(&mut self, first: &[&A], second: &[&B], collect: &mut dyn FnMut(O)) -> Result<()> {
        for one in first {
            for two in second {
                (self.0)(one, two).into_iter().for_each(&mut *collect);
            }
        }
        Ok(())
    }
}
