//! A `WebDriver` server and the sessions it opens.

use crate::engine::Engine;
use crate::http;
use crate::process::{Process, find_program, free_port};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// A running driver, stopped on drop together with the browsers it started.
///
/// Chromium's serves any number of sessions at a time, the others one. Whatever they write, profiles too, is in a directory that goes with it.
#[derive(Debug)]
pub struct Driver {
    engine: Engine,
    port: u16,
    process: Process,
    /// Goes after the driver, whose browsers draw on it.
    display: Option<Process>,
    /// The addresses of all sessions ever opened.
    sessions: Mutex<Vec<String>>,
}

impl Driver {
    /// Starts the driver of `engine` and waits until it takes sessions.
    ///
    /// # Panics
    ///
    /// When it is not installed or does not get ready.
    #[track_caller]
    #[must_use]
    pub fn start(engine: Engine) -> Self {
        Self::start_by(engine, Process::spawn)
    }

    /// The same for one that is never dropped: it stops when this process exits.
    #[track_caller]
    pub(crate) fn start_for_process(engine: Engine) -> Self {
        Self::start_by(engine, Process::spawn_supervised)
    }

    #[track_caller]
    fn start_by(engine: Engine, spawn: fn(&str, Command) -> Process) -> Self {
        let port = free_port();
        let mut command = engine.driver(port);
        let display = engine.needs_display().then(|| {
            let (display, number) = display(spawn);
            command.env("DISPLAY", format!(":{number}"));
            display
        });
        let mut process = spawn(engine.driver_name(), command);
        let status = format!("http://127.0.0.1:{port}/status");
        process.ready(|| http::request("GET", &status, &[], b"").ok().filter(|answer| answer.status == 200));
        Self { engine, port, process, display, sessions: Mutex::default() }
    }

    /// Chromium's driver.
    #[track_caller]
    #[must_use]
    pub fn chromium() -> Self {
        Self::start(Engine::Chromium)
    }

    /// What it drives.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Where it takes commands.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Takes note of a session that is to be closed before the driver stops.
    pub(crate) fn opened(&self, session_url: String) {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).push(session_url);
    }

    /// The id of the driver's process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The id of the process that is its display, where it needs one.
    #[must_use]
    pub fn display_pid(&self) -> Option<u32> {
        self.display.as_ref().map(Process::pid)
    }
}

/// A display that nobody sees, and its number: the first that is free.
///
/// Its socket has a name and no file, so that nothing of it can stay in /tmp.
#[track_caller]
fn display(spawn: fn(&str, Command) -> Process) -> (Process, String) {
    let mut command = Command::new(find_program("Xvfb"));
    command.args(["-displayfd", "1", "-nolisten", "tcp", "-nolisten", "unix", "-screen", "0", "1280x1024x24"]);
    let mut display = spawn("Xvfb", command);
    let number = display.first_line();
    (display, number)
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A browser that merely lost its driver would end too, but only after its
        // directory is gone, and leave another one behind.
        for session in self.sessions.get_mut().unwrap_or_else(PoisonError::into_inner) {
            close_session(session);
        }
    }
}

/// Closes a session and waits until its browser has ended; one that is closed
/// already, or whose driver is gone, stays so.
///
/// Without a runtime: in a test that panics it may be going away.
pub(crate) fn close_session(url: &str) {
    let _ = http::request("DELETE", url, &[], b"");
}
