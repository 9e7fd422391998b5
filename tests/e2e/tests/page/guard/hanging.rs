//! A `canary.js` that hangs, or comes late.

use super::page::{TAG, runtime_location, site_files};
use canary_e2e::access_log::{AccessLog, Mark};
use canary_e2e::test_site::TestSite;
use canary_e2e::wait::{self, DEADLINE};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

/// A server that answers a request for `canary.js` after stable is requested, or after `patience`. Until then the page
/// does not finish loading.
pub(crate) struct HangingServer {
    pub(crate) patience: Duration,
    /// The answer at the end.
    pub(crate) answer: Option<String>,
}

impl HangingServer {
    fn serve(self, listener: TcpListener, log: AccessLog) -> thread::JoinHandle<()> {
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // Unread bytes of the request would make the system discard the answer.
            let mut head = BufReader::new(&stream).lines();
            while head.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let start = Instant::now();
            let is_over = || start.elapsed() > self.patience || !log.requests_for(STABLE, Mark::START).is_empty();
            wait::until("stable", DEADLINE, || is_over().then_some(()));
            if let Some(body) = self.answer {
                let length = body.len();
                let head =
                    format!("HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nContent-Length: {length}\r\n\r\n");
                stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
            }
        })
    }

    /// The page while `canary.js` hangs, and after that.
    pub(crate) async fn site(self, guard: &str, attributes: &str) -> TestSite {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let files = site_files(&format!("{guard}{TAG} {attributes}></script>"));
        let proxy = format!("proxy_pass http://{};", listener.local_addr().unwrap());
        let site = TestSite::with(files, |config| runtime_location(config, &proxy)).await;
        let server = self.serve(listener, site.nginx.access_log());
        site.goto("/").await;
        server.join().unwrap();
        site
    }
}

const STABLE: &str = "/stable/main.js";
