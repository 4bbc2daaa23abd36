//! Descriptors: a state's name, types and time to live, by which it is registered. Flink's `StateDescriptor`s.
use std::marker::PhantomData;

use crate::functions::{AggregateFunction, ReduceFunction};
use crate::ttl::StateTtlConfig;

macro_rules! common {
    () => {
        /// Values are forgotten when they have not been touched for so long.
        pub fn enable_time_to_live(mut self, ttl: StateTtlConfig) -> Self {
            self.ttl = Some(ttl);
            self
        }

        /// The name of the state, its own within the operator.
        pub fn name(&self) -> &str {
            &self.name
        }
    };
}

macro_rules! descriptor {
    ($(#[$docs:meta])* $name:ident<$($parameter:ident),+>) => {
        $(#[$docs])*
        #[derive(Clone, Debug)]
        pub struct $name<$($parameter),+> {
            pub(crate) name: String,
            pub(crate) ttl: Option<StateTtlConfig>,
            types: PhantomData<fn() -> ($($parameter,)+)>,
        }

        impl<$($parameter),+> $name<$($parameter),+> {
            /// The state of this name.
            pub fn new(name: impl Into<String>) -> Self {
                $name { name: name.into(), ttl: None, types: PhantomData }
            }

            common!();
        }
    };
}

descriptor! {
    /// One value per key.
    ValueStateDescriptor<T>
}
descriptor! {
    /// A list per key. Each element has its own time to live.
    ListStateDescriptor<T>
}
descriptor! {
    /// A map per key. Each entry has its own time to live.
    MapStateDescriptor<K, V>
}

/// One value per key, of all that were added.
#[derive(Clone, Debug)]
pub struct ReducingStateDescriptor<T, F = fn(T, T) -> T> {
    pub(crate) name: String,
    pub(crate) ttl: Option<StateTtlConfig>,
    pub(crate) reduce: F,
    types: PhantomData<fn() -> T>,
}

impl<T, F: ReduceFunction<T>> ReducingStateDescriptor<T, F> {
    /// The state of this name, whose values `reduce` puts together.
    pub fn new(name: impl Into<String>, reduce: F) -> Self {
        ReducingStateDescriptor { name: name.into(), ttl: None, reduce, types: PhantomData }
    }

    common!();
}

/// One accumulator per key, of all that was added.
#[derive(Clone, Debug)]
pub struct AggregatingStateDescriptor<I, A> {
    pub(crate) name: String,
    pub(crate) ttl: Option<StateTtlConfig>,
    pub(crate) aggregate: A,
    types: PhantomData<fn() -> I>,
}

impl<I, A: AggregateFunction<I>> AggregatingStateDescriptor<I, A> {
    /// The state of this name, kept by `aggregate`.
    pub fn new(name: impl Into<String>, aggregate: A) -> Self {
        AggregatingStateDescriptor { name: name.into(), ttl: None, aggregate, types: PhantomData }
    }

    common!();
}
