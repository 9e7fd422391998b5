//! A child process that never outlives the test that started it.

use crate::{files, wait};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The time that a process has to end before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// The number of lines of a log that a failure shows.
const TAIL: usize = 30;

/// Runs a command until its input ends, which happens when the process at the other end of the pipe exits. Then
/// it ends its process group and removes the directory, repeatedly, because a dying browser may write again.
const SUPERVISOR: &str = r#"
    "$@" </dev/null &
    cat >/dev/null
    trap "" TERM
    kill -TERM 0
    wait
    for _ in 1 2 3; do rm -rf "$TMPDIR"; sleep 0.1; done
"#;

/// A running child, stopped and waited for on drop, also by a test that panics.
///
/// It stays in the process group of the tests, so Ctrl-C reaches it as well.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    dir: TempDir,
}

impl Process {
    /// Starts `command` with its output going to files in a directory of its own,
    /// which is its TMPDIR and HOME too.
    #[track_caller]
    #[must_use]
    pub fn spawn(name: &str, command: Command) -> Self {
        Self::start(name, command, Stdio::null())
    }

    /// The same for a process in a static, which is never dropped: it ends, with its children and its
    /// directory, when this process exits in any way.
    #[track_caller]
    #[must_use]
    pub fn spawn_supervised(name: &str, command: &Command) -> Self {
        let mut supervisor = Command::new("sh");
        supervisor.args(["-c", SUPERVISOR, name]).arg(command.get_program()).args(command.get_args()).process_group(0);
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => supervisor.env(key, value),
                None => supervisor.env_remove(key),
            };
        }
        Self::start(name, supervisor, Stdio::piped())
    }

    #[track_caller]
    fn start(name: &str, mut command: Command, stdin: Stdio) -> Self {
        let dir = files::temp_dir();
        let log = |file: &str| {
            let path = dir.path().join(file);
            Stdio::from(File::create(&path).unwrap_or_else(|e| panic!("cannot make {}: {e}", path.display())))
        };
        let child = command
            .env("TMPDIR", dir.path())
            .env("HOME", dir.path())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .stdin(stdin)
            .stdout(log("stdout"))
            .stderr(log("stderr"))
            .spawn()
            .unwrap_or_else(|e| panic!("cannot start {name} by {command:?}: {e}"));
        Self { name: name.to_owned(), child, dir }
    }

    /// The process's id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The last lines of the process's output.
    #[must_use]
    pub fn tail(&self) -> String {
        let tail = |file: &str| tail(&self.dir.path().join(file));
        format!("{}{}", tail("stdout"), tail("stderr"))
    }

    /// Polls `probe` until it returns a value: the process is ready.
    ///
    /// # Panics
    ///
    /// When the process ends before, or the deadline passes; both show its output.
    #[track_caller]
    pub fn ready<T>(&mut self, mut probe: impl FnMut() -> Option<T>) -> T {
        let answer = wait::until(format!("{} to be ready or to end", self.name), wait::DEADLINE * 2, || {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(Err(status));
            }
            probe().map(Ok)
        });
        answer.unwrap_or_else(|status| panic!("{} ended with {status}\n{}", self.name, self.tail()))
    }

    /// Waits for the first line that the process prints on standard output.
    ///
    /// # Panics
    ///
    /// As [`Process::ready`].
    #[track_caller]
    pub fn first_line(&mut self) -> String {
        let [line] = self.first_lines();
        line
    }

    /// The same for the first lines.
    #[track_caller]
    pub fn first_lines<const COUNT: usize>(&mut self) -> [String; COUNT] {
        let stdout = self.dir.path().join("stdout");
        self.ready(|| {
            let text = fs::read_to_string(&stdout).ok()?;
            let complete = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
            complete.take(COUNT).map(str::to_owned).collect::<Vec<_>>().try_into().ok()
        })
    }

    /// Asks the process to end, kills it when it does not, and waits for its end.
    pub fn stop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
            return;
        }
        // A supervisor waits for the end of its input.
        if self.child.stdin.take().is_none() {
            // Not waited for yet, so the id still belongs to this child.
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        }
        let start = Instant::now();
        while start.elapsed() < GRACE {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
        // Browsers end a moment after their driver and write until then.
        let start = Instant::now();
        while fs::remove_dir_all(self.dir.path()).is_err() && self.dir.path().exists() && start.elapsed() < GRACE {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A TCP port on the loopback interface that nobody listens on.
///
/// Below the range from which the system takes ports for outgoing connections, and
/// never twice in one test run, so nobody takes it before its server does.
#[must_use]
pub fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = std::process::id().wrapping_mul(101) % u32::from(COUNT);
    wait::until("a free port", wait::DEADLINE, || {
        let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = FIRST + u16::try_from((start + step) % u32::from(COUNT)).ok()?;
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok().then_some(port)
    })
}

/// Finds a program on PATH or, since not every user has them there, among the
/// system's administration tools.
#[track_caller]
#[must_use]
pub fn find_program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|dir| dir.join(name))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| panic!("{name} is not installed: not on PATH, not in /usr/sbin"))
}

/// Whether a process still runs. A process without a waiting parent stays as a zombie.
#[must_use]
pub fn is_running(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().and_then(|rest| rest.chars().next()).is_some_and(|state| !"ZX".contains(state))
}

/// The running processes whose parent is `parent`, with any of its threads,
/// sorted.
#[track_caller]
#[must_use]
pub fn children(parent: u32) -> Vec<u32> {
    let is_child = |pid: &u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.lines().any(|line| line == format!("PPid:\t{parent}"))
    };
    let entries = fs::read_dir("/proc").unwrap_or_else(|e| panic!("cannot list /proc: {e}")).filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut children: Vec<u32> = pids.filter(is_child).filter(|pid| is_running(*pid)).collect();
    children.sort_unstable();
    children
}

/// The running descendants of a process.
#[track_caller]
#[must_use]
pub fn descendants(ancestor: u32) -> Vec<u32> {
    children(ancestor).into_iter().flat_map(|child| [vec![child], descendants(child)].concat()).collect()
}

/// The last lines of a file, or nothing when it cannot be read.
pub(crate) fn tail(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<_> = text.lines().collect();
    let from = lines.len().saturating_sub(TAIL);
    lines[from..].iter().flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests;
