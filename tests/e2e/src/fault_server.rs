//! A server that fails as a test says, and can be changed while it runs.
//!
//! ```
//! use canary_e2e::fault_server::{FaultServer, Plan, Reply};
//! use canary_e2e::{http, site_files::SiteFiles};
//!
//! let files = SiteFiles::empty();
//! files.mount_config("{}");
//! let server = FaultServer::start(files.root());
//! let config = || http::get(&server.url("/config/canary.json"), &[]).status;
//! server.on("/config/canary.json", Plan::first(1, Reply::sound().status(503)));
//! assert_eq!([config(), config()], [503, 200]);
//! server.on("/config/*", Reply::sound().status(404));
//! assert_eq!(config(), 404);
//! server.restore();
//! assert_eq!(config(), 200);
//! ```
//!
//! It serves a directory, with a thread for each connection and one answer for each of
//! these. Answers are `no-store`, so a reload requests everything again.
//! It also collects the [`page_log`](crate::page_log).

mod connection;
mod log;
mod plan;
mod reply;

pub use self::log::{End, Request, RequestLog};
pub use self::plan::Plan;
pub use self::reply::{Reply, http_date};

use self::connection::Shared;
use self::log::lock;
use self::plan::Plans;
use crate::page_log::LogEntry;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// A running server, stopped on drop with all its connections.
#[derive(Debug)]
pub struct FaultServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl FaultServer {
    /// Serves what is below `root` on a free port of the loopback interface.
    #[track_caller]
    #[must_use]
    pub fn start(root: &Path) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap_or_else(|e| panic!("cannot listen: {e}"));
        let address = listener.local_addr().unwrap_or_else(|e| panic!("cannot tell the port: {e}"));
        let shared = Arc::new(Shared {
            root: root.to_owned(),
            plans: Mutex::default(),
            log: RequestLog::default(),
            page_log: Mutex::default(),
            stopping: AtomicBool::new(false),
            releases: AtomicUsize::new(0),
        });
        let accepting = Some(thread::spawn({
            let shared = shared.clone();
            move || accept(&listener, &shared)
        }));
        Self { address, shared, accepting }
    }

    /// The address without a path.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// How requests for `path` are answered from now on, whatever their query. In it, one
    /// `*` stands for any text. Of several that match, the one set last counts.
    pub fn on(&self, path: &str, plan: impl Into<Plan>) {
        lock(&self.shared.plans).set(path, plan.into());
    }

    /// Removes all plans, so that every answer is the file.
    pub fn restore(&self) {
        *lock(&self.shared.plans) = Plans::default();
    }

    /// Releases the answers that hang now: the rest is sent, if the client is still there.
    pub fn release(&self) {
        self.shared.releases.fetch_add(1, Ordering::SeqCst);
    }

    /// The request log.
    #[must_use]
    pub fn log(&self) -> &RequestLog {
        &self.shared.log
    }

    /// The page log, in order.
    #[must_use]
    pub fn page_log(&self) -> Vec<LogEntry> {
        lock(&self.shared.page_log).clone()
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut connections = Vec::new();
    for stream in listener.incoming() {
        if shared.stopping.load(Ordering::SeqCst) {
            break;
        }
        let Ok(stream) = stream else { continue };
        connections.retain(|connection: &JoinHandle<()>| !connection.is_finished());
        let shared = shared.clone();
        connections.push(thread::spawn(move || connection::serve(stream, &shared)));
    }
    for connection in connections {
        let _ = connection.join();
    }
}

#[cfg(test)]
mod tests;
