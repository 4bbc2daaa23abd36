//! The Prometheus reporter of a job on threads, read over its port as a scraper reads it.
#![allow(clippy::unwrap_used, reason = "the helpers below belong to tests too")]
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hurtig_connector::WatermarkStrategy;
use hurtig_connector_base::{BlackHoleSink, GeneratorSource};
use hurtig_core::config::options;
use hurtig_core::{Configuration, Error, ErrorKind, EventTime, Result};
use hurtig_datastream::StreamExecutionEnvironment;
use hurtig_jobmaster::{JobClient, JobStatus, submit};
use hurtig_runtime::ThreadExecutor;

/// How often a page is looked at before a test gives up.
const LOOKS: usize = 100_000;

fn configuration(port: u16) -> Configuration {
    Configuration::new()
        .with(&options::METRICS_REPORTERS, "prom".to_owned())
        .with(&options::PROMETHEUS_PORT, port)
        .with(&options::AUTO_WATERMARK_INTERVAL, Duration::from_millis(1))
}

/// A free port below those that the system hands out by itself, so that nobody else gets it meanwhile.
fn own_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id().wrapping_mul(16).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 20_000 + (next % 10_000) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// A job without end: numbers, each with itself as its time, that `look` is called with.
fn start(configuration: Configuration, look: fn(&u64) -> Result<u64>) -> Result<JobClient> {
    let env = StreamExecutionEnvironment::new(configuration);
    let times = WatermarkStrategy::for_monotonous_timestamps()
        .with_timestamp_assigner(|number: &u64, _| EventTime::from_millis(*number as i64));
    env.from_source(GeneratorSource::unbounded(|index| index), times, "Numbers")
        .try_map(move |number| look(&number))
        .name("Look")
        .sink_to(BlackHoleSink::new());
    submit(env.take_program(Some("Counting"))?, ThreadExecutor::new())
}

fn page(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    answer
}

/// The value of the operator's metric, if it is on the page: a task registers its metrics when it starts.
fn value(page: &str, metric: &str) -> Option<i64> {
    let name = format!("flink_taskmanager_job_task_operator_{metric}{{");
    let mut lines = page.lines().filter(|line| line.starts_with(&name));
    let line = lines.find(|line| line.contains(r#"operator_name="Look""#))?;
    line.rsplit(' ').next()?.parse().ok()
}

fn assert_free(address: SocketAddr) {
    TcpListener::bind(address).unwrap_or_else(|error| panic!("{address} is not free: {error}"));
}

#[test]
fn a_running_job_shows_its_records_and_its_watermark_until_it_ends() {
    let job = start(configuration(own_port()), |number| Ok(*number)).unwrap();
    let address = job.metrics_address().unwrap();
    let seen = (0..LOOKS)
        .map(|_| page(address))
        .find(|page| value(page, "numRecordsIn") > Some(0) && value(page, "currentInputWatermark") > Some(0));
    let seen = seen.expect("records and a watermark");
    assert!(seen.contains(r#"job_name="Counting""#) && seen.contains(r#"subtask_index="0""#), "{seen}");
    assert!(seen.contains("# TYPE flink_taskmanager_job_task_busyTimeMsPerSecond gauge\n"), "{seen}");
    job.cancel();
    assert!(job.result().is_err());
    assert_eq!(job.status(), JobStatus::Canceled);
    // Without waiting: who hears of the end may start the next job on the same port.
    assert_free(address);
}

#[test]
fn one_job_after_another_may_have_the_same_port() {
    let port = own_port();
    for _ in 0..10 {
        let job = start(configuration(port), |number| Ok(*number)).unwrap();
        page(job.metrics_address().unwrap());
        job.cancel();
        assert!(job.result().is_err());
    }
}

#[test]
fn a_failed_job_gives_its_port_back() {
    let fail = |number: &u64| if *number < 100 { Ok(*number) } else { Err(Error::user("enough")) };
    let job = start(configuration(own_port()), fail).unwrap();
    assert!(job.result().unwrap_err().to_string().ends_with("enough"));
    assert_free(job.metrics_address().unwrap());
}

#[test]
fn a_job_whose_port_is_taken_does_not_start() {
    let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = held.local_addr().unwrap().port();
    let error = start(configuration(port), |number| Ok(*number)).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::User);
    assert!(error.to_string().contains(&format!("cannot listen on 127.0.0.1:{port}")), "{error}");
}

#[test]
fn port_0_is_a_free_one_and_without_a_reporter_there_is_none() {
    let free = start(configuration(0), |number| Ok(*number)).unwrap();
    assert_ne!(free.metrics_address().unwrap().port(), 0);
    free.cancel();
    let job = start(Configuration::new(), |number| Ok(*number)).unwrap();
    assert_eq!(job.metrics_address(), None);
    job.cancel();
    assert!(job.result().is_err());
}
