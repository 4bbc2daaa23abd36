//! The committers of a job's sinks.
use std::collections::BTreeMap;

use hurtig_connector::{CommitOutcome, CommitStage, Committable, Committer};
use hurtig_core::ids::OperatorId;
use hurtig_core::{Error, Result};
use hurtig_graph::ExecutionGraph;
use hurtig_operator::{NodeFactory, Program};
use hurtig_runtime::task::catch;

/// How often a commit that asks to be retried is tried before the job fails.
const MAX_TRIES: u32 = 10;

/// All sinks of a job that commit.
#[derive(Default)]
pub struct Sinks {
    sinks: BTreeMap<OperatorId, SinkCommit>,
}

struct SinkCommit {
    name: String,
    before: Option<Box<dyn CommitStage>>,
    committer: Option<Box<dyn Committer>>,
    after: Option<Box<dyn CommitStage>>,
    pending: Vec<Committable>,
    tries: u32,
}

impl Sinks {
    /// The committers of `graph`.
    pub fn new(program: &Program, graph: &ExecutionGraph) -> Result<Self> {
        let mut sinks = BTreeMap::new();
        for operator in graph.job.vertices.iter().flat_map(|vertex| &vertex.operators) {
            if let NodeFactory::Sink(sink) = &program.nodes[operator.node.0 as usize] {
                let commit = catch(|| {
                    Ok(SinkCommit {
                        name: operator.name.clone(),
                        before: sink.create_pre_commit_stage()?,
                        committer: sink.create_committer()?,
                        after: sink.create_post_commit_stage()?,
                        pending: Vec::new(),
                        tries: 0,
                    })
                });
                sinks.insert(operator.id, commit.map_err(|error| committing(&operator.name, error))?);
            }
        }
        Ok(Sinks { sinks })
    }

    /// A writer has prepared something. Without checkpoints it is committed at once.
    pub fn committables(&mut self, operator: OperatorId, committables: Vec<Committable>) -> Result<()> {
        let sink = self.sinks.get_mut(&operator);
        let sink = sink.ok_or_else(|| Error::bug("committables from an operator that is no sink"))?;
        let committables = match &mut sink.before {
            Some(stage) => {
                catch(|| stage.process(committables)).map_err(|error| committing(&sink.name, error))?
            }
            None => committables,
        };
        // What waits for its next try goes on waiting.
        sink.commit(committables)
    }

    /// Tries again what asked for it; whether anything is left.
    pub fn retry(&mut self) -> Result<bool> {
        for sink in self.sinks.values_mut().filter(|sink| !sink.pending.is_empty()) {
            sink.tries += 1;
            let requests = std::mem::take(&mut sink.pending);
            sink.commit(requests)?;
        }
        Ok(self.has_pending())
    }

    /// Another attempt of the job begins: what is still to be committed has all its tries again.
    pub fn restart(&mut self) {
        self.sinks.values_mut().for_each(|sink| sink.tries = 0);
    }

    /// Whether something is still to be committed.
    pub fn has_pending(&self) -> bool {
        self.sinks.values().any(|sink| !sink.pending.is_empty())
    }
}

/// Says for which sink it was.
fn committing(name: &str, error: Error) -> Error {
    error.context(format!("committing for '{name}'"))
}

impl SinkCommit {
    /// Commits `requests`; those that ask to be retried are added to what waits.
    fn commit(&mut self, requests: Vec<Committable>) -> Result<()> {
        let Some(committer) = &mut self.committer else {
            return Err(Error::user(format!(
                "the writer of '{}' prepares commits, but its sink has no committer",
                self.name
            )));
        };
        let outcomes =
            catch(|| committer.commit(&requests)).map_err(|error| committing(&self.name, error))?;
        if outcomes.len() != requests.len() {
            let error = format!("{} outcomes for {} committables", outcomes.len(), requests.len());
            return Err(committing(&self.name, Error::user(error)));
        }
        let mut committed = Vec::new();
        for (request, outcome) in requests.into_iter().zip(outcomes) {
            match outcome {
                CommitOutcome::Done | CommitOutcome::AlreadyDone => committed.push(request),
                CommitOutcome::Retry(reason) => {
                    if self.tries >= MAX_TRIES {
                        let error = format!("given up after {MAX_TRIES} tries: {reason}");
                        return Err(committing(&self.name, Error::restart(error)));
                    }
                    self.pending.push(request);
                }
                CommitOutcome::Failed(reason) => {
                    return Err(committing(&self.name, Error::restart(reason)));
                }
            }
        }
        if self.pending.is_empty() {
            self.tries = 0;
        }
        if let Some(stage) = &mut self.after
            && !committed.is_empty()
        {
            catch(|| stage.process(committed)).map_err(|error| committing(&self.name, error))?;
        }
        Ok(())
    }
}
