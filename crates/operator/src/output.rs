//! Where an operator puts what it makes: bounded, and emptied by the task whenever it is full.
use std::any::Any;
use std::cell::Cell;
use std::collections::VecDeque;

use hurtig_core::batch::RowBuffer;
use hurtig_core::{
    Batch, Error, EventTime, Result, StreamElement, TypeInformation, Watermark, WatermarkStatus,
};
use hurtig_graph::OutputName;

/// When an output counts as full.
#[derive(Clone, Copy, Debug)]
pub struct OutputLimits {
    /// Records in a batch.
    pub rows: usize,
    /// Bytes in a batch.
    pub bytes: usize,
}

/// How many control elements may stand between batches before an output counts as full.
const MAX_ELEMENTS: usize = 256;

/// The outputs of one operator: the main one, and one per side output that somebody reads.
pub struct Output {
    limits: OutputLimits,
    main: Port,
    sides: Vec<(String, Port)>,
    // Counted by the writers of all outputs at once.
    rows: Cell<usize>,
    bytes: Cell<usize>,
}

/// One output: what is sealed, and the rows being gathered behind it.
#[derive(Default)]
struct Port {
    sealed: VecDeque<StreamElement>,
    open: Option<Box<dyn OpenRows>>,
}

trait OpenRows: Send {
    fn take(&mut self) -> Option<Batch>;
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

impl<T: TypeInformation> OpenRows for RowBuffer<T> {
    fn take(&mut self) -> Option<Batch> {
        if self.is_empty() { None } else { Some(RowBuffer::take(self)) }
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

impl Output {
    /// An output with side outputs of these names.
    pub fn new(limits: OutputLimits, sides: impl IntoIterator<Item = String>) -> Self {
        let sides = sides.into_iter().map(|name| (name, Port::default())).collect();
        Output { limits, main: Port::default(), sides, rows: Cell::new(0), bytes: Cell::new(0) }
    }

    /// How many more rows of type `T` fit.
    #[inline]
    pub fn room<T>(&self) -> usize {
        let rows = self.limits.rows.saturating_sub(self.rows.get());
        // A row that is larger than the limit must go through alone.
        let bytes = self.limits.bytes.saturating_sub(self.bytes.get()).div_ceil(size_of::<T>().max(1));
        if self.elements() >= MAX_ELEMENTS { 0 } else { rows.min(bytes) }
    }

    /// Whether nothing more should be put out before the task has come by.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.rows.get() >= self.limits.rows
            || self.bytes.get() >= self.limits.bytes
            || self.elements() >= MAX_ELEMENTS
    }

    fn elements(&self) -> usize {
        self.main.sealed.len()
    }

    /// A writer of rows of type `T` to the main output.
    pub fn collector<T: TypeInformation>(&mut self) -> Result<Collector<'_, T>> {
        Ok(self.split()?.0)
    }

    /// A writer of rows of type `T` to the main output, and the side outputs beside it.
    pub fn split<T: TypeInformation>(&mut self) -> Result<(Collector<'_, T>, SideOutputs<'_>)> {
        let Output { limits, main, sides, rows, bytes } = self;
        let elements = main.sealed.len();
        let buffer = main.buffer::<T>()?;
        buffer.prepare();
        let full = elements >= MAX_ELEMENTS;
        let collector = Collector { buffer, limits: *limits, rows, bytes, full };
        Ok((collector, SideOutputs { sides, limits: *limits, rows, bytes }))
    }

    fn count(&self, rows: usize, bytes: usize) {
        self.rows.set(self.rows.get() + rows);
        self.bytes.set(self.bytes.get() + bytes);
    }

    /// Appends rows, all of which must fit ([`Output::room`]), to the main output.
    pub fn append<T: TypeInformation>(
        &mut self,
        values: Vec<T>,
        timestamps: Option<Vec<EventTime>>,
    ) -> Result<()> {
        self.count(values.len(), values.len() * size_of::<T>());
        self.main.buffer::<T>()?.append(values, timestamps);
        Ok(())
    }

    /// Puts a whole batch out.
    pub fn push_batch(&mut self, batch: Batch) {
        if batch.is_empty() {
            return;
        }
        self.count(batch.len(), batch.bytes());
        self.main.seal();
        self.main.sealed.push_back(StreamElement::Batch(batch));
    }

    /// The side outputs that somebody reads.
    pub fn sides(&mut self) -> SideOutputs<'_> {
        let Output { limits, sides, rows, bytes, .. } = self;
        SideOutputs { sides, limits: *limits, rows, bytes }
    }

    /// Promises that no event at or before `watermark` follows, on all outputs.
    pub fn watermark(&mut self, watermark: Watermark) {
        self.control(|| StreamElement::Watermark(watermark));
    }

    /// Says that the stream became idle or active, on all outputs.
    pub fn status(&mut self, status: WatermarkStatus) {
        self.control(|| StreamElement::Status(status));
    }

    /// Says that nothing follows, on all outputs.
    pub fn end_of_input(&mut self) {
        self.control(|| StreamElement::EndOfInput);
    }

    fn control(&mut self, element: impl Fn() -> StreamElement) {
        for port in std::iter::once(&mut self.main).chain(self.sides.iter_mut().map(|(_, port)| port)) {
            port.seal();
            port.sealed.push_back(element());
        }
    }

    /// Takes the next element that was put out, with the output it belongs to, in the order within each
    /// output. `None` leaves the output empty.
    pub fn pop(&mut self) -> Option<(OutputName, StreamElement)> {
        if let Some(element) = self.main.pop() {
            return Some((OutputName::Main, element));
        }
        for (name, port) in &mut self.sides {
            if let Some(element) = port.pop() {
                return Some((OutputName::Side(name.clone()), element));
            }
        }
        self.rows.set(0);
        self.bytes.set(0);
        None
    }

    /// Takes the next element of the main output.
    pub fn pop_main(&mut self) -> Option<StreamElement> {
        let element = self.main.pop();
        if element.is_none() && self.sides.is_empty() {
            self.rows.set(0);
            self.bytes.set(0);
        }
        element
    }

    /// Whether anything has been put out.
    pub fn is_empty(&mut self) -> bool {
        self.main.is_empty() && self.sides.iter_mut().all(|(_, port)| port.is_empty())
    }

    /// Whether there are side outputs.
    pub fn has_sides(&self) -> bool {
        !self.sides.is_empty()
    }
}

impl Port {
    fn buffer<T: TypeInformation>(&mut self) -> Result<&mut RowBuffer<T>> {
        let open = self.open.get_or_insert_with(|| Box::new(RowBuffer::<T>::default()));
        let wrong = || Error::bug(format!("rows of {} put out beside others", std::any::type_name::<T>()));
        open.as_any_mut().downcast_mut().ok_or_else(wrong)
    }

    fn seal(&mut self) {
        if let Some(batch) = self.open.as_mut().and_then(|open| open.take()) {
            self.sealed.push_back(StreamElement::Batch(batch));
        }
    }

    fn pop(&mut self) -> Option<StreamElement> {
        if self.sealed.is_empty() {
            self.seal();
        }
        self.sealed.pop_front()
    }

    fn is_empty(&mut self) -> bool {
        if self.sealed.is_empty() {
            self.seal();
        }
        self.sealed.is_empty()
    }
}

/// The side outputs of an operator.
pub struct SideOutputs<'a> {
    sides: &'a mut Vec<(String, Port)>,
    limits: OutputLimits,
    rows: &'a Cell<usize>,
    bytes: &'a Cell<usize>,
}

impl SideOutputs<'_> {
    /// A writer of rows of type `T` to the side output `name`; `None` if nobody reads it.
    pub fn side<T: TypeInformation>(&mut self, name: &str) -> Result<Option<Collector<'_, T>>> {
        let SideOutputs { sides, limits, rows, bytes } = self;
        match sides.iter_mut().find(|(side, _)| side == name) {
            Some((_, port)) => {
                let buffer = port.buffer::<T>()?;
                Ok(Some(Collector { buffer, limits: *limits, rows, bytes, full: false }))
            }
            None => Ok(None),
        }
    }

    /// Puts one row into the side output `name`, if somebody reads it. `true` if so.
    pub fn collect<T: TypeInformation>(
        &mut self,
        name: &str,
        value: T,
        timestamp: Option<EventTime>,
    ) -> Result<bool> {
        let Some(mut side) = self.side::<T>(name)? else { return Ok(false) };
        side.collect(value, timestamp);
        Ok(true)
    }
}

/// Takes rows of one type. What a user's function gets to put its results in; Flink's `Collector`.
pub struct Collector<'a, T> {
    buffer: &'a mut RowBuffer<T>,
    limits: OutputLimits,
    rows: &'a Cell<usize>,
    bytes: &'a Cell<usize>,
    /// Nothing fits, whatever the rows.
    full: bool,
}

impl<T: TypeInformation> Collector<'_, T> {
    /// Puts one row out, with an event time if it has one.
    #[inline]
    pub fn collect(&mut self, value: T, timestamp: Option<EventTime>) {
        let own = size_of::<T>() + if T::HAS_HEAP { value.heap_bytes() } else { 0 };
        self.rows.set(self.rows.get() + 1);
        self.bytes.set(self.bytes.get() + own);
        self.buffer.push(value, timestamp);
    }

    /// Whether the operator should stop before its next record.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.rows.get() >= self.limits.rows || self.bytes.get() >= self.limits.bytes || self.full
    }

    /// Makes place for `additional` rows at once.
    pub fn reserve(&mut self, additional: usize) {
        self.buffer.reserve(additional);
    }
}
