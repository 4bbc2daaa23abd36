//! The chain: a list of operators that the task drives, always the deepest one that has work.
//!
//! So no more than one call's output ever stands between two operators, whatever the fan-out; and between two
//! calls everything is consistent.
use std::task::{Context, Poll};

use hurtig_core::{Error, ProcessingTime, Result, StreamElement};
use hurtig_graph::OutputName;
use hurtig_operator::source::{SourceOperator, SourceStep};
use hurtig_operator::{Operator, OperatorContext, Output};

use crate::exchange::{EdgeWriter, Flow};
use crate::executor::Executor;
use crate::task::link::{Called, Link, Target, Work, catch};

/// The operators of one subtask, in order, and the edges out of it.
pub struct Chain {
    source: Option<Head>,
    links: Vec<Link>,
    edges: Vec<EdgeWriter>,
    max_rows: usize,
}

/// A source at the head: no operator, but an output like one.
struct Head {
    source: SourceOperator,
    ended: bool,
}

/// What a step of the chain came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainStep {
    /// Something was done.
    Progressed,
    /// The source was read.
    SourceRead,
    /// Nothing is to be done: the chain wants input.
    Empty,
    /// An output has no credit: back pressure.
    Blocked,
    /// An operator waits for something outside.
    NotReady,
    /// The source has nothing now.
    SourceWaits,
    /// Everything has ended and is sent.
    Finished,
    /// The other side of an output is gone.
    Closed,
}

impl Chain {
    /// A chain without operators, with these edges.
    pub fn new(edges: Vec<EdgeWriter>, max_rows: usize) -> Self {
        Chain { source: None, links: Vec::new(), edges, max_rows }
    }

    /// Appends the source at the head.
    pub fn push_source(&mut self, source: SourceOperator, context: OperatorContext, output: Output) {
        self.source = Some(Head { source, ended: false });
        self.links.push(Link::new(Box::new(SourceHead), context, output, 0, self.max_rows));
    }

    /// Appends an operator with `ports` inputs.
    pub fn push(
        &mut self,
        operator: Box<dyn Operator>,
        context: OperatorContext,
        output: Output,
        ports: u32,
    ) {
        self.links.push(Link::new(operator, context, output, ports, self.max_rows));
    }

    /// Connects an output of the operator at `from` with a later operator of the chain.
    pub fn connect(&mut self, from: usize, output: &OutputName, to: usize) {
        self.targets(from, output).push(Target::Operator(to));
    }

    /// Connects an output of the operator at `from` with edge number `edge`.
    pub fn connect_edge(&mut self, from: usize, output: &OutputName, edge: usize) {
        self.targets(from, output).push(Target::Edge(edge));
    }

    fn targets(&mut self, from: usize, output: &OutputName) -> &mut Vec<Target> {
        let link = &mut self.links[from];
        match output {
            OutputName::Main => &mut link.main,
            OutputName::Side(name) => {
                let place = match link.sides.iter().position(|(side, _)| side == name) {
                    Some(place) => place,
                    None => {
                        link.sides.push((name.clone(), Vec::new()));
                        link.sides.len() - 1
                    }
                };
                &mut link.sides[place].1
            }
        }
    }

    /// Opens the operators, the last first, as Flink does: whoever gets records is ready for them.
    pub fn open(&mut self) -> Result<()> {
        for link in self.links.iter_mut().rev() {
            link.guarded(|link| link.operator.open(&mut link.context))?;
        }
        Ok(())
    }

    /// Closes all operators and gives the first error.
    pub fn close(&mut self) -> Result<()> {
        let mut first = Ok(());
        for link in self.links.iter_mut().rev() {
            let closed = link.guarded(|link| link.operator.close());
            if first.is_ok() {
                first = closed;
            }
        }
        first
    }

    /// Hands an element to the head.
    pub fn push_input(&mut self, port: u32, element: StreamElement) {
        self.links[0].push(match element {
            StreamElement::Batch(batch) => Work::Batch { port, batch },
            StreamElement::Watermark(watermark) => Work::Watermark(watermark),
            StreamElement::Status(status) => Work::Status(status),
            StreamElement::EndOfInput => Work::EndOfPort(port),
        });
    }

    /// One step: a call into the deepest operator that has work or results from outside, or into the source.
    pub fn step(&mut self, cx: &mut Context<'_>, executor: &dyn Executor) -> Result<ChainStep> {
        match self.poll_send(cx) {
            Flow::Open => {}
            Flow::Blocked => return Ok(ChainStep::Blocked),
            Flow::Closed => return Ok(ChainStep::Closed),
        }
        for index in (0..self.links.len()).rev() {
            if self.links[index].poll_results(cx)? {
                self.route(index)?;
                return Ok(ChainStep::Progressed);
            }
            if self.links[index].has_work() {
                let called = self.links[index].run(cx, executor)?;
                self.route(index)?;
                return Ok(match called {
                    Called::Progressed => ChainStep::Progressed,
                    Called::NotReady => ChainStep::NotReady,
                });
            }
        }
        match &self.source {
            Some(head) if !head.ended => self.step_source(cx, executor),
            _ if self.links.iter().skip(usize::from(self.source.is_some())).all(Link::is_finished) => {
                self.finish(cx)
            }
            _ => Ok(ChainStep::Empty),
        }
    }

    fn step_source(&mut self, cx: &mut Context<'_>, executor: &dyn Executor) -> Result<ChainStep> {
        let rows = executor.batch_limit(self.max_rows);
        let (Some(head), Some(link)) = (&mut self.source, self.links.first_mut()) else {
            return Err(Error::bug("a step of a source that is not there"));
        };
        let polled = catch(|| match head.source.poll_step(cx, rows, &mut link.output, &mut link.context) {
            Poll::Ready(step) => step.map(Some),
            Poll::Pending => Ok(None),
        });
        match polled.map_err(|error| error.context(link.place()))? {
            None => Ok(ChainStep::SourceWaits),
            Some(step) => {
                if step == SourceStep::Ended {
                    head.ended = true;
                    link.output.end_of_input();
                }
                self.route(0)?;
                Ok(ChainStep::SourceRead)
            }
        }
    }

    fn finish(&mut self, cx: &mut Context<'_>) -> Result<ChainStep> {
        self.flush()?;
        Ok(match self.poll_send(cx) {
            Flow::Open => ChainStep::Finished,
            Flow::Blocked => ChainStep::Blocked,
            Flow::Closed => ChainStep::Closed,
        })
    }

    /// Brings what operator `index` has put out to where it goes. Keys and partitioners are the user's code.
    fn route(&mut self, index: usize) -> Result<()> {
        catch(|| self.deliver_all(index)).map_err(|error| error.context(self.links[index].place()))
    }

    fn deliver_all(&mut self, index: usize) -> Result<()> {
        if self.links[index].output.has_sides() {
            while let Some((name, element)) = self.links[index].output.pop() {
                let side = match name {
                    OutputName::Main => None,
                    OutputName::Side(name) => {
                        self.links[index].sides.iter().position(|(side, _)| *side == name)
                    }
                };
                self.deliver(index, side, element)?;
            }
        } else {
            while let Some(element) = self.links[index].output.pop_main() {
                self.deliver(index, None, element)?;
            }
        }
        Ok(())
    }

    fn deliver(&mut self, index: usize, side: Option<usize>, element: StreamElement) -> Result<()> {
        let link = &self.links[index];
        match &element {
            StreamElement::Batch(batch) => link.metrics.records_out.add(batch.len() as u64),
            StreamElement::Watermark(watermark) if side.is_none() => {
                link.metrics.output_watermark.set(watermark.0.as_millis());
            }
            _ => {}
        }
        let count = match side {
            None => link.main.len(),
            Some(side) => link.sides[side].1.len(),
        };
        let target = |chain: &Chain, place: usize| match side {
            None => chain.links[index].main[place],
            Some(side) => chain.links[index].sides[side].1[place],
        };
        for place in 1..count {
            let copy = duplicate(&element);
            self.put(target(self, place), copy)?;
        }
        if count > 0 { self.put(target(self, 0), element) } else { Ok(()) }
    }

    fn put(&mut self, target: Target, element: StreamElement) -> Result<()> {
        match target {
            Target::Edge(edge) => self.edges[edge].write(element),
            Target::Operator(index) => {
                self.links[index].push(match element {
                    StreamElement::Batch(batch) => Work::Batch { port: 0, batch },
                    StreamElement::Watermark(watermark) => Work::Watermark(watermark),
                    StreamElement::Status(status) => Work::Status(status),
                    StreamElement::EndOfInput => Work::EndOfPort(0),
                });
                Ok(())
            }
        }
    }

    /// Sends what edges have gathered on its way, full or not.
    pub fn flush(&mut self) -> Result<()> {
        self.edges.iter_mut().try_for_each(EdgeWriter::flush)
    }

    /// Sends what waits for credit.
    pub fn poll_send(&mut self, cx: &mut Context<'_>) -> Flow {
        let mut flow = Flow::Open;
        for edge in &mut self.edges {
            if edge.is_waiting() {
                match edge.poll_send(cx) {
                    Flow::Open => {}
                    Flow::Blocked => flow = Flow::Blocked,
                    Flow::Closed => return Flow::Closed,
                }
            }
        }
        flow
    }

    /// Whether edges hold records that wait for company.
    pub fn is_buffered(&self) -> bool {
        self.edges.iter().any(EdgeWriter::is_buffered)
    }

    /// Records that the head has taken and that have gone into edges.
    pub fn records(&self) -> (u64, u64) {
        let taken = self.links.first().map_or(0, |link| link.metrics.records_in.get());
        (taken, self.edges.iter().map(|edge| edge.sent().records).sum())
    }

    /// Batches and bytes sent over all edges.
    pub fn sent(&self) -> (u64, u64) {
        self.edges
            .iter()
            .map(EdgeWriter::sent)
            .fold((0, 0), |(batches, bytes), sent| (batches + sent.batches, bytes + sent.bytes))
    }

    /// When the next operator wants to be woken.
    pub fn next_wake(&self) -> Option<ProcessingTime> {
        let open = self.links.iter().filter(|link| !link.is_finished());
        open.filter_map(|link| link.context.wanted_wake()).min()
    }

    /// Timers that are due become work.
    pub fn fire_timers(&mut self, now: ProcessingTime) {
        let first = usize::from(self.source.is_some());
        if let Some(head) = self.links[..first].first_mut() {
            // A source looks at the clock whenever it is polled.
            head.context.take_due_wake(now);
        }
        for link in &mut self.links[first..] {
            link.push_due_timer(now);
        }
    }

    /// The task waited so long for its output.
    pub fn blocked(&mut self, waited: std::time::Duration) {
        if let Some(head) = &mut self.source {
            head.source.blocked(waited);
        }
        for link in &mut self.links {
            link.operator.blocked(waited);
        }
    }

    /// The chain took long for one input: its operators' calls are timed, and made smaller.
    pub fn slow_down(&mut self) {
        self.links.iter_mut().for_each(Link::slow_down);
    }

    /// The source at the head with its context.
    pub fn source(&mut self) -> Option<(&mut SourceOperator, &mut OperatorContext)> {
        match (&mut self.source, self.links.first_mut()) {
            (Some(head), Some(link)) => Some((&mut head.source, &mut link.context)),
            _ => None,
        }
    }

    /// All operators' contexts, the head's first.
    pub fn contexts(&mut self) -> impl Iterator<Item = &mut OperatorContext> {
        self.links.iter_mut().map(|link| &mut link.context)
    }
}

fn duplicate(element: &StreamElement) -> StreamElement {
    match element {
        StreamElement::Batch(batch) => StreamElement::Batch(batch.duplicate()),
        StreamElement::Watermark(watermark) => StreamElement::Watermark(*watermark),
        StreamElement::Status(status) => StreamElement::Status(*status),
        StreamElement::EndOfInput => StreamElement::EndOfInput,
    }
}

/// Stands where a source has no operator.
struct SourceHead;

impl Operator for SourceHead {
    fn process(
        &mut self,
        _: &mut hurtig_operator::Input,
        _: &mut Output,
        _: &mut OperatorContext,
    ) -> Result<hurtig_operator::Progress> {
        Err(Error::bug("input for a source"))
    }
}
