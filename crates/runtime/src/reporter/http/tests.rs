//! The server as clients see it, good ones and others.
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

use super::*;
use crate::executor::ThreadExecutor;

const SHORT: Duration = Duration::from_millis(30);

fn start(limits: Limits) -> HttpServer {
    let page =
        Page { paths: &["/page", "/"], content_type: "text/plain", content: Box::new(|| "42\n".into()) };
    let executor: Arc<dyn Executor> = ThreadExecutor::new();
    HttpServer::start(0, page, limits, &executor).unwrap()
}

fn connect(server: &HttpServer) -> TcpStream {
    TcpStream::connect(server.address()).unwrap()
}

/// Sends `request` and gives the whole answer.
fn ask(server: &HttpServer, request: &[u8]) -> String {
    let mut stream = connect(server);
    stream.write_all(request).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn an_answer_is_whole() {
    let expect =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\n42\n";
    let server = start(Limits::default());
    assert!(server.address().ip().is_loopback());
    assert_eq!(ask(&server, b"GET /page HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n"), expect);
}

#[test]
fn requests_get_what_they_deserve() {
    let server = start(Limits::default());
    let check = |request: &[u8], expect: &str| {
        let answer = ask(&server, request);
        let status = answer.lines().next().unwrap_or("no answer");
        assert_eq!(status, format!("HTTP/1.1 {expect}"), "{}", String::from_utf8_lossy(request));
        assert_eq!(answer.contains("\r\nAllow: GET\r\n"), expect.starts_with("405"), "{answer}");
    };
    check(b"GET / HTTP/1.0\r\n\r\n", "200 OK");
    check(b"GET /page?name=a HTTP/1.1\r\n\r\n", "200 OK");
    check(b"GET /page/more HTTP/1.1\r\n\r\n", "404 Not Found");
    check(b"POST /favicon.ico HTTP/1.1\r\n\r\n", "404 Not Found");
    check(b"POST /page HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", "405 Method Not Allowed");
    check(b"HEAD / HTTP/1.1\r\n\r\n", "405 Method Not Allowed");
    check(b"\r\n\r\n", "400 Bad Request");
    check(b"GET  /page HTTP/1.1\r\n\r\n", "400 Bad Request");
    check(b"GET /page HTTP/2\r\n\r\n", "400 Bad Request");
    check(b"GET http://localhost/page HTTP/1.1\r\n\r\n", "400 Bad Request");
    check(b"\xff\xfe\x00 / HTTP/1.1\r\n\r\n", "400 Bad Request");
    check(&[b'x'; 20_000], "431 Request Header Fields Too Large");
    let longest = [b"GET / HTTP/1.1\r\nCookie: ".as_slice(), &[b'x'; 8192 - 28], b"\r\n\r\n"].concat();
    assert_eq!(longest.len(), 8192);
    check(&longest, "200 OK");
}

#[test]
fn a_request_in_pieces_is_one_and_half_a_request_is_none() {
    let server = start(Limits::default());
    let mut slow = connect(&server);
    slow.set_nodelay(true).unwrap();
    for byte in b"GET / HTTP/1.1\r\n\r\n" {
        slow.write_all(&[*byte]).unwrap();
    }
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("\r\n\r\n42\n"), "{answer}");

    let mut half = connect(&server);
    half.write_all(b"GET / HTT").unwrap();
    half.shutdown(Shutdown::Write).unwrap();
    assert_eq!(half.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn a_connection_too_many_waits_for_its_turn() {
    let server = start(Limits { connections: 2, ..Limits::default() });
    let (first, _second) = (connect(&server), connect(&server));
    let mut third = connect(&server);
    third.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    third.set_read_timeout(Some(SHORT)).unwrap();
    let mut status = [0; 15];
    assert_eq!(third.read_exact(&mut status).unwrap_err().kind(), ErrorKind::WouldBlock);
    drop(first);
    third.set_read_timeout(None).unwrap();
    third.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200 OK");
}

#[test]
fn a_silent_connection_is_closed_and_leaves_its_place() {
    let server = start(Limits { connections: 1, timeout: SHORT, ..Limits::default() });
    assert_eq!(connect(&server).read(&mut [0; 1]).unwrap(), 0);
    // Nor may one stay that has its answer and does not go.
    let mut stays = connect(&server);
    stays.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert!(ask(&server, b"GET / HTTP/1.1\r\n\r\n").ends_with("42\n"));
}

#[test]
fn a_server_that_is_dropped_closes_its_connections() {
    let server = start(Limits::default());
    // The answer to the second says that the first has been accepted.
    let mut open = connect(&server);
    ask(&server, b"GET / HTTP/1.1\r\n\r\n");
    drop(server);
    assert_eq!(open.read(&mut [0; 1]).unwrap(), 0);
}
