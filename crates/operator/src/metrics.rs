//! Metrics: counters, gauges, histograms and meters, registered under Flink's scopes and read by reporters.
//!
//! Recording is a relaxed atomic operation (a histogram takes an uncontended lock); an operator records once
//! per batch, never per record.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

/// Counts up.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Adds `amount`.
    pub fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// The count.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Holds a value.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicI64>);

impl Gauge {
    /// Replaces the value.
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// The value.
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Holds a text, such as which channel holds a watermark back.
#[derive(Clone, Debug, Default)]
pub struct TextGauge(Arc<Mutex<String>>);

impl TextGauge {
    /// Replaces the text.
    pub fn set(&self, text: &str) {
        let mut held = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if *held != text {
            text.clone_into(&mut held);
        }
    }

    /// The text.
    pub fn get(&self) -> String {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }
}

/// How many of the latest values a histogram keeps (Flink's default).
const HISTOGRAM_WINDOW: usize = 128;

/// The distribution of the latest 128 values. Flink's `DescriptiveStatisticsHistogram`.
#[derive(Clone, Debug, Default)]
pub struct Histogram(Arc<Mutex<HistogramWindow>>);

#[derive(Debug, Default)]
struct HistogramWindow {
    count: u64,
    latest: Vec<i64>,
}

impl Histogram {
    /// Adds a value.
    pub fn update(&self, value: i64) {
        let mut window = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let place = (window.count % HISTOGRAM_WINDOW as u64) as usize;
        window.count += 1;
        match window.latest.get_mut(place) {
            Some(slot) => *slot = value,
            None => window.latest.push(value),
        }
    }

    /// Count of all values, and quantiles of the latest.
    pub fn statistics(&self) -> HistogramStatistics {
        let window = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut sorted = window.latest.clone();
        sorted.sort_unstable();
        let quantile = |q: f64| {
            let place = (q * sorted.len() as f64).ceil() as usize;
            sorted.get(place.saturating_sub(1)).copied().unwrap_or(0)
        };
        HistogramStatistics {
            count: window.count,
            min: sorted.first().copied().unwrap_or(0),
            max: sorted.last().copied().unwrap_or(0),
            p50: quantile(0.5),
            p95: quantile(0.95),
            p99: quantile(0.99),
            p999: quantile(0.999),
        }
    }
}

/// What a histogram says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HistogramStatistics {
    /// All values ever.
    pub count: u64,
    /// Least of the latest.
    pub min: i64,
    /// Greatest of the latest.
    pub max: i64,
    /// Median of the latest.
    pub p50: i64,
    /// 95th percentile of the latest.
    pub p95: i64,
    /// 99th percentile of the latest.
    pub p99: i64,
    /// 99.9th percentile of the latest.
    pub p999: i64,
}

/// A registered metric.
#[derive(Clone)]
enum Metric {
    Computed(Arc<dyn Fn() -> i64 + Send + Sync>),
    Counter(Counter),
    Gauge(Gauge),
    Text(TextGauge),
    Histogram(Histogram),
}

/// The value of a metric when it was looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MetricValue {
    /// Of a counter.
    Counter(u64),
    /// Of a gauge.
    Gauge(i64),
    /// Of a gauge of text.
    Text(String),
    /// Of a histogram.
    Histogram(HistogramStatistics),
}

impl MetricValue {
    /// The number of a counter or gauge.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            MetricValue::Counter(value) => i64::try_from(*value).ok(),
            MetricValue::Gauge(value) => Some(*value),
            _ => None,
        }
    }
}

/// Where a metric belongs: Flink's scope as variables (`host`, `tm_id`, `job_name`, `task_name`,
/// `operator_name`, `subtask_index`) and the parts of its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MetricScope {
    /// `taskmanager.job.task`, `taskmanager.job.task.operator` and the like: which kind of scope this is.
    pub logical: String,
    /// The scope's own prefix, as `metrics.scope.*` formats it.
    pub prefix: String,
    /// Variables without angle brackets, in order of the name.
    pub variables: BTreeMap<String, String>,
}

/// All metrics of a process.
#[derive(Clone, Default)]
pub struct MetricRegistry(Arc<Mutex<BTreeMap<(MetricScope, String), Metric>>>);

impl std::fmt::Debug for MetricRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MetricRegistry")
    }
}

/// A metric as it was when looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricSample {
    /// Where it belongs.
    pub scope: MetricScope,
    /// Its name within the scope.
    pub name: String,
    /// Its value.
    pub value: MetricValue,
}

impl MetricSample {
    /// `<scope>.<name>`, as Flink's reporters identify a metric.
    pub fn identifier(&self) -> String {
        format!("{}.{}", self.scope.prefix, self.name)
    }
}

impl MetricRegistry {
    /// All metrics with their values now.
    pub fn snapshot(&self) -> Vec<MetricSample> {
        // Looked at without the lock: a gauge of the user's may do anything, registering metrics included.
        let metrics = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
        let sample = |((scope, name), metric): (&(MetricScope, String), &Metric)| MetricSample {
            scope: scope.clone(),
            name: name.clone(),
            value: match metric {
                Metric::Computed(compute) => MetricValue::Gauge(compute()),
                Metric::Counter(counter) => MetricValue::Counter(counter.get()),
                Metric::Gauge(gauge) => MetricValue::Gauge(gauge.get()),
                Metric::Text(text) => MetricValue::Text(text.get()),
                Metric::Histogram(histogram) => MetricValue::Histogram(histogram.statistics()),
            },
        };
        metrics.iter().map(sample).collect()
    }

    /// The group of a scope.
    pub fn group(&self, scope: MetricScope) -> MetricGroup {
        MetricGroup { registry: self.clone(), scope: Arc::new(scope), path: String::new() }
    }

    /// Forgets the metrics of all scopes that `belongs` names, as when a job has ended.
    pub fn remove(&self, belongs: impl Fn(&MetricScope) -> bool) {
        let mut metrics = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        metrics.retain(|(scope, _), _| !belongs(scope));
    }

    fn register(&self, scope: &MetricScope, name: String, metric: Metric) {
        let mut metrics = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        metrics.insert((scope.clone(), name), metric);
    }
}

/// Registers metrics of one scope. Flink's `MetricGroup`. A name registered twice is replaced, as after a
/// restart.
#[derive(Clone, Debug)]
pub struct MetricGroup {
    registry: MetricRegistry,
    scope: Arc<MetricScope>,
    path: String,
}

impl MetricGroup {
    /// A group that nobody reads.
    pub fn unregistered() -> Self {
        MetricRegistry::default().group(MetricScope::default())
    }

    /// A group within this one, for the user's own metrics.
    pub fn add_group(&self, name: &str) -> MetricGroup {
        MetricGroup { path: format!("{}{name}.", self.path), ..self.clone() }
    }

    /// A new counter.
    pub fn counter(&self, name: &str) -> Counter {
        let counter = Counter::default();
        self.register(name, Metric::Counter(counter.clone()));
        counter
    }

    /// A new gauge.
    pub fn gauge(&self, name: &str) -> Gauge {
        let gauge = Gauge::default();
        self.register(name, Metric::Gauge(gauge.clone()));
        gauge
    }

    /// A new gauge of text.
    pub fn text(&self, name: &str) -> TextGauge {
        let text = TextGauge::default();
        self.register(name, Metric::Text(text.clone()));
        text
    }

    /// A new histogram.
    pub fn histogram(&self, name: &str) -> Histogram {
        let histogram = Histogram::default();
        self.register(name, Metric::Histogram(histogram.clone()));
        histogram
    }

    /// A gauge whose value is worked out when somebody looks.
    pub fn computed(&self, name: &str, compute: impl Fn() -> i64 + Send + Sync + 'static) {
        self.register(name, Metric::Computed(Arc::new(compute)));
    }

    fn register(&self, name: &str, metric: Metric) {
        self.registry.register(&self.scope, format!("{}{name}", self.path), metric);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_shows_what_was_recorded() {
        let registry = MetricRegistry::default();
        let scope = MetricScope { prefix: "localhost.taskmanager.x".into(), ..MetricScope::default() };
        let group = registry.group(scope);
        group.counter("numRecordsIn").add(3);
        group.add_group("mine").gauge("depth").set(-1);
        let latency = group.histogram("latency");
        (1..=1000).for_each(|value| latency.update(value));
        let snapshot = registry.snapshot();
        let found: Vec<_> = snapshot.iter().map(MetricSample::identifier).collect();
        let prefix = "localhost.taskmanager.x";
        let expect = ["latency", "mine.depth", "numRecordsIn"].map(|name| format!("{prefix}.{name}"));
        assert_eq!(found, expect);
        let MetricValue::Histogram(statistics) = &snapshot[0].value else { panic!() };
        assert_eq!((statistics.count, statistics.min, statistics.p50), (1000, 873, 936));
    }
}
