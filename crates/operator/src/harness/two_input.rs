//! The harnesses of operators with two inputs.
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use hurtig_core::{EventTime, Key, Result, TypeInformation, Watermark};

use super::driver::OperatorTestHarness;
use crate::broadcast::{BroadcastProcess, BroadcastProcessFunction};
use crate::co::{CoProcess, CoProcessFunction};
use crate::keyed::{
    KeyedBroadcastProcess, KeyedBroadcastProcessFunction, KeyedCoProcess, KeyedCoProcessFunction,
};
use crate::operator::Operator;
use crate::route::{OwnedKey, Selector};

/// Holds an operator with two inputs. Flink's `TwoInputStreamOperatorTestHarness`.
pub struct TwoInputOperatorTestHarness<A, B, O> {
    base: OperatorTestHarness<O>,
    /// The watermark of each input; that of the operator is the lower one.
    watermarks: [Watermark; 2],
    ended: [bool; 2],
    types: PhantomData<fn(A, B)>,
}

impl<A, B, O> TwoInputOperatorTestHarness<A, B, O>
where
    A: TypeInformation,
    B: TypeInformation,
    O: TypeInformation,
{
    /// A harness of any operator with two inputs. It has still to be opened.
    pub fn new(operator: impl Operator + 'static) -> Self {
        TwoInputOperatorTestHarness {
            base: OperatorTestHarness::new(Box::new(operator)),
            watermarks: [Watermark::MIN; 2],
            ended: [false; 2],
            types: PhantomData,
        }
    }

    /// A harness of a function. It has still to be opened.
    pub fn for_co_process_function<F: CoProcessFunction<A, B, O>>(function: F) -> Self {
        TwoInputOperatorTestHarness::new(CoProcess::<A, B, O, F>::new(function))
    }

    /// A harness of a function; its second input is the one that every subtask gets.
    pub fn for_broadcast_process_function<F: BroadcastProcessFunction<A, B, O>>(function: F) -> Self {
        TwoInputOperatorTestHarness::new(BroadcastProcess::<A, B, O, F>::new(function))
    }

    /// A record of the first input comes.
    #[track_caller]
    pub fn process_element1(&mut self, value: A, timestamp: EventTime) -> Result<()> {
        self.base.process(0, [(value, Some(timestamp))])
    }

    /// A record of the second input comes.
    #[track_caller]
    pub fn process_element2(&mut self, value: B, timestamp: EventTime) -> Result<()> {
        self.base.process(1, [(value, Some(timestamp))])
    }

    /// A record of the first input without an event time comes.
    #[track_caller]
    pub fn process_value1(&mut self, value: A) -> Result<()> {
        self.base.process(0, [(value, None)])
    }

    /// A record of the second input without an event time comes.
    #[track_caller]
    pub fn process_value2(&mut self, value: B) -> Result<()> {
        self.base.process(1, [(value, None)])
    }

    /// Many records of the first input come in one batch.
    #[track_caller]
    pub fn process_elements1(&mut self, records: impl IntoIterator<Item = (A, EventTime)>) -> Result<()> {
        self.base.process(0, records.into_iter().map(|(value, time)| (value, Some(time))))
    }

    /// Many records of the second input come in one batch.
    #[track_caller]
    pub fn process_elements2(&mut self, records: impl IntoIterator<Item = (B, EventTime)>) -> Result<()> {
        self.base.process(1, records.into_iter().map(|(value, time)| (value, Some(time))))
    }

    /// The watermark of the first input comes to `time`.
    #[track_caller]
    pub fn process_watermark1(&mut self, time: EventTime) -> Result<()> {
        self.watermark_of(0, Watermark(time))
    }

    /// The watermark of the second input comes to `time`.
    #[track_caller]
    pub fn process_watermark2(&mut self, time: EventTime) -> Result<()> {
        self.watermark_of(1, Watermark(time))
    }

    /// The watermarks of both inputs come to `time`.
    #[track_caller]
    pub fn process_both_watermarks(&mut self, time: EventTime) -> Result<()> {
        self.process_watermark1(time)?;
        self.process_watermark2(time)
    }

    #[track_caller]
    fn watermark_of(&mut self, port: usize, watermark: Watermark) -> Result<()> {
        self.watermarks[port] = self.watermarks[port].max(watermark);
        self.base.watermark(self.watermarks[0].min(self.watermarks[1]))
    }

    /// The first input ends. With the other it is the end of all.
    #[track_caller]
    pub fn end_input1(&mut self) -> Result<()> {
        self.end_input(0)
    }

    /// The second input ends. With the other it is the end of all.
    #[track_caller]
    pub fn end_input2(&mut self) -> Result<()> {
        self.end_input(1)
    }

    #[track_caller]
    fn end_input(&mut self, port: usize) -> Result<()> {
        assert!(!self.ended[port], "the input has ended already");
        self.ended[port] = true;
        // An input that has ended is infinitely far ahead.
        self.watermark_of(port, Watermark::MAX)?;
        if self.ended == [true; 2] { self.base.finish() } else { self.base.end_of_port(port as u32) }
    }
}

impl<A, B, O> Deref for TwoInputOperatorTestHarness<A, B, O> {
    type Target = OperatorTestHarness<O>;

    fn deref(&self) -> &OperatorTestHarness<O> {
        &self.base
    }
}

impl<A, B, O> DerefMut for TwoInputOperatorTestHarness<A, B, O> {
    fn deref_mut(&mut self) -> &mut OperatorTestHarness<O> {
        &mut self.base
    }
}

/// Holds an operator with two inputs of which both are keyed, or the first one is and the second reaches every
/// subtask. Flink's `KeyedTwoInputStreamOperatorTestHarness`.
pub struct KeyedTwoInputOperatorTestHarness<A, B, O>(TwoInputOperatorTestHarness<A, B, O>);

impl<A, B, O> KeyedTwoInputOperatorTestHarness<A, B, O>
where
    A: TypeInformation,
    B: TypeInformation,
    O: TypeInformation,
{
    /// A harness of a function; `first` and `second` give the records of the two inputs their keys. It has still
    /// to be opened.
    pub fn new<K, SA, SB, F>(first: SA, second: SB, function: F) -> Self
    where
        K: Key,
        SA: Fn(&A) -> K + Clone + Send + Sync + 'static,
        SB: Fn(&B) -> K + Clone + Send + Sync + 'static,
        F: KeyedCoProcessFunction<K, A, B, O>,
    {
        let first = Selector::new(OwnedKey(first));
        let second = Selector::new(OwnedKey(second));
        Self::for_operator(KeyedCoProcess::<A, B, O, _, _, F>::new(first, second, function))
    }

    /// A harness of a function; `key` gives the records of the first input their keys, the second input is the
    /// one that every subtask gets.
    pub fn for_broadcast_process_function<K, S, F>(key: S, function: F) -> Self
    where
        K: Key,
        S: Fn(&A) -> K + Clone + Send + Sync + 'static,
        F: KeyedBroadcastProcessFunction<K, A, B, O>,
    {
        let selector = Selector::new(OwnedKey(key));
        Self::for_operator(KeyedBroadcastProcess::<A, B, O, _, F>::new(selector, function))
    }

    /// A harness of any operator with two inputs, which knows its keys itself.
    pub fn for_operator(operator: impl Operator + 'static) -> Self {
        KeyedTwoInputOperatorTestHarness(TwoInputOperatorTestHarness::new(operator))
    }
}

impl<A, B, O> Deref for KeyedTwoInputOperatorTestHarness<A, B, O> {
    type Target = TwoInputOperatorTestHarness<A, B, O>;

    fn deref(&self) -> &TwoInputOperatorTestHarness<A, B, O> {
        &self.0
    }
}

impl<A, B, O> DerefMut for KeyedTwoInputOperatorTestHarness<A, B, O> {
    fn deref_mut(&mut self) -> &mut TwoInputOperatorTestHarness<A, B, O> {
        &mut self.0
    }
}
