//! The enumerators of a job's sources. Flink's `SourceCoordinator`.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Context;

use hurtig_connector::enumerator::EnumeratorAction;
use hurtig_connector::erased::ErasedEnumerator;
use hurtig_connector::{Host, VersionedBytes};
use hurtig_core::ids::{OperatorId, VertexId};
use hurtig_core::{Error, Result, Watermark};
use hurtig_graph::{ExecutionGraph, SubtaskId};
use hurtig_operator::{NodeFactory, Program};
use hurtig_runtime::messages::{FromOperator, ToSource};
use hurtig_runtime::task::catch;

use crate::alignment::AlignmentGroup;

/// All sources of a job, for one attempt.
#[derive(Default)]
pub struct Sources {
    coordinators: BTreeMap<OperatorId, Coordinator>,
    groups: BTreeMap<String, AlignmentGroup>,
}

struct Coordinator {
    name: String,
    vertex: VertexId,
    enumerator: Box<dyn ErasedEnumerator>,
    discovering: bool,
    group: Option<String>,
}

/// Something for one source subtask.
pub type SourceMessage = (SubtaskId, ToSource);

impl Sources {
    /// The enumerators of `graph`, new.
    pub fn new(program: &Program, graph: &ExecutionGraph, host: &Arc<dyn Host>) -> Result<Self> {
        let mut sources = Sources::default();
        let mut members: BTreeMap<String, Vec<SubtaskId>> = BTreeMap::new();
        let mut drifts = BTreeMap::new();
        for vertex in &graph.job.vertices {
            let Some(head) = vertex.operators.first() else { continue };
            let NodeFactory::Source { source, strategy } = &program.nodes[head.node.0 as usize] else {
                continue;
            };
            let enumerator = catch(|| source.create_enumerator(None, vertex.parallelism, host.clone()))
                .map_err(|error| error.context(format!("source '{}'", head.name)))?;
            let group = strategy.alignment.as_ref().map(|alignment| {
                let subtasks = graph.subtasks().filter(|task| task.vertex == vertex.id);
                members.entry(alignment.group.clone()).or_default().extend(subtasks);
                drifts.insert(alignment.group.clone(), alignment.max_drift);
                alignment.group.clone()
            });
            let coordinator = Coordinator {
                name: head.name.clone(),
                vertex: vertex.id,
                enumerator,
                discovering: true,
                group,
            };
            sources.coordinators.insert(head.id, coordinator);
        }
        for (group, members) in members {
            let drift = drifts.get(&group).copied().unwrap_or_default();
            sources.groups.insert(group, AlignmentGroup::new(drift, members));
        }
        Ok(sources)
    }

    /// A task runs: if it is a source's, its reader is there.
    pub fn task_running(&mut self, task: SubtaskId) -> Result<Vec<SourceMessage>> {
        let found = self.coordinators.values_mut().find(|coordinator| coordinator.vertex == task.vertex);
        match found {
            Some(coordinator) => coordinator.call(|enumerator| enumerator.add_reader(task.subtask)),
            None => Ok(Vec::new()),
        }
    }

    /// A reader has said something.
    pub fn word(
        &mut self,
        task: SubtaskId,
        operator: OperatorId,
        word: FromOperator,
    ) -> Result<Vec<SourceMessage>> {
        let coordinator = self.coordinators.get_mut(&operator);
        let coordinator = coordinator.ok_or_else(|| Error::bug("a word from a source that is not there"))?;
        match word {
            FromOperator::RequestSplit => {
                coordinator.call(|enumerator| enumerator.handle_split_request(task.subtask))
            }
            FromOperator::SourceEvent(event) => {
                coordinator.call(|enumerator| enumerator.handle_source_event(task.subtask, event))
            }
            FromOperator::ReportWatermark(watermark) => {
                let group = coordinator.group.clone();
                Ok(self.align(group, task, watermark))
            }
            FromOperator::Committables(_) => Err(Error::bug("committables from a source")),
        }
    }

    fn align(&mut self, group: Option<String>, task: SubtaskId, watermark: Watermark) -> Vec<SourceMessage> {
        let Some(group) = group.and_then(|name| self.groups.get_mut(&name)) else { return Vec::new() };
        match group.report(task, watermark) {
            Some(allowed) => group.members().map(|member| (member, ToSource::Align(allowed))).collect(),
            None => Vec::new(),
        }
    }

    /// Lets enumerators go on with discovery.
    pub fn poll_discover(&mut self, cx: &mut Context<'_>) -> Result<Vec<SourceMessage>> {
        let mut messages = Vec::new();
        for coordinator in self.coordinators.values_mut().filter(|coordinator| coordinator.discovering) {
            let mut ended = false;
            messages.extend(coordinator.call(|enumerator| {
                let (now_ended, actions) = enumerator.poll_discover(cx)?;
                ended = now_ended;
                Ok(actions)
            })?);
            coordinator.discovering = !ended;
        }
        Ok(messages)
    }
}

impl Coordinator {
    /// Calls the enumerator and brings its wishes into the form of messages.
    fn call(
        &mut self,
        call: impl FnOnce(&mut dyn ErasedEnumerator) -> Result<Vec<EnumeratorAction<VersionedBytes>>>,
    ) -> Result<Vec<SourceMessage>> {
        let vertex = self.vertex;
        let actions = catch(|| call(self.enumerator.as_mut()))
            .map_err(|error| error.context(format!("enumerator of '{}'", self.name)))?;
        let to = |subtask| SubtaskId { vertex, subtask };
        let messages = actions.into_iter().map(|action| match action {
            EnumeratorAction::Assign(reader, split) => (to(reader), ToSource::AddSplits(vec![split])),
            EnumeratorAction::NoMoreSplits(reader) => (to(reader), ToSource::NoMoreSplits),
            EnumeratorAction::Event(reader, event) => (to(reader), ToSource::Event(event)),
        });
        Ok(messages.collect())
    }
}
