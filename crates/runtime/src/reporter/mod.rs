//! What shows the metrics of a job to the outside while it runs. Flink's metric reporters.
//!
//! [`prometheus`] turns metrics into text, [`http`] serves a text. Which reporters run is said by
//! `metrics.reporters`.
pub mod http;
pub mod prometheus;

use std::net::SocketAddr;
use std::sync::Arc;

use hurtig_core::config::options;
use hurtig_core::{Configuration, Error, Result, ResultExt};
use hurtig_operator::metrics::MetricRegistry;

use crate::executor::Executor;
use http::{HttpServer, Limits, Page};

/// The reporters that there are, by the names that `metrics.reporters` gives them.
const KNOWN: [&str; 1] = ["prom"];

/// The reporters of one job. They stop when this is dropped, and then hold no port any more.
#[derive(Default)]
pub struct Reporters {
    prometheus: Option<HttpServer>,
}

impl Reporters {
    /// Starts the reporters that `configuration` names; they read `metrics`. An unknown name, or a port that
    /// cannot be had, is an error of the user.
    pub fn start(
        configuration: &Configuration,
        metrics: &MetricRegistry,
        executor: &Arc<dyn Executor>,
    ) -> Result<Reporters> {
        let names = configuration.get(&options::METRICS_REPORTERS)?;
        let names: Vec<&str> = names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        let option = options::METRICS_REPORTERS.key();
        if let Some(unknown) = names.iter().find(|name| !KNOWN.contains(*name)) {
            let known = KNOWN.join(", ");
            return Err(Error::user(format!("option '{option}' names '{unknown}'; there are: {known}")));
        }
        if names.is_empty() {
            return Ok(Reporters::default());
        }
        if executor.interleaves() {
            return Err(Error::user(format!("option '{option}': under a seed there is no network to serve")));
        }
        Ok(Reporters { prometheus: Some(serve_prometheus(configuration, metrics, executor)?) })
    }

    /// Where the Prometheus reporter listens, if it runs.
    pub fn prometheus_address(&self) -> Option<SocketAddr> {
        self.prometheus.as_ref().map(HttpServer::address)
    }
}

fn serve_prometheus(
    configuration: &Configuration,
    metrics: &MetricRegistry,
    executor: &Arc<dyn Executor>,
) -> Result<HttpServer> {
    let port = configuration.get(&options::PROMETHEUS_PORT)?;
    let metrics = metrics.clone();
    let page = Page {
        paths: &["/metrics", "/"],
        content_type: prometheus::CONTENT_TYPE,
        content: Box::new(move || prometheus::render(&metrics.snapshot())),
    };
    HttpServer::start(port, page, Limits::default(), executor)
        .context(|| format!("option '{}'", options::PROMETHEUS_PORT.key()))
}

#[cfg(test)]
mod tests;
