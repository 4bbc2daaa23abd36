//! Windows of so many elements.
use std::time::Duration;

use hurtig_core::TypeInformation;
use hurtig_operator::route::SelectKey;
use hurtig_operator::window::assigner::GlobalWindows;
use hurtig_operator::window::evictor::CountEvictor;
use hurtig_operator::window::trigger::{CountTrigger, ProcessingTimeoutTrigger, PurgingTrigger};

use crate::keyed::KeyedStream;
use crate::stream::DataStream;
use crate::windowed::{AllWindowedStream, EvictingWindowedStream, NoKey, WindowedStream};

impl<T: TypeInformation, S: SelectKey<T>> KeyedStream<T, S> {
    /// Windows of `size` elements of a key each. One that is never filled stays, unless windows have a
    /// [time to live](WindowedStream::time_to_live). Flink's `countWindow(size)`.
    pub fn count_window(
        &self,
        size: u64,
    ) -> WindowedStream<T, S, GlobalWindows, PurgingTrigger<CountTrigger>> {
        self.window(GlobalWindows::create()).trigger(PurgingTrigger::of(CountTrigger::of(size)))
    }

    /// At every `slide`-th element of a key the last `size`. Flink's `countWindow(size, slide)`.
    pub fn count_window_sliding(
        &self,
        size: usize,
        slide: u64,
    ) -> EvictingWindowedStream<T, S, GlobalWindows, CountTrigger, CountEvictor> {
        let windows = self.window(GlobalWindows::create()).trigger(CountTrigger::of(slide));
        windows.evictor(CountEvictor::of(size))
    }

    /// Windows of `size` elements of a key each, or of fewer if `timeout` of processing time has passed since
    /// the first of them.
    pub fn count_window_with_timeout(
        &self,
        size: u64,
        timeout: Duration,
    ) -> WindowedStream<T, S, GlobalWindows, PurgingTrigger<ProcessingTimeoutTrigger<CountTrigger>>> {
        let trigger = ProcessingTimeoutTrigger::of(CountTrigger::of(size), timeout);
        self.window(GlobalWindows::create()).trigger(PurgingTrigger::of(trigger))
    }
}

impl<T: TypeInformation> DataStream<T> {
    /// Windows of `size` elements each, in one subtask. Flink's `countWindowAll(size)`.
    pub fn count_window_all(
        &self,
        size: u64,
    ) -> AllWindowedStream<T, GlobalWindows, PurgingTrigger<CountTrigger>> {
        self.window_all(GlobalWindows::create()).trigger(PurgingTrigger::of(CountTrigger::of(size)))
    }

    /// At every `slide`-th element the last `size`, in one subtask. Flink's `countWindowAll(size, slide)`.
    pub fn count_window_all_sliding(
        &self,
        size: usize,
        slide: u64,
    ) -> EvictingWindowedStream<T, NoKey<T>, GlobalWindows, CountTrigger, CountEvictor> {
        let windows = self.window_all(GlobalWindows::create()).trigger(CountTrigger::of(slide));
        windows.evictor(CountEvictor::of(size))
    }
}
