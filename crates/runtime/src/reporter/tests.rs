//! Reporters as the outside sees them: through their options and their port.
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};

use super::*;
use crate::executor::{SeededExecutor, ThreadExecutor};

fn start(reporters: &str, port: u16) -> Result<Reporters> {
    start_on(ThreadExecutor::new(), reporters, port)
}

fn start_on(executor: Arc<dyn Executor>, reporters: &str, port: u16) -> Result<Reporters> {
    let configuration = Configuration::new()
        .with(&options::METRICS_REPORTERS, reporters.to_owned())
        .with(&options::PROMETHEUS_PORT, port);
    let metrics = MetricRegistry::default();
    metrics.group(Default::default()).counter("answers").add(42);
    Reporters::start(&configuration, &metrics, &executor)
}

/// Sends `request` and gives the whole answer.
fn ask(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn names_are_a_list_and_unknown_ones_an_error() {
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
fn a_seeded_job_has_no_network() {
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
    assert_eq!(error.kind(), hurtig_core::ErrorKind::User);
}

#[test]
fn requests_are_answered_as_they_should() {
    let reporters = start("prom", 0).unwrap();
    let address = reporters.prometheus_address().unwrap();
    assert!(address.ip().is_loopback());
    let check = |request: &[u8], expect: &str| {
        let answer = ask(address, request);
        let status = answer.lines().next().unwrap_or("no answer");
        assert_eq!(status, format!("HTTP/1.1 {expect}"), "{}", String::from_utf8_lossy(request));
        let (head, content) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", content.len())), "{answer}");
        assert_eq!(content.contains("flink_answers 42\n"), expect == "200 OK", "{answer}");
        assert_eq!(head.contains("Allow: GET"), expect.starts_with("405"), "{answer}");
    };
    check(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n", "200 OK");
    check(b"GET / HTTP/1.0\r\n\r\n", "200 OK");
    check(b"GET /metrics?name=a HTTP/1.1\r\n\r\n", "200 OK");
    check(b"GET /metrics/more HTTP/1.1\r\n\r\n", "404 Not Found");
    check(b"POST /favicon.ico HTTP/1.1\r\n\r\n", "404 Not Found");
    check(b"POST /metrics HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", "405 Method Not Allowed");
    check(b"HEAD / HTTP/1.1\r\n\r\n", "405 Method Not Allowed");
    check(b"\r\n\r\n", "400 Bad Request");
    check(b"GET  /metrics HTTP/1.1\r\n\r\n", "400 Bad Request");
    check(b"GET /metrics HTTP/2\r\n\r\n", "400 Bad Request");
    check(b"GET http://localhost/metrics HTTP/1.1\r\n\r\n", "400 Bad Request");
    check(b"\xff\xfe\x00 / HTTP/1.1\r\n\r\n", "400 Bad Request");
    check(&[b'x'; 20_000], "431 Request Header Fields Too Large");
    let longest = [b"GET / HTTP/1.1\r\nCookie: ".as_slice(), &[b'x'; 8192 - 28], b"\r\n\r\n"].concat();
    assert_eq!(longest.len(), 8192);
    check(&longest, "200 OK");
}

#[test]
fn a_request_in_pieces_is_one_and_half_a_one_is_none() {
    let reporters = start("prom", 0).unwrap();
    let address = reporters.prometheus_address().unwrap();
    let mut slow = TcpStream::connect(address).unwrap();
    for byte in b"GET / HTTP/1.1\r\n\r\n" {
        slow.write_all(&[*byte]).unwrap();
    }
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("flink_answers 42\n"), "{answer}");

    let mut half = TcpStream::connect(address).unwrap();
    half.write_all(b"GET / HTT").unwrap();
    half.shutdown(Shutdown::Write).unwrap();
    assert_eq!(half.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn the_seventeenth_connection_waits_for_its_turn() {
    let reporters = start("prom", 0).unwrap();
    let address = reporters.prometheus_address().unwrap();
    let mut silent: Vec<_> = (0..16).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut waiting = TcpStream::connect(address).unwrap();
    waiting.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    waiting.set_read_timeout(Some(std::time::Duration::from_millis(100))).unwrap();
    let mut answer = [0; 15];
    assert_eq!(waiting.read_exact(&mut answer).unwrap_err().kind(), ErrorKind::WouldBlock);
    silent.pop();
    waiting.set_read_timeout(None).unwrap();
    waiting.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
}

#[test]
fn a_silent_connection_is_closed_after_its_time() {
    let reporters = start("prom", 0).unwrap();
    let mut silent = TcpStream::connect(reporters.prometheus_address().unwrap()).unwrap();
    assert_eq!(silent.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn stopping_frees_the_port_and_closes_connections() {
    let reporters = start("prom", 0).unwrap();
    let address = reporters.prometheus_address().unwrap();
    ask(address, b"GET / HTTP/1.1\r\n\r\n");
    let mut open = TcpStream::connect(address).unwrap();
    drop(reporters);
    // At once, and twice: what runs next may want the same port.
    for _ in 0..2 {
        drop(start("prom", address.port()).unwrap());
    }
    // Whether it had been accepted or not decides how the end comes.
    assert!(matches!(open.read(&mut [0; 1]), Ok(0) | Err(_)));
}
