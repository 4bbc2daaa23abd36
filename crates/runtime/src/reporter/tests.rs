//! Reporters as the outside sees them: through their options and their port.
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use hurtig_core::ErrorKind;
use hurtig_operator::metrics::MetricScope;

use super::*;
use crate::executor::{SeededExecutor, ThreadExecutor};

fn start_on(executor: Arc<dyn Executor>, reporters: &str, port: u16) -> Result<Reporters> {
    let configuration = Configuration::new()
        .with(&options::METRICS_REPORTERS, reporters.to_owned())
        .with(&options::PROMETHEUS_PORT, port);
    let metrics = MetricRegistry::default();
    metrics.group(MetricScope::default()).counter("answers").add(42);
    Reporters::start(&configuration, &metrics, &executor)
}

fn start(reporters: &str, port: u16) -> Result<Reporters> {
    start_on(ThreadExecutor::new(), reporters, port)
}

#[test]
fn names_are_a_list_and_an_unknown_one_is_an_error() {
    let check = |names: &str, expect: Result<bool, &str>| match (start(names, 0), expect) {
        (Ok(reporters), Ok(runs)) => assert_eq!(reporters.prometheus_address().is_some(), runs, "{names}"),
        (Err(error), Err(expect)) => assert_eq!(error.to_string(), expect),
        (found, _) => panic!("{names}: {:?}", found.err()),
    };
    check("", Ok(false));
    check(" , ", Ok(false));
    check(" prom , prom,", Ok(true));
    check("prom, graphite", Err("option 'metrics.reporters' names 'graphite'; there are: prom"));
}

#[test]
fn under_a_seed_there_is_no_network() {
    let error = start_on(SeededExecutor::new(1), "prom", 0).err().unwrap();
    assert!(error.to_string().contains("'metrics.reporters': under a seed"), "{error}");
    assert!(start_on(SeededExecutor::new(1), "", 0).is_ok());
}

#[test]
fn a_port_in_use_is_an_error_that_names_it() {
    let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = held.local_addr().unwrap().port();
    let error = start("prom", port).err().unwrap();
    let expect = format!("option 'metrics.reporter.prom.port': cannot listen on 127.0.0.1:{port}: ");
    assert!(error.to_string().starts_with(&expect), "{error}");
    assert_eq!(error.kind(), ErrorKind::User);
}

#[test]
fn the_page_shows_the_metrics_until_the_reporters_are_dropped() {
    let mut reporters = start("prom", 0).unwrap();
    let address = reporters.prometheus_address().unwrap();
    // At once, and with a connection just served: what runs next may want the same port.
    for _ in 0..3 {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{answer}");
        assert!(answer.ends_with("\nflink_answers 42\n"), "{answer}");
        drop(reporters);
        reporters = start("prom", address.port()).unwrap();
    }
}
