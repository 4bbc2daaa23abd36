//! The socket source against real sockets on the loopback.
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join;
use hurtig_connector::{Boundedness, Source};
use hurtig_connector_base::SocketSource;
use hurtig_core::Result;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::drive::{Run, Step};
use crate::host::ManualHost;

fn run<F: Future>(test: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Steps a reader until it has ended or `stop` says so.
async fn drive(
    run: &mut Run<SocketSource>,
    index: usize,
    stop: impl Fn(&[Vec<String>]) -> bool,
) -> Result<()> {
    while !run.ended[index] && !stop(&run.records) {
        poll_fn(|cx| match run.poll(index, cx, 10) {
            Ok(Step::Waiting) => Poll::Pending,
            Ok(_) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(error)),
        })
        .await?;
    }
    Ok(())
}

/// What a source yields from a server that sends each of `sends` on a connection of its own.
async fn read(source: impl Fn(u16) -> SocketSource, sends: &[&[u8]]) -> Result<Vec<String>> {
    let (listener, port) = listen().await;
    let host = ManualHost::new();
    let mut run = Run::start(&source(port), 1, &host);
    let serve = async {
        for send in sends {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(send).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    };
    // The mock clock runs away, so that no retry waits.
    let ticking = async {
        loop {
            host.advance(Duration::from_millis(500));
            tokio::task::yield_now().await;
        }
    };
    let mut both = Box::pin(async { join(serve, drive(&mut run, 0, |_| false)).await.1 });
    let mut ticking = Box::pin(ticking);
    poll_fn(|cx| {
        let _ = ticking.as_mut().poll(cx);
        both.as_mut().poll(cx)
    })
    .await?;
    drop(both);
    Ok(run.records.remove(0))
}

fn local(port: u16) -> SocketSource {
    SocketSource::new("127.0.0.1", port)
}

#[test]
fn lines_come_until_the_server_closes() {
    assert_eq!(local(1).boundedness(), Boundedness::Unbounded);
    let lines = run(read(local, &[b"to be\r\nor not\n\nto be"])).unwrap();
    assert_eq!(lines, ["to be", "or not", "", "to be"]);
    assert_eq!(run(read(local, &[b""])).unwrap(), [""; 0]);
}

#[test]
fn another_delimiter() {
    let lines = run(read(|port| local(port).with_delimiter("||"), &[b"a|b||c\n||d"])).unwrap();
    assert_eq!(lines, ["a|b", "c\n", "d"]);
}

#[test]
fn the_source_connects_again_until_the_retries_are_used_up() {
    let source = |port| local(port).with_max_retries(Some(2));
    let lines = run(read(source, &[b"a\nb", b"c\n", b"d"])).unwrap();
    assert_eq!(lines, ["a", "bc", "d"], "a line goes on over the break, as in Flink");
}

#[test]
fn many_lines_pass_a_small_buffer() {
    let text: String = (0..5_000).map(|number| format!("{number}\n")).collect();
    let lines = run(read(|port| local(port).with_buffer_bytes(64), &[text.as_bytes()])).unwrap();
    assert_eq!(lines.len(), 5_000);
    assert_eq!((lines[0].as_str(), lines[4_999].as_str()), ("0", "4999"));
}

#[test]
fn a_line_that_is_too_long_is_an_error_that_names_the_server() {
    let error = run(read(|port| local(port).with_max_line_bytes(4), &[b"1234\n12345\n"])).unwrap_err();
    assert!(error.to_string().starts_with("reading from 127.0.0.1:"), "{error}");
    assert!(error.to_string().ends_with("a line is longer than the allowed 4 bytes"), "{error}");
}

#[test]
fn a_refused_connection_is_an_error_that_names_the_server() {
    run(async {
        let (listener, port) = listen().await;
        drop(listener);
        let mut run = Run::start(&local(port), 1, &ManualHost::new());
        let error = drive(&mut run, 0, |_| false).await.unwrap_err();
        let expect = format!("cannot connect to 127.0.0.1:{port}: ");
        assert!(error.to_string().starts_with(&expect), "{error}");
    });
}

#[test]
fn one_subtask_reads_and_the_others_end() {
    run(async {
        let (listener, port) = listen().await;
        let mut run = Run::start(&local(port), 2, &ManualHost::new());
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"a\n").await.unwrap();
            stream
        };
        let (_open, result) = join(serve, drive(&mut run, 0, |records| !records[0].is_empty())).await;
        result.unwrap();
        drive(&mut run, 1, |_| false).await.unwrap();
        assert_eq!((run.records, run.ended), (vec![vec![String::from("a")], vec![]], vec![false, true]));
    });
}

#[test]
fn a_reader_that_goes_takes_its_connection_along() {
    run(async {
        let (listener, port) = listen().await;
        let mut run = Run::start(&local(port).with_buffer_bytes(1), 1, &ManualHost::new());
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"a\nb\nc\nd\n").await.unwrap();
            stream
        };
        let (stream, result) = join(serve, drive(&mut run, 0, |records| !records[0].is_empty())).await;
        result.unwrap();
        drop(run);
        // The other side sees the end: nothing reads any more.
        let mut stream = stream;
        let closed = async { while stream.write_all(b"more\n").await.is_ok() {} };
        tokio::time::timeout(Duration::from_secs(30), closed).await.unwrap();
    });
}

#[test]
fn a_delimiter_must_not_be_empty() {
    let source = local(9).with_delimiter("");
    let error = source.create_reader(&ManualHost::new().reader(0, 1)).unwrap_err();
    assert_eq!(error.to_string(), "the delimiter of the text from 127.0.0.1:9 (cannot replay) is empty");
    let _: Arc<dyn hurtig_connector::erased::ErasedSource> =
        Arc::new(hurtig_connector::erased::SourceEraser(source));
}
