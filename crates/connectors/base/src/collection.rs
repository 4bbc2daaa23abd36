//! A vector as a source. Flink's `fromData` and `fromCollection`.
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use hurtig_connector::{
    Boundedness, Fetched, ReaderContext, Source, SourceReader, Split, SplitId, VersionedBytes,
};
use hurtig_core::{Batch, Error, EventTime, Result, TypeInformation};
use hurtig_derive::TypeInformation;
use xxhash_rust::xxh3::Xxh3;

use crate::pool::SplitPool;
use crate::queue::SplitQueue;

/// Yields the elements of a vector in order, from one subtask whatever the parallelism.
pub struct CollectionSource<T> {
    elements: Arc<[T]>,
    timestamps: Option<Arc<[EventTime]>>,
}

impl<T: TypeInformation> CollectionSource<T> {
    /// The elements, without timestamps.
    pub fn new(elements: Vec<T>) -> Self {
        CollectionSource { elements: elements.into(), timestamps: None }
    }

    /// The elements, each with its timestamp.
    pub fn with_timestamps(elements: Vec<(T, EventTime)>) -> Self {
        let (elements, timestamps): (Vec<T>, Vec<EventTime>) = elements.into_iter().unzip();
        CollectionSource { elements: elements.into(), timestamps: Some(timestamps.into()) }
    }

    /// Elements.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// XXH3-128, seed 0, of the elements' type, encodings and timestamps: two programs that read the same
    /// elements have the same digest.
    pub fn digest(&self) -> u128 {
        let mut hash = Xxh3::new();
        let mut bytes = Vec::new();
        hash.update(T::logical_type().to_string().as_bytes());
        hash.update(&(self.elements.len() as u64).to_le_bytes());
        for element in self.elements.iter() {
            bytes.clear();
            element.encode(&mut bytes);
            hash.update(&bytes);
        }
        for timestamp in self.timestamps.iter().flat_map(|times| times.iter()) {
            hash.update(&timestamp.as_millis().to_le_bytes());
        }
        hash.digest128()
    }
}

impl<T> Clone for CollectionSource<T> {
    fn clone(&self) -> Self {
        CollectionSource { elements: self.elements.clone(), timestamps: self.timestamps.clone() }
    }
}

impl<T> fmt::Debug for CollectionSource<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CollectionSource({} of {})", self.elements.len(), std::any::type_name::<T>())
    }
}

impl<T: TypeInformation> Source for CollectionSource<T> {
    type Record = T;
    type Split = CollectionSplit;
    type Enumerator = SplitPool<CollectionSplit>;
    type Reader = CollectionReader<T>;

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn create_enumerator(&self, restored: Option<&VersionedBytes>) -> Result<SplitPool<CollectionSplit>> {
        SplitPool::new(restored, |_| vec![CollectionSplit { next: 0 }])
    }

    fn create_reader(&self, _: &ReaderContext) -> Result<CollectionReader<T>> {
        Ok(CollectionReader { source: self.clone(), queue: SplitQueue::new() })
    }
}

/// What is left of the vector.
#[derive(Clone, Debug, PartialEq, Eq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
pub struct CollectionSplit {
    /// The index of the next element.
    pub next: i64,
}

impl Split for CollectionSplit {
    fn split_id(&self) -> SplitId {
        SplitId::new("collection")
    }
}

/// Reads the vector, if its split comes here.
#[derive(Debug)]
pub struct CollectionReader<T> {
    source: CollectionSource<T>,
    queue: SplitQueue<CollectionSplit>,
}

impl<T: TypeInformation> SourceReader for CollectionReader<T> {
    type Split = CollectionSplit;

    fn add_splits(&mut self, splits: Vec<CollectionSplit>) -> Result<()> {
        let length = self.source.len();
        if let Some(split) = splits.iter().find(|split| !(0..=length as i64).contains(&split.next)) {
            return Err(Error::corrupt(format!(
                "a collection of {length} elements cannot go on at element {}: has the program changed?",
                split.next
            )));
        }
        self.queue.add(splits);
        Ok(())
    }

    fn no_more_splits(&mut self) {
        self.queue.complete();
    }

    fn poll_next(&mut self, _: &mut Context<'_>, max_rows: usize) -> Poll<Result<Fetched>> {
        loop {
            if let Some(step) = self.queue.step() {
                return step;
            }
            let Some((id, split)) = self.queue.front() else {
                return Poll::Pending;
            };
            let start = split.next as usize;
            let end = self.source.len().min(start.saturating_add(max_rows.max(1)));
            if start == end {
                self.queue.finish_front();
                continue;
            }
            split.next = end as i64;
            let batch = Batch::from_rows(self.source.elements[start..end].to_vec());
            let batch = match &self.source.timestamps {
                Some(times) => batch.with_timestamps(times[start..end].to_vec())?,
                None => batch,
            };
            return Poll::Ready(Ok(Fetched::Batch(id.clone(), batch)));
        }
    }

    fn snapshot_state(&mut self) -> Result<Vec<CollectionSplit>> {
        Ok(self.queue.snapshot())
    }
}
