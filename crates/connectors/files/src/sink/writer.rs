//! Writing the records of one subtask.
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;
use std::sync::Arc;

use hurtig_connector::{Committable, Host, SinkWriter, VersionedBytes, WriteContext};
use hurtig_core::{ProcessingTime, Result, ResultExt};

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
    /// By name. A bucket without a part is forgotten at the next tick.
    buckets: BTreeMap<String, Bucket<R>>,
    open_parts: usize,
    /// The name of the bucket of the record at hand.
    bucket: String,
    /// Closed, and not yet handed out.
    pending: Vec<Pending>,
}

/// One folder.
struct Bucket<R> {
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
            buckets: BTreeMap::new(),
            open_parts: 0,
            bucket: String::new(),
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

    /// Opens a part in the bucket named by `self.bucket`.
    fn open_part(&mut self) -> Result<()> {
        if self.open_parts >= self.rolling.max_open_parts() {
            let open = self.buckets.iter().filter_map(|(name, bucket)| Some((name, bucket.part.as_ref()?)));
            let oldest = open.min_by_key(|(_, part)| part.created()).map(|(name, _)| name.clone());
            if let Some(oldest) = oldest {
                self.close_part(&oldest)?;
            }
        }
        let bucket = match self.buckets.entry(self.bucket.clone()) {
            Entry::Occupied(bucket) => bucket.into_mut(),
            Entry::Vacant(place) => {
                bucket::check(place.key())?;
                let folder = match place.key().as_str() {
                    "" => self.base.clone(),
                    name => self.base.join(name),
                };
                part::create_folder(&folder)?;
                let next_counter = self.names.next_counter(&folder)?;
                place.insert(Bucket { folder, next_counter, part: None })
            }
        };
        let now = self.host.processing_time();
        let (part, counter) =
            Part::create(&*self.format, &bucket.folder, &self.names, bucket.next_counter, now)?;
        bucket.next_counter = counter + 1;
        bucket.part = Some(part);
        self.open_parts += 1;
        Ok(())
    }

    fn close_part(&mut self, bucket: &str) -> Result<()> {
        if let Some(part) = self.buckets.get_mut(bucket).and_then(|bucket| bucket.part.take()) {
            self.open_parts -= 1;
            self.pending.push(part.close()?);
        }
        Ok(())
    }

    /// Closes every part for which `closes` says so.
    fn close_parts(&mut self, mut closes: impl FnMut(&mut Part<R>) -> Result<bool>) -> Result<()> {
        for bucket in self.buckets.values_mut() {
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
        self.bucket.clear();
        let bucket_context = BucketContext::new(context, &*self.host);
        self.assigner
            .assign(&record, &bucket_context, &mut self.bucket)
            .context(|| format!("finding a record's folder below '{}'", self.base.display()))?;
        let mut bucket = self.buckets.get_mut(&self.bucket);
        if bucket.as_ref().is_none_or(|bucket| bucket.part.is_none()) {
            self.open_part()?;
            bucket = self.buckets.get_mut(&self.bucket);
        }
        let Some(part) = bucket.and_then(|bucket| bucket.part.as_mut()) else {
            return Err(hurtig_core::Error::bug("a part file that has just been opened is missing"));
        };
        part.write(record)?;
        if self.rolling.is_full(part.bytes()) {
            let bucket = std::mem::take(&mut self.bucket);
            self.close_part(&bucket)?;
            self.bucket = bucket;
        }
        Ok(())
    }

    fn tick(&mut self, now: ProcessingTime) -> Result<()> {
        self.buckets.retain(|_, bucket| bucket.part.is_some());
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
        let open = self.buckets.values().filter_map(|bucket| bucket.part.as_ref());
        let mut states = open.map(Part::state).filter_map(Result::transpose).collect::<Result<Vec<_>>>()?;
        // Normally none: the parts that were closed have been handed out before the snapshot.
        states.extend(self.pending.iter().cloned());
        Ok(states.iter().map(Pending::to_bytes).collect())
    }
}
