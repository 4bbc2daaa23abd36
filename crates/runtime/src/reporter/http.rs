//! One page over HTTP/1.1 on the loopback interface: as much of it as a scraper, a browser and curl need.
//!
//! A server is one future on the I/O runtime that owns all its connections, so that nothing outlives it; its
//! listener is shared with the [`HttpServer`] that stops it, so that the port is free once that is dropped.
use std::future::{Future, poll_fn};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use atomic_waker::AtomicWaker;
use hurtig_connector::{Host, Sleep};
use hurtig_core::{Error, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::executor::{Executor, block_on};

/// How long nothing is accepted after that has failed, as when the process may open no more files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a server spends on its clients at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections that are served at once; others wait to be accepted.
    pub connections: usize,
    /// Bytes of a request's head.
    pub head_bytes: usize,
    /// How long a connection may take from its beginning to its end.
    pub timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { connections: 16, head_bytes: 8 * 1024, timeout: Duration::from_secs(5) }
    }
}

/// What is served.
pub struct Page {
    /// Where it is found.
    pub paths: &'static [&'static str],
    /// Its media type.
    pub content_type: &'static str,
    /// Makes its content anew for each request.
    pub content: Box<dyn Fn() -> String + Send + Sync>,
}

/// Serves a page until it is dropped: then its port is free at once, and open connections are closed.
pub struct HttpServer {
    address: SocketAddr,
    listening: Arc<Listening>,
}

/// What the server and the one who stops it share.
struct Listening {
    listener: Mutex<Option<TcpListener>>,
    stopped: AtomicWaker,
}

impl Listening {
    fn lock(&self) -> MutexGuard<'_, Option<TcpListener>> {
        self.listener.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl HttpServer {
    /// Serves `page` on `port` of 127.0.0.1; 0 takes a free one. A port that cannot be had is an error that
    /// names it.
    pub fn start(port: u16, page: Page, limits: Limits, executor: &Arc<dyn Executor>) -> Result<HttpServer> {
        let host = executor.clone().host();
        let (sender, receiver) = oneshot::channel();
        executor.spawn_io(Box::pin(async move {
            match bind(port).await {
                Ok(server) => {
                    let (listening, page) = (server.listening.clone(), Arc::new(page));
                    // Whoever started it waits for exactly this; if not, the server is dropped here, and stops.
                    let _ = sender.send(Ok(server));
                    let connections = Vec::with_capacity(limits.connections);
                    Serving { listening, page, limits, host, connections, pause: None }.await;
                }
                Err(error) => {
                    let _ = sender.send(Err(error));
                }
            }
        }));
        let at = || format!("cannot listen on {}:{port}", Ipv4Addr::LOCALHOST);
        match block_on(executor.as_ref(), receiver) {
            Ok(bound) => bound.map_err(|error| Error::user(at()).caused_by(error)),
            Err(_) => Err(Error::bug(at()).caused_by("the I/O runtime dropped the server")),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        let listener = self.listening.lock().take();
        drop(listener);
        self.listening.stopped.wake();
    }
}

async fn bind(port: u16) -> io::Result<HttpServer> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    let listener = Mutex::new(Some(listener));
    Ok(HttpServer { address, listening: Arc::new(Listening { listener, stopped: AtomicWaker::new() }) })
}

/// The server at work. Resolves once it has been stopped.
struct Serving {
    listening: Arc<Listening>,
    page: Arc<Page>,
    limits: Limits,
    host: Arc<dyn Host>,
    connections: Vec<Pin<Box<dyn Future<Output = ()> + Send>>>,
    pause: Option<Sleep>,
}

impl Future for Serving {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.listening.stopped.register(cx.waker());
        loop {
            self.connections.retain_mut(|connection| connection.as_mut().poll(cx).is_pending());
            match self.poll_accept(cx) {
                Poll::Ready(Some(stream)) => {
                    let timeout = self.host.sleep_until(self.host.instant() + self.limits.timeout);
                    let connection = serve(stream, self.page.clone(), self.limits.head_bytes);
                    self.connections.push(Box::pin(within(timeout, connection)));
                }
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Serving {
    /// The next connection, or none once the server has been stopped.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<TcpStream>> {
        let listener = self.listening.lock();
        let Some(listener) = &*listener else { return Poll::Ready(None) };
        // A connection that ends makes place, and wakes this future as it does.
        if self.connections.len() >= self.limits.connections {
            return Poll::Pending;
        }
        loop {
            if let Some(pause) = &mut self.pause {
                if pause.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.pause = None;
            }
            match listener.poll_accept(cx) {
                Poll::Ready(Ok((stream, _))) => return Poll::Ready(Some(stream)),
                Poll::Ready(Err(_)) => {
                    self.pause = Some(self.host.sleep_until(self.host.instant() + ACCEPT_PAUSE));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Runs `work` for no longer than `timeout`.
async fn within(mut timeout: Sleep, work: impl Future<Output = io::Result<()>>) {
    let mut work = pin!(work);
    poll_fn(|cx| match timeout.as_mut().poll(cx) {
        Poll::Ready(()) => Poll::Ready(()),
        // A client that is gone is an ordinary outcome.
        Poll::Pending => work.as_mut().poll(cx).map(|_| ()),
    })
    .await;
}

/// One connection: one request, one answer.
async fn serve(mut stream: TcpStream, page: Arc<Page>, head_bytes: usize) -> io::Result<()> {
    let mut buffer = vec![0; head_bytes];
    let mut filled = 0;
    let answer = loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        if let Some(head) = head_of(&buffer[..filled]) {
            break answer(head, &page);
        }
        if filled == buffer.len() {
            break refuse("431 Request Header Fields Too Large", "");
        }
    };
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    // To close while something of the client's has not been read would take the answer from it.
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

/// The bytes before the empty line, once it has come.
fn head_of(received: &[u8]) -> Option<&[u8]> {
    let end = received.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(&received[..end])
}

fn answer(head: &[u8], page: &Page) -> String {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let Some((method, path)) = std::str::from_utf8(line).ok().and_then(method_and_path) else {
        return refuse("400 Bad Request", "");
    };
    match method {
        _ if !page.paths.contains(&path) => refuse("404 Not Found", ""),
        "GET" => response("200 OK", page.content_type, "", &(page.content)()),
        _ => refuse("405 Method Not Allowed", "Allow: GET\r\n"),
    }
}

/// Method and path of a request's first line, if it is one of HTTP/1.
fn method_and_path(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_request = is_method && target.starts_with('/') && matches!(version, "HTTP/1.0" | "HTTP/1.1");
    let path = target.split('?').next()?;
    (is_request && words.next().is_none()).then_some((method, path))
}

fn refuse(status: &str, headers: &str) -> String {
    response(status, "text/plain; charset=utf-8", headers, &format!("{status}\n"))
}

fn response(status: &str, content_type: &str, headers: &str, content: &str) -> String {
    let length = content.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n{headers}\
         Connection: close\r\n\r\n{content}"
    )
}

#[cfg(test)]
mod tests;
