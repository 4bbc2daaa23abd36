//! A sink that remembers what was written to it, for tests that look at more than the records.
use std::sync::{Arc, Mutex};

use hurtig::connector::{Sink, SinkWriter, VersionedBytes, WriteContext, WriterContext};
use hurtig::prelude::*;

/// What happened at a writer.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<T> {
    /// A record, its event time, and the watermark before it, in milliseconds.
    Write(T, Option<i64>, i64),
    /// The watermark advanced to this.
    Watermark(i64),
    /// Everything was to go out; whether the input had ended.
    Flush(bool),
}

/// Remembers events with the subtask that they happened in.
pub struct Recorder<T> {
    log: Log<T>,
}

/// The events of all writers, in the order in which they happened.
type Log<T> = Arc<Mutex<Vec<(u32, Event<T>)>>>;

impl<T> Clone for Recorder<T> {
    fn clone(&self) -> Self {
        Recorder { log: self.log.clone() }
    }
}

impl<T: Clone> Recorder<T> {
    /// A sink to which nothing has happened.
    pub fn new() -> Recorder<T> {
        Recorder { log: Arc::default() }
    }

    /// What has happened so far.
    pub fn events(&self) -> Vec<(u32, Event<T>)> {
        self.log.lock().unwrap().clone()
    }

    /// The records so far, with their subtasks.
    pub fn records(&self) -> Vec<(u32, T)> {
        let record = |(subtask, event)| match event {
            Event::Write(record, ..) => Some((subtask, record)),
            _ => None,
        };
        self.events().into_iter().filter_map(record).collect()
    }
}

impl<T: Clone + Send + 'static> Sink for Recorder<T> {
    type Record = T;
    type Writer = Writer<T>;

    fn create_writer(&self, context: &WriterContext, _: Vec<VersionedBytes>) -> Result<Writer<T>> {
        Ok(Writer { subtask: context.subtask.0, log: self.log.clone() })
    }
}

/// Remembers the events of one subtask.
pub struct Writer<T> {
    subtask: u32,
    log: Log<T>,
}

impl<T> Writer<T> {
    fn remember(&self, event: Event<T>) -> Result<()> {
        self.log.lock().unwrap().push((self.subtask, event));
        Ok(())
    }
}

impl<T: Clone + Send + 'static> SinkWriter for Writer<T> {
    type Record = T;

    fn write(&mut self, record: T, context: &WriteContext) -> Result<()> {
        let time = context.timestamp.map(EventTime::as_millis);
        self.remember(Event::Write(record, time, context.watermark.0.as_millis()))
    }

    fn watermark(&mut self, watermark: Watermark) -> Result<()> {
        self.remember(Event::Watermark(watermark.0.as_millis()))
    }

    fn flush(&mut self, end_of_input: bool) -> Result<()> {
        self.remember(Event::Flush(end_of_input))
    }
}
