//! The harnesses of operators with one input.
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use hurtig_core::{EventTime, Key, Result, TypeInformation, Watermark, WatermarkStatus};

use super::driver::OperatorTestHarness;
use crate::keyed::{KeyedProcess, KeyedProcessFunction};
use crate::operator::Operator;
use crate::process::{Process, ProcessFunction};
use crate::route::{OwnedKey, Selector};

/// Holds an operator with one input. Flink's `OneInputStreamOperatorTestHarness`.
///
/// ```
/// use hurtig_core::{EventTime, Result};
/// use hurtig_operator::flat_map::FlatMap;
/// use hurtig_operator::function::Closure;
/// use hurtig_operator::harness::OneInputOperatorTestHarness;
///
/// # fn main() -> Result<()> {
/// let countdown = FlatMap::<u64, u64, _>::new(Closure(|n| (0..n).rev()));
/// let mut harness = OneInputOperatorTestHarness::<u64, u64>::new(countdown);
/// harness.open()?;
/// harness.process_element(3, EventTime::from_millis(7))?;
/// assert_eq!(harness.take_records(), [2, 1, 0].map(|n| (n, Some(EventTime::from_millis(7)))));
/// # Ok(())
/// # }
/// ```
pub struct OneInputOperatorTestHarness<I, O> {
    base: OperatorTestHarness<O>,
    types: PhantomData<fn(I)>,
}

impl<I: TypeInformation, O: TypeInformation> OneInputOperatorTestHarness<I, O> {
    /// A harness of any operator with one input. It has still to be opened. `I` and `O` must be the types of its
    /// records, which the operator itself does not tell; others end in an error.
    pub fn new(operator: impl Operator + 'static) -> Self {
        OneInputOperatorTestHarness { base: OperatorTestHarness::new(Box::new(operator)), types: PhantomData }
    }

    /// A harness of a function. It has still to be opened.
    pub fn for_process_function<F: ProcessFunction<I, O>>(function: F) -> Self {
        OneInputOperatorTestHarness::new(Process::<I, O, F>::new(function))
    }

    /// A record comes.
    #[track_caller]
    pub fn process_element(&mut self, value: I, timestamp: EventTime) -> Result<()> {
        self.base.process(0, [(value, Some(timestamp))])
    }

    /// A record without an event time comes.
    #[track_caller]
    pub fn process_value(&mut self, value: I) -> Result<()> {
        self.base.process(0, [(value, None)])
    }

    /// Many records come in one batch.
    #[track_caller]
    pub fn process_elements(&mut self, records: impl IntoIterator<Item = (I, EventTime)>) -> Result<()> {
        self.base.process(0, records.into_iter().map(|(value, time)| (value, Some(time))))
    }

    /// The watermark comes to `time`. One that does not advance is ignored.
    #[track_caller]
    pub fn process_watermark(&mut self, time: EventTime) -> Result<()> {
        self.base.watermark(Watermark(time))
    }

    /// The input became idle or active.
    #[track_caller]
    pub fn process_watermark_status(&mut self, status: WatermarkStatus) -> Result<()> {
        self.base.status(status)
    }

    /// The input ends: the watermark is infinitely far, then the operator puts out what it has left.
    #[track_caller]
    pub fn end_input(&mut self) -> Result<()> {
        self.base.watermark(Watermark::MAX)?;
        self.base.finish()
    }
}

impl<I, O> Deref for OneInputOperatorTestHarness<I, O> {
    type Target = OperatorTestHarness<O>;

    fn deref(&self) -> &OperatorTestHarness<O> {
        &self.base
    }
}

impl<I, O> DerefMut for OneInputOperatorTestHarness<I, O> {
    fn deref_mut(&mut self) -> &mut OperatorTestHarness<O> {
        &mut self.base
    }
}

/// Holds an operator with one keyed input. Flink's `KeyedOneInputStreamOperatorTestHarness`. The
/// [module](crate::harness) has an example.
pub struct KeyedOneInputOperatorTestHarness<I, O>(OneInputOperatorTestHarness<I, O>);

impl<I: TypeInformation, O: TypeInformation> KeyedOneInputOperatorTestHarness<I, O> {
    /// A harness of a function; `key` gives each record its key. It has still to be opened.
    pub fn new<K, S, F>(key: S, function: F) -> Self
    where
        K: Key,
        S: Fn(&I) -> K + Clone + Send + Sync + 'static,
        F: KeyedProcessFunction<K, I, O>,
    {
        Self::for_operator(KeyedProcess::<I, O, _, F>::new(Selector::new(OwnedKey(key)), function))
    }

    /// A harness of any operator with one keyed input, which knows its keys itself.
    pub fn for_operator(operator: impl Operator + 'static) -> Self {
        KeyedOneInputOperatorTestHarness(OneInputOperatorTestHarness::new(operator))
    }
}

impl<I, O> Deref for KeyedOneInputOperatorTestHarness<I, O> {
    type Target = OneInputOperatorTestHarness<I, O>;

    fn deref(&self) -> &OneInputOperatorTestHarness<I, O> {
        &self.0
    }
}

impl<I, O> DerefMut for KeyedOneInputOperatorTestHarness<I, O> {
    fn deref_mut(&mut self) -> &mut OneInputOperatorTestHarness<I, O> {
        &mut self.0
    }
}
