//! A `WebDriver` server and its sessions.

use crate::engine::Engine;
use crate::http;
use crate::process::{Process, find_program, free_port};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// A running driver, stopped on drop together with the browsers it started.
///
/// Chromium's serves any number of sessions at a time, the others one. All their files are in a directory that it removes.
#[derive(Debug)]
pub struct Driver {
    engine: Engine,
    port: u16,
    process: Process,
    /// The display of its browsers, which stops after the driver.
    display: Option<Process>,
    /// The URLs of all sessions.
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
        Self::start_by(engine, |name, command| Process::spawn_supervised(name, &command))
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

    /// The engine that it drives.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The URL for commands.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Records a session, which is closed before the driver stops.
    pub(crate) fn opened(&self, session_url: String) {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).push(session_url);
    }

    /// The id of the driver's process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The id of its display's process, where it needs one.
    #[must_use]
    pub fn display_pid(&self) -> Option<u32> {
        self.display.as_ref().map(Process::pid)
    }
}

/// A virtual display and its number, the first that is free.
///
/// Its socket is abstract, so it leaves no file in /tmp.
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
        // A browser that loses its driver ends too, but only after its
        // directory is removed, and leaves another one behind.
        for session in self.sessions.get_mut().unwrap_or_else(PoisonError::into_inner) {
            close_session(session);
        }
    }
}

/// Closes a session and waits until its browser has ended. A session that is
/// closed already, or whose driver is gone, is ignored.
///
/// It needs no runtime, which may be gone in a test that panics.
pub(crate) fn close_session(url: &str) {
    let _ = http::request("DELETE", url, &[], b"");
}
