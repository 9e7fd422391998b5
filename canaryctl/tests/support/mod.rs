//! The program under test, and a client for its server.

#![allow(dead_code, reason = "each test file uses a part of this module")]

pub(crate) mod fixture;
pub(crate) mod folder;
pub(crate) mod web;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// The time limit of a step, on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// The program with arguments.
pub(crate) fn canaryctl<I: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_canaryctl"));
    command.args(args);
    command
}

/// A path in the repository.
pub(crate) fn repo(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Runs the program with some input until it exits.
#[track_caller]
pub(crate) fn run(args: &[&str], input: impl Into<Vec<u8>>) -> Output {
    let mut command = canaryctl(args);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let (mut stdin, input) = (child.stdin.take().expect("a pipe"), input.into());
    // On a thread of its own, because both pipes may fill up. The program may stop reading early.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("the program ends");
    writer.join().expect("the writer ends");
    output
}

/// Runs the program, which has to fail with exit code 2 and exactly this message.
#[track_caller]
pub(crate) fn fails(args: &[&str], input: &[u8], message: &str) {
    let output = run(args, input);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(2), message));
}

/// The lines of a stream, for a receiver with a time limit.
pub(crate) fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    let stream = BufReader::new(stream);
    thread::spawn(move || stream.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    lines
}

/// Bytes as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A running `canaryctl serve`, killed on drop.
pub(crate) struct Server {
    child: Child,
    lines: Receiver<String>,
    /// The address that it printed first.
    pub(crate) url: String,
    /// The address of the console; empty where the first line is JSON.
    pub(crate) console: String,
}

impl Server {
    /// Starts the server, with its standard error in a file.
    #[track_caller]
    pub(crate) fn start(mut command: Command, errors: &Path) -> Self {
        let errors = std::fs::File::create(errors).expect("a file for errors");
        let mut child = command.stdout(Stdio::piped()).stderr(errors).spawn().expect("the program starts");
        let lines = lines(child.stdout.take().expect("a pipe"));
        let mut server = Self { child, lines, url: String::new(), console: String::new() };
        server.url = server.line();
        if server.url.starts_with("http") {
            server.console = server.line();
        }
        server
    }

    /// The next line that it prints.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(DEADLINE).expect("a line on standard output")
    }

    /// The address in the form `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> &str {
        self.url.strip_prefix("http://").and_then(|rest| rest.strip_suffix('/')).expect("an address")
    }

    /// Gets a path.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.request("GET", path, &[])
    }

    /// Sends a request without normalizing the path.
    #[track_caller]
    pub(crate) fn request(&self, method: &str, path: &str, headers: &[&str]) -> Reply {
        let mut lines = vec![format!("{method} {path} HTTP/1.1"), format!("Host: {}", self.host())];
        lines.push("Connection: close".to_owned());
        lines.extend(headers.iter().map(ToString::to_string));
        let mut stream = TcpStream::connect(self.host()).expect("it listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        stream.write_all(format!("{}\r\n\r\n", lines.join("\r\n")).as_bytes()).expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        Reply::parse(&answer)
    }

    /// Sends a signal, and returns the exit code.
    pub(crate) fn stop(&mut self, signal: Signal) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), signal).expect("it still runs");
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Reply {
    #[track_caller]
    fn parse(answer: &[u8]) -> Self {
        let answer = text(answer);
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
        let headers = lines.filter_map(|line| line.split_once(": ")).map(|(k, v)| (k.to_lowercase(), v.to_owned()));
        Self { status, headers: headers.collect(), body: body.to_owned() }
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}
