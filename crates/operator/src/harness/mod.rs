//! A place for one operator without a job around it: tests of functions push records, watermarks and time, and
//! look at what comes out, at timers and at state.
//!
//! [`KeyedOneInputOperatorTestHarness`] and [`KeyedTwoInputOperatorTestHarness`] hold functions with state of
//! keys, [`OneInputOperatorTestHarness`] and [`TwoInputOperatorTestHarness`] all others; what they have in
//! common is [`OperatorTestHarness`]. They drive the operator as a task does, with outputs that are full after a
//! few records, so that it is left and taken up again ([`driver`](OperatorTestHarness)); time is a mock clock
//! ([`TestHost`]), and nothing runs but on the test's own thread.
//!
//! Flink's harnesses of the same names.
//!
//! ```
//! use hurtig_core::{EventTime, Result};
//! use hurtig_operator::RuntimeContext;
//! use hurtig_operator::function::RichFunction;
//! use hurtig_operator::harness::KeyedOneInputOperatorTestHarness;
//! use hurtig_operator::keyed::{KeyedContext, KeyedProcessFunction};
//! use hurtig_state::{ValueState, ValueStateDescriptor};
//!
//! /// Says how often a word has come, a minute after it came first.
//! #[derive(Clone, Default)]
//! struct CountForAMinute {
//!     count: ValueState<u64>,
//! }
//!
//! impl RichFunction for CountForAMinute {
//!     fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
//!         self.count = context.state(&ValueStateDescriptor::new("count"))?;
//!         Ok(())
//!     }
//! }
//!
//! impl KeyedProcessFunction<String, String, (String, u64)> for CountForAMinute {
//!     fn process_element(
//!         &mut self,
//!         _: String,
//!         ctx: &mut KeyedContext<'_, String, (String, u64)>,
//!     ) -> Result<()> {
//!         let count = self.count.value(ctx)?.unwrap_or(0);
//!         if let (0, Some(time)) = (count, ctx.timestamp()) {
//!             ctx.register_event_time_timer(EventTime::from_millis(time.as_millis() + 60_000))?;
//!         }
//!         self.count.update(ctx, count + 1)
//!     }
//!
//!     fn on_timer(&mut self, _: i64, ctx: &mut KeyedContext<'_, String, (String, u64)>) -> Result<()> {
//!         if let (Some(word), Some(count)) = (ctx.current_key().cloned(), self.count.value(ctx)?) {
//!             ctx.collect((word, count));
//!         }
//!         self.count.clear(ctx)
//!     }
//! }
//!
//! # fn main() -> Result<()> {
//! let key = |word: &String| word.clone();
//! let mut harness = KeyedOneInputOperatorTestHarness::new(key, CountForAMinute::default());
//! harness.open()?;
//! harness.process_element("be".to_owned(), EventTime::from_millis(0))?;
//! harness.process_element("be".to_owned(), EventTime::from_millis(30_000))?;
//! assert_eq!(harness.num_event_time_timers(), 1);
//!
//! harness.process_watermark(EventTime::from_millis(59_999))?;
//! assert_eq!(harness.take_values(), []);
//! harness.process_watermark(EventTime::from_millis(60_000))?;
//! assert_eq!(harness.take_values(), [("be".to_owned(), 2)]);
//! assert_eq!(harness.num_keyed_state_entries(), 0);
//! # Ok(())
//! # }
//! ```
mod driver;
mod host;
mod one_input;
mod two_input;

pub use driver::{Emitted, OperatorTestHarness};
pub use host::TestHost;
pub use one_input::{KeyedOneInputOperatorTestHarness, OneInputOperatorTestHarness};
pub use two_input::{KeyedTwoInputOperatorTestHarness, TwoInputOperatorTestHarness};
