//! Writing the records of one subtask.
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use hurtig_connector::{Committable, Host, SinkWriter, VersionedBytes, WriteContext};
use hurtig_core::{Error, ProcessingTime, Result, ResultExt};

use super::name::SubtaskNames;
use super::part::{self, Part};
use super::pending::Pending;
use super::rolling::OnCheckpoint;
use super::{BucketAssigner, BucketContext, PartFormat, RollingPolicy, bucket};

/// Writes each record to the open part file of its bucket.
pub struct FileWriter<R> {
    base: PathBuf,
    format: Arc<dyn PartFormat<R>>,
    assigner: Box<dyn BucketAssigner<R>>,
    rolling: RollingPolicy,
    names: SubtaskNames,
    host: Arc<dyn Host>,
    /// A bucket without a part is forgotten at the next tick.
    buckets: Vec<Bucket<R>>,
    by_name: BTreeMap<String, usize>,
    /// The bucket of the last record, which is mostly that of the next one.
    current: usize,
    open_parts: usize,
    /// The name of the bucket of the record at hand.
    name: String,
    /// Closed, and not yet handed out.
    pending: Vec<Pending>,
}

/// One folder.
struct Bucket<R> {
    name: String,
    folder: PathBuf,
    next_counter: u64,
    part: Option<Part<R>>,
}

impl<R: 'static> FileWriter<R> {
    pub(super) fn new(
        base: PathBuf,
        format: Arc<dyn PartFormat<R>>,
        assigner: Box<dyn BucketAssigner<R>>,
        rolling: RollingPolicy,
        names: SubtaskNames,
        host: Arc<dyn Host>,
    ) -> Self {
        FileWriter {
            base,
            format,
            assigner,
            rolling,
            names,
            host,
            buckets: Vec::new(),
            by_name: BTreeMap::new(),
            current: 0,
            open_parts: 0,
            name: String::new(),
            pending: Vec::new(),
        }
    }

    /// Takes over the parts that were open at the checkpoint: cut off where they ended then, they are
    /// committed as they are, and new parts take what follows.
    pub(super) fn restore(&mut self, states: &[VersionedBytes]) -> Result<()> {
        for state in states {
            self.pending.extend(part::restore(Pending::from_bytes(state)?)?);
        }
        Ok(())
    }

    /// Makes the bucket called `self.name` the current one.
    #[inline]
    fn find_bucket(&mut self) -> Result<()> {
        if let Some(bucket) = self.buckets.get(self.current)
            && bucket.name.len() == self.name.len()
            && (self.name.is_empty() || bucket.name == self.name)
        {
            return Ok(());
        }
        self.current = match self.by_name.get(&self.name) {
            Some(&index) => index,
            None => self.add_bucket()?,
        };
        Ok(())
    }

    fn add_bucket(&mut self) -> Result<usize> {
        bucket::check(&self.name)?;
        let folder = if self.name.is_empty() { self.base.clone() } else { self.base.join(&self.name) };
        part::create_folder(&folder)?;
        let next_counter = self.names.next_counter(&folder)?;
        let index = self.buckets.len();
        self.buckets.push(Bucket { name: self.name.clone(), folder, next_counter, part: None });
        self.by_name.insert(self.name.clone(), index);
        Ok(index)
    }

    /// Opens a part in the current bucket.
    #[cold]
    fn open_part(&mut self) -> Result<()> {
        if self.open_parts >= self.rolling.max_open_parts() {
            let created =
                |(index, bucket): (usize, &Bucket<R>)| Some((bucket.part.as_ref()?.created(), index));
            let oldest = self.buckets.iter().enumerate().filter_map(created).min();
            if let Some((_, oldest)) = oldest {
                self.close_part(oldest)?;
            }
        }
        let bucket = &mut self.buckets[self.current];
        let (format, counter, now) = (&*self.format, bucket.next_counter, self.host.processing_time());
        let (part, counter) = Part::create(format, &bucket.folder, &self.names, counter, now)?;
        bucket.next_counter = counter + 1;
        bucket.part = Some(part);
        self.open_parts += 1;
        Ok(())
    }

    fn close_part(&mut self, index: usize) -> Result<()> {
        if let Some(part) = self.buckets[index].part.take() {
            self.open_parts -= 1;
            self.pending.push(part.close()?);
        }
        Ok(())
    }

    /// Forgets the buckets that have no part.
    fn forget_buckets(&mut self) {
        self.buckets.retain(|bucket| bucket.part.is_some());
        let names = self.buckets.iter().enumerate();
        self.by_name = names.map(|(index, bucket)| (bucket.name.clone(), index)).collect();
        self.current = 0;
    }

    /// Closes every part for which `closes` says so.
    fn close_parts(&mut self, mut closes: impl FnMut(&mut Part<R>) -> Result<bool>) -> Result<()> {
        for bucket in &mut self.buckets {
            if let Some(part) = &mut bucket.part
                && closes(part)?
                && let Some(part) = bucket.part.take()
            {
                self.open_parts -= 1;
                self.pending.push(part.close()?);
            }
        }
        Ok(())
    }
}

impl<R: 'static> SinkWriter for FileWriter<R> {
    type Record = R;

    fn write(&mut self, record: R, context: &WriteContext) -> Result<()> {
        self.name.clear();
        let bucket_context = BucketContext::new(context, &*self.host);
        self.assigner
            .assign(&record, &bucket_context, &mut self.name)
            .and_then(|()| self.find_bucket())
            .context(|| format!("finding a record's folder below '{}'", self.base.display()))?;
        if self.buckets[self.current].part.is_none() {
            self.open_part()?;
        }
        let Some(part) = &mut self.buckets[self.current].part else {
            return Err(Error::bug("a part file that has just been opened is missing"));
        };
        part.write(record)?;
        if self.rolling.is_full(part.bytes()) { self.close_part(self.current) } else { Ok(()) }
    }

    fn tick(&mut self, now: ProcessingTime) -> Result<()> {
        if self.open_parts < self.buckets.len() {
            self.forget_buckets();
        }
        let rolling = self.rolling.clone();
        self.close_parts(|part| Ok(part.is_over(now, &rolling)))
    }

    fn flush(&mut self, end_of_input: bool) -> Result<()> {
        if end_of_input || self.rolling.on_checkpoint() == OnCheckpoint::Close {
            return self.close_parts(|_| Ok(true));
        }
        self.close_parts(|part| Ok(!part.persist()?))
    }

    fn prepare_commit(&mut self) -> Result<Vec<Committable>> {
        Ok(self.pending.drain(..).map(|pending| Committable(pending.to_bytes())).collect())
    }

    fn snapshot_state(&mut self) -> Result<Vec<VersionedBytes>> {
        let open = self.buckets.iter().filter_map(|bucket| bucket.part.as_ref());
        let mut states = open.map(Part::state).filter_map(Result::transpose).collect::<Result<Vec<_>>>()?;
        // Normally none: the parts that were closed have been handed out before the snapshot.
        states.extend(self.pending.iter().cloned());
        Ok(states.iter().map(Pending::to_bytes).collect())
    }
}
