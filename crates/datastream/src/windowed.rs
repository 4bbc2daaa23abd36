//! Streams cut into windows, by key or as a whole.
use std::time::Duration;

use hurtig_core::batch::BatchType;
use hurtig_core::{Result, TypeInformation};
use hurtig_operator::Operator;
use hurtig_operator::keyed::TimeDomain;
use hurtig_operator::process::OutputTag;
use hurtig_operator::route::{OwnedKey, SelectKey, Selector};
use hurtig_operator::window::assigner::WindowAssigner;
use hurtig_operator::window::contents::{Buffering, Evicting, Incremental, WindowContents};
use hurtig_operator::window::evictor::Evictor;
use hurtig_operator::window::function::{
    Apply, Elements, Fold, OfAll, PassThrough, ProcessAllWindowFunction, ProcessWindowFunction, Reduce,
};
use hurtig_operator::window::operator::{WindowOperator, WindowOptions};
use hurtig_operator::window::panes::PaneOperator;
use hurtig_operator::window::trigger::Trigger;
use hurtig_state::{AggregateFunction, ReduceFunction, StateTtlConfig};

use crate::builder::NewNode;
use crate::keyed::KeyedStream;
use crate::stream::DataStream;

/// A keyed stream cut into windows. Flink's `WindowedStream`.
///
/// Windows fire when their trigger says so: by default, when they are over. What is put out then carries the
/// window's last moment as its timestamp.
///
/// ```
/// # use std::time::Duration;
/// # use hurtig_connector::WatermarkStrategy;
/// # use hurtig_core::EventTime;
/// # use hurtig_datastream::StreamExecutionEnvironment;
/// # use hurtig_operator::window::assigner::TumblingEventTimeWindows;
/// # let env = StreamExecutionEnvironment::default();
/// let strategy = WatermarkStrategy::for_bounded_out_of_orderness(Duration::from_secs(5))
///     .with_timestamp_assigner(|(_, seconds): &(String, i64), _| EventTime::from_millis(seconds * 1000));
/// let visits = env
///     .from_collection([("ada".to_owned(), 3), ("ada".to_owned(), 61), ("bob".to_owned(), 62)])
///     .assign_timestamps_and_watermarks(strategy);
/// let per_minute = visits
///     .key_by_ref(|(name, _)| name)
///     .window(TumblingEventTimeWindows::of(Duration::from_secs(60)))
///     .apply(|name, window, visits| [(name.clone(), window.start, visits.len() as u64)]);
/// per_minute.print();
/// ```
pub struct WindowedStream<T, S, A, G> {
    stream: KeyedStream<T, S>,
    assigner: A,
    trigger: G,
    options: WindowOptions,
    /// One subtask has all of it: a stream without keys.
    all: bool,
}

/// A [`WindowedStream`] from which an evictor takes elements. It holds all elements until its windows are over.
pub struct EvictingWindowedStream<T, S, A, G, E> {
    windowed: WindowedStream<T, S, A, G>,
    evictor: E,
}

impl<T: TypeInformation, S: SelectKey<T>> KeyedStream<T, S> {
    /// Cuts the stream into windows per key.
    pub fn window<A: WindowAssigner<T>>(&self, assigner: A) -> WindowedStream<T, S, A, A::DefaultTrigger> {
        WindowedStream {
            stream: self.clone(),
            trigger: assigner.default_trigger(),
            assigner,
            options: WindowOptions::default(),
            all: false,
        }
    }
}

impl<T, S, A, G> WindowedStream<T, S, A, G>
where
    T: TypeInformation,
    S: SelectKey<T>,
    A: WindowAssigner<T>,
    G: Trigger<T, A::Window>,
{
    /// Another trigger than the assigner's own.
    pub fn trigger<H: Trigger<T, A::Window>>(self, trigger: H) -> WindowedStream<T, S, A, H> {
        let WindowedStream { stream, assigner, options, all, .. } = self;
        WindowedStream { stream, assigner, trigger, options, all }
    }

    /// Takes elements out of windows that fire.
    pub fn evictor<E: Evictor<T, A::Window>>(self, evictor: E) -> EvictingWindowedStream<T, S, A, G, E> {
        EvictingWindowedStream { windowed: self, evictor }
    }

    /// For how long after its end, in event time, a window still takes late elements: with the default trigger
    /// it fires again for each. Nothing unless told.
    pub fn allowed_lateness(mut self, lateness: Duration) -> Self {
        self.options.allowed_lateness = i64::try_from(lateness.as_millis()).unwrap_or(i64::MAX);
        self
    }

    /// Elements that come too late for all their windows go into this side output of the result, instead of
    /// being counted as `numLateRecordsDropped`.
    pub fn side_output_late_data(mut self, tag: &OutputTag<T>) -> Self {
        self.options.late_output = Some(tag.name().to_owned());
        self
    }

    /// Drops windows that nobody has written to for so long: those, above all, that count and are never filled.
    pub fn time_to_live(mut self, ttl: StateTtlConfig) -> Self {
        self.options.ttl = Some(ttl).filter(StateTtlConfig::is_enabled);
        self
    }

    /// Puts the elements of a window together two by two; one value is held per window.
    pub fn reduce<F: ReduceFunction<T>>(self, reduce: F) -> DataStream<T> {
        self.incremental(Reduce(reduce), PassThrough)
    }

    /// As [`reduce`](Self::reduce), and `function` sees the result with its window.
    pub fn reduce_with<F, O, P>(self, reduce: F, function: P) -> DataStream<O>
    where
        F: ReduceFunction<T>,
        O: TypeInformation,
        P: ProcessWindowFunction<T, O, S::Key, A::Window>,
    {
        self.incremental(Reduce(reduce), function)
    }

    /// Takes the elements of a window into an accumulator; one is held per window.
    pub fn aggregate<F>(self, aggregate: F) -> DataStream<F::Output>
    where
        F: AggregateFunction<T>,
        F::Output: TypeInformation,
    {
        self.incremental(aggregate, PassThrough)
    }

    /// As [`aggregate`](Self::aggregate), and `function` sees the result with its window.
    pub fn aggregate_with<F, O, P>(self, aggregate: F, function: P) -> DataStream<O>
    where
        F: AggregateFunction<T>,
        F::Output: TypeInformation,
        O: TypeInformation,
        P: ProcessWindowFunction<F::Output, O, S::Key, A::Window>,
    {
        self.incremental(aggregate, function)
    }

    /// Takes the elements of a window into a value that begins as `initial`. Not for windows that merge.
    pub fn fold<R, F>(self, initial: R, fold: F) -> DataStream<R>
    where
        R: TypeInformation,
        F: Fn(R, T) -> R + Clone + Send + Sync + 'static,
    {
        self.incremental(Fold { initial, fold }, PassThrough)
    }

    /// As [`fold`](Self::fold), and `function` sees the result with its window.
    pub fn fold_with<R, F, O, P>(self, initial: R, fold: F, function: P) -> DataStream<O>
    where
        R: TypeInformation,
        F: Fn(R, T) -> R + Clone + Send + Sync + 'static,
        O: TypeInformation,
        P: ProcessWindowFunction<R, O, S::Key, A::Window>,
    {
        self.incremental(Fold { initial, fold }, function)
    }

    /// Calls `function` with key, window and all elements; it gives any number of results.
    pub fn apply<O, R, F>(self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        R: IntoIterator<Item = O>,
        F: FnMut(&S::Key, &A::Window, Elements<'_, T>) -> R + Clone + Send + Sync + 'static,
    {
        self.process(Apply(function))
    }

    /// Calls `function` with all elements of a window.
    pub fn process<O, P>(self, function: P) -> DataStream<O>
    where
        O: TypeInformation,
        P: ProcessWindowFunction<T, O, S::Key, A::Window>,
    {
        self.windowed(move || Buffering::<T, O, P>::new(function.clone()))
    }

    fn incremental<F, O, P>(self, aggregate: F, function: P) -> DataStream<O>
    where
        F: AggregateFunction<T>,
        F::Output: TypeInformation,
        O: TypeInformation,
        P: ProcessWindowFunction<F::Output, O, S::Key, A::Window>,
    {
        if self.assigner.is_merging() && !aggregate.can_merge() {
            self.stream.mistake("fold cannot be used with windows that merge: use aggregate, which says how");
        }
        let contents = move || Incremental::<T, F, O, P>::new(aggregate.clone(), function.clone());
        let ends_by = match self.assigner.is_event_time() {
            true => TimeDomain::EventTime,
            false => TimeDomain::ProcessingTime,
        };
        let shares = self.options.allowed_lateness == 0 && self.options.ttl.is_none();
        if shares
            && self.trigger.fires_at_the_end_alone() == Some(ends_by)
            && contents().aggregate.can_merge()
            && let Some(panes) = self.assigner.panes()
        {
            let (selector, late) = (self.stream.selector().clone(), self.options.late_output.clone());
            let event_time = self.assigner.is_event_time();
            return self.add(move || {
                let (selector, late) = (selector.clone(), late.clone());
                Box::new(PaneOperator::<T, S, A::Window, _, O, _>::new(
                    selector,
                    panes,
                    event_time,
                    contents(),
                    late,
                ))
            });
        }
        self.windowed(contents)
    }

    fn windowed<O, C>(self, contents: impl Fn() -> C + Send + Sync + 'static) -> DataStream<O>
    where
        O: TypeInformation,
        C: WindowContents<T, S::Key, A::Window, Output = O>,
    {
        if self.assigner.is_merging() && !self.trigger.can_merge() {
            let trigger = short_name::<G>();
            self.stream.mistake(&format!(
                "{trigger} cannot merge what it remembers of windows, and these windows merge: use another trigger"
            ));
        }
        let (selector, assigner) = (self.stream.selector().clone(), self.assigner.clone());
        let (trigger, options) = (self.trigger.clone(), self.options.clone());
        self.add(move || {
            Box::new(WindowOperator::new(
                selector.clone(),
                assigner.clone(),
                trigger.clone(),
                contents(),
                options.clone(),
            ))
        })
    }

    fn add<O: TypeInformation>(
        &self,
        create: impl Fn() -> Box<dyn Operator> + Send + Sync + 'static,
    ) -> DataStream<O> {
        let mut node = NewNode::operator("Window", BatchType::rows::<O>(), create);
        if self.all {
            node.parallelism = Some(1);
        }
        self.stream.add(node)
    }
}

impl<T, S, A, G, E> EvictingWindowedStream<T, S, A, G, E>
where
    T: TypeInformation,
    S: SelectKey<T>,
    A: WindowAssigner<T>,
    G: Trigger<T, A::Window>,
    E: Evictor<T, A::Window>,
{
    /// Another trigger.
    pub fn trigger<H: Trigger<T, A::Window>>(self, trigger: H) -> EvictingWindowedStream<T, S, A, H, E> {
        EvictingWindowedStream { windowed: self.windowed.trigger(trigger), evictor: self.evictor }
    }

    /// As [`WindowedStream::allowed_lateness`].
    pub fn allowed_lateness(mut self, lateness: Duration) -> Self {
        self.windowed = self.windowed.allowed_lateness(lateness);
        self
    }

    /// As [`WindowedStream::side_output_late_data`].
    pub fn side_output_late_data(mut self, tag: &OutputTag<T>) -> Self {
        self.windowed = self.windowed.side_output_late_data(tag);
        self
    }

    /// As [`WindowedStream::time_to_live`].
    pub fn time_to_live(mut self, ttl: StateTtlConfig) -> Self {
        self.windowed = self.windowed.time_to_live(ttl);
        self
    }

    /// Calls `function` with key, window and the elements that are left; it gives any number of results.
    pub fn apply<O, R, F>(self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        R: IntoIterator<Item = O>,
        F: FnMut(&S::Key, &A::Window, Elements<'_, T>) -> R + Clone + Send + Sync + 'static,
    {
        self.process(Apply(function))
    }

    /// Calls `function` with the elements that are left.
    pub fn process<O, P>(self, function: P) -> DataStream<O>
    where
        O: TypeInformation,
        P: ProcessWindowFunction<T, O, S::Key, A::Window>,
    {
        let evictor = self.evictor;
        self.windowed.windowed(move || Evicting::<T, O, E, P>::new(evictor.clone(), function.clone()))
    }

    /// Puts the elements that are left together. All of them are held, because of the evictor.
    pub fn reduce<F: ReduceFunction<T>>(self, reduce: F) -> DataStream<T> {
        self.aggregate(Reduce(reduce))
    }

    /// Takes the elements that are left into an accumulator. All of them are held, because of the evictor.
    pub fn aggregate<F>(self, aggregate: F) -> DataStream<F::Output>
    where
        F: AggregateFunction<T>,
        F::Output: TypeInformation,
    {
        self.process(Late { aggregate })
    }
}

/// The name of a type without the modules that it and its parameters lie in.
fn short_name<T>() -> String {
    let parts = std::any::type_name::<T>().split_inclusive(['<', '>', '(', ')', '[', ']', ',', ' ', '&']);
    parts.map(|part| part.rsplit("::").next().unwrap_or(part)).collect()
}

/// An aggregation of elements that were held.
#[derive(Clone)]
struct Late<F> {
    aggregate: F,
}

impl<F: Clone + Send + Sync + 'static> hurtig_operator::function::RichFunction for Late<F> {}

impl<T, K, W, F> ProcessWindowFunction<T, F::Output, K, W> for Late<F>
where
    T: TypeInformation,
    K: hurtig_core::Key,
    F: AggregateFunction<T>,
    F::Output: TypeInformation,
{
    fn process(
        &mut self,
        _: &K,
        elements: Elements<'_, T>,
        context: &mut hurtig_operator::window::function::WindowContext<'_, W, F::Output>,
    ) -> Result<()> {
        let mut accumulator = self.aggregate.create_accumulator();
        for element in elements.iter() {
            self.aggregate.add(element.clone(), &mut accumulator)?;
        }
        if !elements.is_empty() {
            context.collect(self.aggregate.get_result(&accumulator)?);
        }
        Ok(())
    }
}

/// The one key of a stream without keys.
pub type NoKey<T> = Selector<OwnedKey<fn(&T)>, ()>;

/// A whole stream cut into windows, in one subtask. Flink's `AllWindowedStream`.
pub struct AllWindowedStream<T, A, G>(WindowedStream<T, NoKey<T>, A, G>);

impl<T: TypeInformation> DataStream<T> {
    /// Cuts the whole stream into windows. One subtask does all the work; a keyed stream's [`window`] is shared
    /// out.
    ///
    /// [`window`]: KeyedStream::window
    pub fn window_all<A: WindowAssigner<T>>(
        &self,
        assigner: A,
    ) -> AllWindowedStream<T, A, A::DefaultTrigger> {
        let nothing: fn(&T) = |_| ();
        let keyed = KeyedStream::new(self, Selector::new(OwnedKey(nothing)));
        let mut windowed = keyed.window(assigner);
        windowed.all = true;
        AllWindowedStream(windowed)
    }
}

impl<T, A, G> AllWindowedStream<T, A, G>
where
    T: TypeInformation,
    A: WindowAssigner<T>,
    G: Trigger<T, A::Window>,
{
    /// Another trigger than the assigner's own.
    pub fn trigger<H: Trigger<T, A::Window>>(self, trigger: H) -> AllWindowedStream<T, A, H> {
        AllWindowedStream(self.0.trigger(trigger))
    }

    /// Takes elements out of windows that fire.
    pub fn evictor<E: Evictor<T, A::Window>>(
        self,
        evictor: E,
    ) -> EvictingWindowedStream<T, NoKey<T>, A, G, E> {
        self.0.evictor(evictor)
    }

    /// As [`WindowedStream::allowed_lateness`].
    pub fn allowed_lateness(self, lateness: Duration) -> Self {
        AllWindowedStream(self.0.allowed_lateness(lateness))
    }

    /// As [`WindowedStream::side_output_late_data`].
    pub fn side_output_late_data(self, tag: &OutputTag<T>) -> Self {
        AllWindowedStream(self.0.side_output_late_data(tag))
    }

    /// As [`WindowedStream::time_to_live`].
    pub fn time_to_live(self, ttl: StateTtlConfig) -> Self {
        AllWindowedStream(self.0.time_to_live(ttl))
    }

    /// As [`WindowedStream::reduce`].
    pub fn reduce<F: ReduceFunction<T>>(self, reduce: F) -> DataStream<T> {
        self.0.reduce(reduce)
    }

    /// As [`WindowedStream::reduce_with`].
    pub fn reduce_with<F, O, P>(self, reduce: F, function: P) -> DataStream<O>
    where
        F: ReduceFunction<T>,
        O: TypeInformation,
        P: ProcessAllWindowFunction<T, O, A::Window>,
    {
        self.0.reduce_with(reduce, OfAll(function))
    }

    /// As [`WindowedStream::aggregate`].
    pub fn aggregate<F>(self, aggregate: F) -> DataStream<F::Output>
    where
        F: AggregateFunction<T>,
        F::Output: TypeInformation,
    {
        self.0.aggregate(aggregate)
    }

    /// As [`WindowedStream::aggregate_with`].
    pub fn aggregate_with<F, O, P>(self, aggregate: F, function: P) -> DataStream<O>
    where
        F: AggregateFunction<T>,
        F::Output: TypeInformation,
        O: TypeInformation,
        P: ProcessAllWindowFunction<F::Output, O, A::Window>,
    {
        self.0.aggregate_with(aggregate, OfAll(function))
    }

    /// As [`WindowedStream::fold`].
    pub fn fold<R, F>(self, initial: R, fold: F) -> DataStream<R>
    where
        R: TypeInformation,
        F: Fn(R, T) -> R + Clone + Send + Sync + 'static,
    {
        self.0.fold(initial, fold)
    }

    /// Calls `function` with window and all elements; it gives any number of results.
    pub fn apply<O, R, F>(self, mut function: F) -> DataStream<O>
    where
        O: TypeInformation,
        R: IntoIterator<Item = O>,
        F: FnMut(&A::Window, Elements<'_, T>) -> R + Clone + Send + Sync + 'static,
    {
        self.0.apply(move |(), window, elements| function(window, elements))
    }

    /// Calls `function` with all elements of a window.
    pub fn process<O, P>(self, function: P) -> DataStream<O>
    where
        O: TypeInformation,
        P: ProcessAllWindowFunction<T, O, A::Window>,
    {
        self.0.process(OfAll(function))
    }
}
