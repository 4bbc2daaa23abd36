//! A stream, keyed or not, with rules that every subtask gets.
use hurtig_core::TypeInformation;
use hurtig_core::batch::BatchType;
use hurtig_operator::Operator;
use hurtig_operator::broadcast::{BroadcastProcess, BroadcastProcessFunction};
use hurtig_operator::keyed::{KeyedBroadcastProcess, KeyedBroadcastProcessFunction};
use hurtig_operator::route::SelectKey;

use crate::connected::add_connected;
use crate::stream::DataStream;

/// A stream and one whose records every subtask gets. Flink's `BroadcastConnectedStream`.
pub struct BroadcastConnectedStream<A, B> {
    stream: DataStream<A>,
    rules: DataStream<B>,
}

impl<A: TypeInformation, B: TypeInformation> BroadcastConnectedStream<A, B> {
    pub(crate) fn new(stream: DataStream<A>, rules: DataStream<B>) -> Self {
        BroadcastConnectedStream { stream, rules: rules.broadcast() }
    }

    /// A function that sees the records of both, and has state that every subtask has alike.
    ///
    /// ```
    /// # use hurtig_core::Result;
    /// # use hurtig_datastream::StreamExecutionEnvironment;
    /// # use hurtig_operator::RuntimeContext;
    /// # use hurtig_operator::broadcast::{BroadcastContext, BroadcastProcessFunction};
    /// # use hurtig_operator::function::RichFunction;
    /// # use hurtig_operator::process::ProcessContext;
    /// # use hurtig_state::MapStateDescriptor;
    /// # use hurtig_state::operator_state::BroadcastState;
    /// /// Translates words; those that it does not know yet are left as they are.
    /// #[derive(Clone, Default)]
    /// struct Translate {
    ///     dictionary: BroadcastState<String, String>,
    /// }
    ///
    /// impl RichFunction for Translate {
    ///     fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
    ///         self.dictionary = context.broadcast_state(&MapStateDescriptor::new("dictionary"))?;
    ///         Ok(())
    ///     }
    /// }
    ///
    /// impl BroadcastProcessFunction<String, (String, String), String> for Translate {
    ///     fn process_element(&mut self, word: String, ctx: &mut ProcessContext<'_, String>) -> Result<()> {
    ///         let translated = self.dictionary.get(ctx, &word)?.cloned();
    ///         ctx.collect(translated.unwrap_or(word))
    ///     }
    ///
    ///     fn process_broadcast_element(
    ///         &mut self,
    ///         (word, meaning): (String, String),
    ///         ctx: &mut BroadcastContext<'_, String>,
    ///     ) -> Result<()> {
    ///         self.dictionary.put(ctx, word, meaning)
    ///     }
    /// }
    ///
    /// let env = StreamExecutionEnvironment::default();
    /// let words = env.from_collection(["Hund".to_owned(), "Katze".to_owned()]);
    /// let dictionary = env.from_collection([("Hund".to_owned(), "dog".to_owned())]);
    /// words.connect_broadcast(&dictionary).process(Translate::default()).print();
    /// ```
    pub fn process<O, F>(&self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: BroadcastProcessFunction<A, B, O>,
    {
        add_connected(&self.stream, &self.rules, "Co-Process-Broadcast", BatchType::rows::<O>(), move || {
            Box::new(BroadcastProcess::<A, B, O, F>::new(function.clone())) as Box<dyn Operator>
        })
    }
}

/// A keyed stream and one whose records every subtask gets. Flink's `BroadcastConnectedStream` of a
/// `KeyedStream`.
pub struct KeyedBroadcastConnectedStream<A, S, B> {
    stream: DataStream<A>,
    selector: S,
    rules: DataStream<B>,
}

impl<A: TypeInformation, S: SelectKey<A>, B: TypeInformation> KeyedBroadcastConnectedStream<A, S, B> {
    pub(crate) fn new(stream: DataStream<A>, selector: S, rules: DataStream<B>) -> Self {
        KeyedBroadcastConnectedStream { stream, selector, rules: rules.broadcast() }
    }

    /// A function with state and timers per key, and with state that every subtask has alike.
    pub fn process<O, F>(&self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: KeyedBroadcastProcessFunction<S::Key, A, B, O>,
    {
        let selector = self.selector.clone();
        let kind = "Co-Process-Broadcast-Keyed";
        add_connected(&self.stream, &self.rules, kind, BatchType::rows::<O>(), move || {
            let operator = KeyedBroadcastProcess::<A, B, O, S, F>::new(selector.clone(), function.clone());
            Box::new(operator) as Box<dyn Operator>
        })
    }
}
