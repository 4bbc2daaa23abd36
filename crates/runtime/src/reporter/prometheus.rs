//! Metrics as text that Prometheus reads, under the names that Flink's `PrometheusReporter` gives them.
//!
//! A metric is called `flink_<logical scope>_<name>`, every character outside of `[a-zA-Z0-9:_]` replaced by
//! `_`; the variables of its scope are its labels. What becomes of each kind:
//!
//! - A counter is a gauge, as in Flink's reporter: it starts again at 0 when a job is restarted.
//! - A histogram is a summary of the latest values, with a count of all of them and without a sum.
//! - A gauge of text, which Flink's reporter shows as 0, is `<name>_info{..., value="text"} 1`, or nothing while
//!   the text is empty. Each text is a series of its own to Prometheus, so a gauge should show few of them.
//!
//! One departure: Flink's reporter replaces characters in the values of labels too, unless it is told not to.
//! Here they are escaped and arrive as they are.
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use hurtig_operator::metrics::{MetricSample, MetricScope, MetricValue};

/// The media type of what [`render`] gives.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All `samples` in the text exposition format, ordered by name and then by labels.
///
/// Names that differ only in replaced characters become one. Where that brings two metrics together that
/// cannot be told apart, or that are not of one kind, the first one stays: a reader would refuse the page.
pub fn render(samples: &[MetricSample]) -> String {
    let mut families: BTreeMap<String, Family<'_>> = BTreeMap::new();
    for sample in samples.iter().filter(|sample| !is_empty(&sample.value)) {
        let kind = Kind::of(&sample.value);
        let name = exported_name(sample, kind);
        let family =
            families.entry(name).or_insert_with(|| Family { first: sample, kind, series: BTreeMap::new() });
        if family.kind == kind {
            family.series.entry(labels(sample)).or_insert(&sample.value);
        }
    }
    families.iter().map(|(name, family)| Exposed { name, family }.to_string()).collect()
}

/// To Prometheus, an empty label is one that is not there.
fn is_empty(value: &MetricValue) -> bool {
    matches!(value, MetricValue::Text(text) if text.is_empty())
}

/// What a metric is to Prometheus.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gauge,
    Info,
    Summary,
}

/// All metrics of one exported name.
struct Family<'a> {
    first: &'a MetricSample,
    kind: Kind,
    /// By labels, written out.
    series: BTreeMap<String, &'a MetricValue>,
}

impl Kind {
    fn of(value: &MetricValue) -> Kind {
        match value {
            MetricValue::Counter(_) | MetricValue::Gauge(_) => Kind::Gauge,
            MetricValue::Text(_) => Kind::Info,
            MetricValue::Histogram(_) => Kind::Summary,
        }
    }
}

fn exported_name(sample: &MetricSample, kind: Kind) -> String {
    let suffix = if kind == Kind::Info { "_info" } else { "" };
    let name = replaced(&sample.name);
    match logical_scope(&sample.scope) {
        scope if scope.is_empty() => format!("flink_{name}{suffix}"),
        scope => format!("flink_{scope}_{name}{suffix}"),
    }
}

fn logical_scope(scope: &MetricScope) -> String {
    replaced(&scope.logical)
}

/// What may stand in the name of a metric.
fn replaced(text: &str) -> String {
    let replace = |c: char| if c.is_ascii_alphanumeric() || c == ':' || c == '_' { c } else { '_' };
    text.chars().map(replace).collect()
}

/// The labels between their braces, in order of the name; the text of a gauge of text is among them.
fn labels(sample: &MetricSample) -> String {
    let variables = sample.scope.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let text = match &sample.value {
        MetricValue::Text(text) => Some(("value", text.as_str())),
        _ => None,
    };
    // A name of a label may have no colon.
    let named = variables.chain(text).map(|(name, value)| (replaced(name).replace(':', "_"), value));
    let unique: BTreeMap<String, &str> = named.collect();
    let pairs = unique.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value)));
    pairs.collect::<Vec<_>>().join(",")
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// One family as it stands on the page.
struct Exposed<'a> {
    name: &'a str,
    family: &'a Family<'a>,
}

impl Display for Exposed<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Exposed { name, family } = self;
        let MetricSample { name: own, scope, .. } = family.first;
        let own = own.replace('\\', "\\\\").replace('\n', "\\n");
        let kind = if family.kind == Kind::Summary { "summary" } else { "gauge" };
        writeln!(f, "# HELP {name} {own} (scope: {})", logical_scope(scope))?;
        writeln!(f, "# TYPE {name} {kind}")?;
        family.series.iter().try_for_each(|(labels, value)| self.series(f, labels, value))
    }
}

impl Exposed<'_> {
    fn series(&self, f: &mut Formatter<'_>, labels: &str, value: &MetricValue) -> fmt::Result {
        let name = self.name;
        let braces = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        match value {
            MetricValue::Counter(count) => writeln!(f, "{name}{braces} {count}"),
            MetricValue::Gauge(value) => writeln!(f, "{name}{braces} {value}"),
            MetricValue::Text(_) => writeln!(f, "{name}{braces} 1"),
            MetricValue::Histogram(histogram) => {
                let comma = if labels.is_empty() { "" } else { "," };
                let quantiles = [
                    ("0.5", histogram.p50),
                    ("0.95", histogram.p95),
                    ("0.99", histogram.p99),
                    ("0.999", histogram.p999),
                ];
                for (quantile, value) in quantiles {
                    writeln!(f, "{name}{{{labels}{comma}quantile=\"{quantile}\"}} {value}")?;
                }
                writeln!(f, "{name}_count{braces} {}", histogram.count)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hurtig_operator::metrics::MetricRegistry;

    use super::*;

    fn scope(logical: &str, variables: &[(&str, &str)]) -> MetricScope {
        MetricScope {
            logical: logical.to_owned(),
            prefix: variables.iter().map(|(_, value)| *value).collect(),
            variables: variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        }
    }

    #[test]
    fn each_kind_in_its_form_and_each_name_once() {
        let registry = MetricRegistry::default();
        let operator = |index| {
            let variables = [("subtask_index", index), ("operator_name", "Map \"a\\b\"\n")];
            registry.group(scope("taskmanager.job.task.operator", &variables))
        };
        operator("0").counter("numRecordsIn").add(7);
        operator("1").counter("numRecordsIn").add(8);
        operator("0").gauge("currentInputWatermark").set(i64::MIN);
        let latency = operator("0").add_group("my-group").histogram("latency");
        (1..=1000).for_each(|value| latency.update(value));
        registry.group(scope("taskmanager", &[])).gauge("Status.Threads").set(3);
        registry
            .group(scope("taskmanager.job.task", &[("tm_id", "a")]))
            .text("watermarkHeldBy")
            .set("x (1/2)");

        let expect = r#"
# HELP flink_taskmanager_Status_Threads Status.Threads (scope: taskmanager)
# TYPE flink_taskmanager_Status_Threads gauge
flink_taskmanager_Status_Threads 3
# HELP flink_taskmanager_job_task_operator_currentInputWatermark currentInputWatermark (scope: taskmanager_job_task_operator)
# TYPE flink_taskmanager_job_task_operator_currentInputWatermark gauge
flink_taskmanager_job_task_operator_currentInputWatermark{operator_name="Map \"a\\b\"\n",subtask_index="0"} -9223372036854775808
# HELP flink_taskmanager_job_task_operator_my_group_latency my-group.latency (scope: taskmanager_job_task_operator)
# TYPE flink_taskmanager_job_task_operator_my_group_latency summary
flink_taskmanager_job_task_operator_my_group_latency{operator_name="Map \"a\\b\"\n",subtask_index="0",quantile="0.5"} 936
flink_taskmanager_job_task_operator_my_group_latency{operator_name="Map \"a\\b\"\n",subtask_index="0",quantile="0.95"} 994
flink_taskmanager_job_task_operator_my_group_latency{operator_name="Map \"a\\b\"\n",subtask_index="0",quantile="0.99"} 999
flink_taskmanager_job_task_operator_my_group_latency{operator_name="Map \"a\\b\"\n",subtask_index="0",quantile="0.999"} 1000
flink_taskmanager_job_task_operator_my_group_latency_count{operator_name="Map \"a\\b\"\n",subtask_index="0"} 1000
# HELP flink_taskmanager_job_task_operator_numRecordsIn numRecordsIn (scope: taskmanager_job_task_operator)
# TYPE flink_taskmanager_job_task_operator_numRecordsIn gauge
flink_taskmanager_job_task_operator_numRecordsIn{operator_name="Map \"a\\b\"\n",subtask_index="0"} 7
flink_taskmanager_job_task_operator_numRecordsIn{operator_name="Map \"a\\b\"\n",subtask_index="1"} 8
# HELP flink_taskmanager_job_task_watermarkHeldBy_info watermarkHeldBy (scope: taskmanager_job_task)
# TYPE flink_taskmanager_job_task_watermarkHeldBy_info gauge
flink_taskmanager_job_task_watermarkHeldBy_info{tm_id="a",value="x (1/2)"} 1
"#;
        assert_eq!(render(&registry.snapshot()), expect.trim_start());
    }

    #[test]
    fn names_that_become_one_give_a_page_that_can_be_read() {
        let registry = MetricRegistry::default();
        let group = registry.group(scope("", &[("a:b", "1"), ("a_b", "2")]));
        group.gauge("depth.of-queue").set(1);
        group.gauge("depth_of_queue").set(2);
        group.histogram("depth.of.queue");
        let expect = "
# HELP flink_depth_of_queue depth.of-queue (scope: )
# TYPE flink_depth_of_queue gauge
flink_depth_of_queue{a_b=\"2\"} 1
";
        assert_eq!(render(&registry.snapshot()), expect.trim_start());
    }

    #[test]
    fn nothing_to_show_is_an_empty_page() {
        assert_eq!(render(&[]), "");
    }
}
