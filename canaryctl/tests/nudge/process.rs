//! The process under test and its output.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::api_server::ApiServer;
use crate::support::{DEADLINE, canaryctl, lines};

/// The pause between two checks of a condition.
const INTERVAL: Duration = Duration::from_millis(10);

/// Waits until a condition holds.
#[track_caller]
pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < DEADLINE, "not in time: {what}");
        thread::sleep(INTERVAL);
    }
}

/// The command `canaryctl nudge`, connected to the fake API server.
fn command(api: &ApiServer, dir: &TempDir, args: &[&str]) -> Command {
    let kubeconfig = dir.path().join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\nusers: []\n\
         clusters: [{{name: a, cluster: {{server: \"http://127.0.0.1:{}\"}}}}]\n\
         contexts: [{{name: a, context: {{cluster: a, user: \"\", namespace: frontend}}}}]\n",
        api.port
    );
    fs::write(&kubeconfig, text).unwrap();
    let mut command = canaryctl(["nudge"].iter().chain(args));
    command.env("KUBECONFIG", kubeconfig);
    command
}

/// Runs one pass.
pub(crate) fn once(api: &ApiServer, args: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    command(api, &dir, &[&["--once"], args].concat()).output().unwrap()
}

/// A running `canaryctl nudge`, killed on drop.
pub(crate) struct Nudge {
    child: Child,
    lines: Receiver<String>,
    dir: TempDir,
    health: String,
}

impl Nudge {
    /// Starts it.
    #[track_caller]
    pub(crate) fn start(api: &ApiServer, args: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        // A port that is free now and that no other process requests by number.
        let health = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let errors = fs::File::create(dir.path().join("stderr")).unwrap();
        let mut command = command(api, &dir, &[&["--listen", &health], args].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(errors).spawn().expect("the program starts");
        let lines = lines(child.stdout.take().unwrap());
        Self { child, lines, dir, health }
    }

    /// The next line that it prints.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("a line; errors: {}", self.errors()))
    }

    /// Its standard error.
    pub(crate) fn errors(&self) -> String {
        fs::read_to_string(self.dir.path().join("stderr")).unwrap()
    }

    /// The answer to a probe: status and text.
    pub(crate) fn probe(&self, path: &str) -> (u16, String) {
        use std::io::{Read as _, Write as _};
        let mut answer = String::new();
        let Ok(mut stream) = std::net::TcpStream::connect(&self.health) else { return (0, answer) };
        write!(stream, "GET {path} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n").unwrap();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.trim_end().to_owned())
    }

    /// Sends a signal, and returns the exit code.
    pub(crate) fn stop(&mut self, signal: Signal) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), signal).expect("it still runs");
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Nudge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
