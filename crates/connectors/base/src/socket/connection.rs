//! The half of the socket source that runs on the I/O runtime.
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use hurtig_connector::Host;
use hurtig_core::{Error, Result};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

use super::SocketSource;
use super::handover::{Closed, Handover};
use super::lines::LineCutter;

const READ_BYTES: usize = 8 * 1024;
/// Flink's delay between two connections.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// Why a connection was given up.
enum Stop {
    ReaderGone,
    Failed(Error),
}

impl From<Closed> for Stop {
    fn from(_: Closed) -> Self {
        Stop::ReaderGone
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(error)
    }
}

/// Reads until the retries are used up, something fails or the reader has gone.
pub(super) async fn run(source: SocketSource, host: Arc<dyn Host>, handover: Arc<Handover>) {
    match read_all(&source, host.as_ref(), &handover).await {
        Ok(()) => handover.end(Ok(())),
        Err(Stop::Failed(error)) => handover.end(Err(error)),
        Err(Stop::ReaderGone) => {}
    }
}

async fn read_all(source: &SocketSource, host: &dyn Host, handover: &Handover) -> Result<(), Stop> {
    let mut cutter = LineCutter::new(&source.delimiter, source.max_line_bytes);
    let mut retries = 0;
    loop {
        read_connection(source, handover, &mut cutter).await?;
        if source.max_retries.is_some_and(|max| retries >= max) {
            break;
        }
        retries = retries.saturating_add(1);
        until_closed(handover, host.sleep_until(host.instant() + RETRY_DELAY)).await?;
    }
    if let Some(line) = cutter.finish().map_err(|error| at(source, error))? {
        put(handover, line).await?;
    }
    Ok(())
}

/// Connects and reads until the server closes the connection.
async fn read_connection(
    source: &SocketSource,
    handover: &Handover,
    cutter: &mut LineCutter,
) -> Result<(), Stop> {
    let connect = TcpStream::connect((source.host.as_str(), source.port));
    let mut stream =
        until_closed(handover, connect).await?.map_err(|cause| failed(source, "cannot connect to", cause))?;
    let (mut bytes, mut lines) = (vec![0; READ_BYTES], Vec::new());
    loop {
        let count = until_closed(handover, read(&mut stream, &mut bytes))
            .await?
            .map_err(|cause| failed(source, "lost the connection to", cause))?;
        if count == 0 {
            return Ok(());
        }
        let fed = cutter.feed(&bytes[..count], &mut lines);
        for line in lines.drain(..) {
            put(handover, line).await?;
        }
        fed.map_err(|error| at(source, error))?;
    }
}

async fn put(handover: &Handover, line: String) -> Result<(), Closed> {
    poll_fn(|cx| handover.poll_room(cx)).await?;
    handover.put(line);
    Ok(())
}

async fn read(stream: &mut TcpStream, bytes: &mut [u8]) -> io::Result<usize> {
    poll_fn(|cx| {
        let mut buffer = ReadBuf::new(bytes);
        ready!(Pin::new(&mut *stream).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    })
    .await
}

/// What `work` gives, unless the reader goes first.
async fn until_closed<F: Future>(handover: &Handover, work: F) -> Result<F::Output, Closed> {
    let mut work = pin!(work);
    poll_fn(|cx| {
        if let Poll::Ready(closed) = handover.poll_closed(cx) {
            return Poll::Ready(Err(closed));
        }
        work.as_mut().poll(cx).map(Ok)
    })
    .await
}

fn failed(source: &SocketSource, what: &str, cause: io::Error) -> Error {
    Error::restart(format!("{what} {}:{}", source.host, source.port)).caused_by(cause)
}

fn at(source: &SocketSource, error: Error) -> Error {
    error.context(format!("reading from {}:{}", source.host, source.port))
}
