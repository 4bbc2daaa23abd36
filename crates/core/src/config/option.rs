//! The options that the engine knows, declared once with default and meaning.
use std::marker::PhantomData;

use super::ConfigValue;

/// One key with its type, default and meaning. Flink's `ConfigOption`.
pub struct ConfigOption<T> {
    key: &'static str,
    default: &'static str,
    description: &'static str,
    value: PhantomData<fn() -> T>,
}

impl<T: ConfigValue> ConfigOption<T> {
    /// An option; `default` is written as a user would write it.
    pub const fn new(key: &'static str, default: &'static str, description: &'static str) -> Self {
        ConfigOption { key, default, description, value: PhantomData }
    }

    /// The key.
    pub fn key(&self) -> &'static str {
        self.key
    }

    /// The default as text.
    pub fn default_text(&self) -> &'static str {
        self.default
    }

    /// What the option does.
    pub fn description(&self) -> &'static str {
        self.description
    }
}

/// The engine's options. Keys are Flink's where the concept is; `docs/configuration.md` is made from here.
pub mod options {
    use std::time::Duration;

    use super::ConfigOption;
    use crate::config::{MemorySize, RuntimeExecutionMode};

    macro_rules! options {
        ($($name:ident: $type:ty = $key:literal, $default:literal, $description:literal;)*) => {
            $(#[doc = $description] pub const $name: ConfigOption<$type> =
                ConfigOption::new($key, $default, $description);)*

            /// All options as a Markdown table.
            pub fn documentation() -> String {
                let mut text = String::from("| key | default | meaning |\n|---|---|---|\n");
                $(text.push_str(&format!("| `{}` | {} | {} |\n", $name.key(),
                    if $name.default_text().is_empty() { "(none)" } else { $name.default_text() },
                    $name.description()));)*
                text
            }
        };
    }

    options! {
        PARALLELISM: u32 = "parallelism.default", "1",
            "Subtasks per operator where the program sets no other number.";
        MAX_PARALLELISM: Option<u32> = "pipeline.max-parallelism", "",
            "Key groups, 1 to 32768, and so the greatest parallelism of a keyed operator. Without it: the next power of two of 1.5 times the parallelism, at least 128.";
        PIPELINE_NAME: Option<String> = "pipeline.name", "",
            "The job's name. `execute` with a name goes before it.";
        RUNTIME_MODE: RuntimeExecutionMode = "execution.runtime-mode", "STREAMING",
            "`STREAMING`: results come as records do. `BATCH`: each key has one result, at the end of the input, for programs whose sources are all bounded. `AUTOMATIC`: `BATCH` for those and `STREAMING` for others.";
        CHAINING: bool = "pipeline.operator-chaining.enabled", "true",
            "Whether operators that forward to each other share a task.";
        AUTO_WATERMARK_INTERVAL: Duration = "pipeline.auto-watermark-interval", "200 ms",
            "How often periodic watermark generators are asked, in processing time. 0 asks after every batch.";
        BUFFER_TIMEOUT: Duration = "execution.buffer-timeout", "100 ms",
            "How long a record may wait for company before it is sent on while the task is busy. A task that is about to wait sends at once. 0 sends every batch.";
        BATCH_ROWS: u32 = "execution.batch.rows", "1024",
            "The greatest number of records in a batch.";
        SEGMENT_SIZE: MemorySize = "taskmanager.memory.segment-size", "32kb",
            "The size in bytes at which a batch counts as full, whatever its rows.";
        BUFFERS_PER_CHANNEL: u32 = "taskmanager.network.memory.buffers-per-channel", "2",
            "Segments that each channel between two subtasks may hold for itself.";
        FLOATING_BUFFERS: u32 = "taskmanager.network.memory.floating-buffers-per-gate", "8",
            "Segments that the channels into one subtask may hold between them beyond their own.";
        MAX_SPIN: Duration = "hurtig.task.max-spin-time", "200 us",
            "How long a task whose records come close together looks for the next one before it sleeps. At most half of the processors are kept awake so. 0 sleeps at once.";
        RESTART_STRATEGY: String = "restart-strategy.type", "none",
            "What happens when the job fails: `none` or `fixed-delay`.";
        RESTART_ATTEMPTS: u32 = "restart-strategy.fixed-delay.attempts", "1",
            "How often `fixed-delay` starts the job again.";
        RESTART_DELAY: Duration = "restart-strategy.fixed-delay.delay", "1 s",
            "How long `fixed-delay` waits before each start.";
        CANCELLATION_TIMEOUT: Duration = "task.cancellation.timeout", "180 s",
            "How long tasks that are told to stop may take. Those that take longer are named and the job fails without them. 0 waits for ever.";
        METRICS_REPORTERS: String = "metrics.reporters", "",
            "The reporters to run, by name: `prom` serves the text form of Prometheus.";
        PROMETHEUS_PORT: u16 = "metrics.reporter.prom.port", "9249",
            "The loopback port of the Prometheus reporter; 0 takes a free one.";
        CHECK_MESSAGES: bool = "hurtig.test.encode-everything", "false",
            "For tests: every message between jobmaster and tasks and every batch on an exchange is encoded and decoded on its way.";
    }
}
