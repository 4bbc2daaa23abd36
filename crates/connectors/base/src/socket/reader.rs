//! The half of the socket source that runs on the task's thread.
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hurtig_connector::{Fetched, Host, SourceReader};
use hurtig_core::{Batch, Result};

use super::handover::Handover;
use super::{SocketSource, SocketSplit, connection};
use crate::queue::SplitQueue;

/// Reads lines, if the connection comes to this subtask.
pub struct SocketReader {
    source: SocketSource,
    host: Arc<dyn Host>,
    queue: SplitQueue<SocketSplit>,
    /// Open from the first step that has the split.
    handover: Option<Arc<Handover>>,
}

impl SocketReader {
    pub(super) fn new(source: SocketSource, host: Arc<dyn Host>) -> Self {
        SocketReader { source, host, queue: SplitQueue::new(), handover: None }
    }

    fn connect(&self) -> Arc<Handover> {
        let handover = Arc::new(Handover::new(self.source.buffer_bytes));
        let work = connection::run(self.source.clone(), self.host.clone(), handover.clone());
        self.host.spawn_io(Box::pin(work));
        handover
    }

    fn disconnect(&mut self) {
        if let Some(handover) = self.handover.take() {
            handover.close();
        }
    }
}

impl SourceReader for SocketReader {
    type Split = SocketSplit;

    fn add_splits(&mut self, splits: Vec<SocketSplit>) -> Result<()> {
        self.queue.add(splits);
        Ok(())
    }

    fn no_more_splits(&mut self) {
        self.queue.complete();
    }

    fn poll_next(&mut self, cx: &mut Context<'_>, max_rows: usize) -> Poll<Result<Fetched>> {
        loop {
            if let Some(step) = self.queue.step() {
                return step;
            }
            let handover = match &self.handover {
                Some(handover) => handover,
                None => {
                    let handover = self.connect();
                    self.handover.insert(handover)
                }
            };
            match ready!(handover.poll_take(cx, max_rows.max(1)))? {
                Some(lines) => {
                    let Some((id, _)) = self.queue.front() else {
                        return Poll::Pending;
                    };
                    return Poll::Ready(Ok(Fetched::Batch(id.clone(), Batch::from_rows(lines))));
                }
                None => {
                    self.disconnect();
                    self.queue.finish_front();
                }
            }
        }
    }

    fn snapshot_state(&mut self) -> Result<Vec<SocketSplit>> {
        Ok(self.queue.snapshot())
    }
}

impl Drop for SocketReader {
    fn drop(&mut self) {
        self.disconnect();
    }
}

impl fmt::Debug for SocketReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SocketReader({})", self.source)
    }
}
