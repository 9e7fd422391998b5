//! Debian's nginx with the project's configuration, on a free loopback port.

use crate::access_log::AccessLog;
use crate::process::{Process, children, find_program, free_port, tail};
use crate::{files, http};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The configuration's files by name, such as `headers.conf`.
pub type Config = BTreeMap<String, String>;

/// A running nginx, stopped on drop.
#[derive(Debug)]
pub struct Nginx {
    process: Process,
    dir: TempDir,
    port: u16,
}

impl Nginx {
    /// Serves `html_root` with the configuration as it is in the repository.
    ///
    /// The directory must outlive it: keep the [`SiteFiles`](crate::site_files::SiteFiles) in a variable.
    ///
    /// # Panics
    ///
    /// When nginx refuses the configuration or does not become healthy.
    #[track_caller]
    #[must_use]
    pub fn start(html_root: &Path) -> Self {
        Self::start_with(html_root, |_| ())
    }

    /// The same, after `edit` has changed the configuration's text.
    ///
    /// It sees the files of the repository, before their ports and
    /// paths are replaced. Use [`replace`] for an edit that must not miss its target.
    ///
    /// # Panics
    ///
    /// As [`Nginx::start`].
    #[track_caller]
    #[must_use]
    pub fn start_with(html_root: &Path, edit: impl FnOnce(&mut Config)) -> Self {
        let dir = files::temp_dir();
        let port = free_port();
        let mut config = read_config(&files::repo("nginx"));
        edit(&mut config);
        // /tmp/ first, because the other new paths are below it.
        let below = |name: &str| dir.path().join(name).display().to_string();
        replace_in_all(&mut config, "/tmp/", &below(""));
        replace_in_all(&mut config, "listen 8080;", &format!("listen 127.0.0.1:{port};"));
        replace_in_all(&mut config, "/usr/share/nginx/html", &html_root.display().to_string());
        replace_in_all(&mut config, "/dev/stdout", &below("access.log"));
        replace_in_all(&mut config, "/dev/stderr", &below("error.log"));
        for (name, text) in &config {
            files::write(&dir.path().join(name), text);
        }
        check(dir.path());
        let mut process = Process::spawn("nginx", command(dir.path()));
        let health = format!("http://127.0.0.1:{port}/healthz");
        process.ready(|| http::request("GET", &health, &[], b"").ok().filter(|answer| answer.status == 200));
        // The first worker answers before the second is there.
        let (pid, workers) = (process.pid(), workers(&config["nginx.conf"]));
        process.ready(|| (children(pid).len() == workers).then_some(()));
        Self { process, dir, port }
    }

    /// The URL of a path, which begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The origin: the address without a path.
    #[must_use]
    pub fn origin(&self) -> String {
        self.url("")
    }

    /// The access log.
    #[must_use]
    pub fn access_log(&self) -> AccessLog {
        AccessLog::new(self.dir.path().join("access.log"))
    }

    /// The last lines of the error log.
    #[must_use]
    pub fn error_log(&self) -> String {
        tail(&self.dir.path().join("error.log"))
    }

    /// The lines of the error log of level `crit` and above.
    #[must_use]
    pub fn alarms(&self) -> Vec<String> {
        let text = files::read(&self.dir.path().join("error.log"));
        let is_alarm = |line: &&str| ["[crit]", "[alert]", "[emerg]"].iter().any(|level| line.contains(level));
        text.lines().filter(is_alarm).map(str::to_owned).collect()
    }

    /// The id of the master process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The ids of the workers, which change when one dies.
    #[must_use]
    pub fn workers(&self) -> Vec<u32> {
        children(self.pid())
    }

    /// Stops it, after which nothing listens on its port.
    pub fn stop(&mut self) {
        self.process.stop();
    }
}

/// Replaces text in one file of the configuration.
///
/// # Panics
///
/// When there is no such file, or the text is not in it.
#[track_caller]
pub fn replace(config: &mut Config, file: &str, from: &str, to: &str) {
    let text = config.get_mut(file).unwrap_or_else(|| panic!("there is no {file} in the nginx configuration"));
    assert!(text.contains(from), "{file} has no {from:?}");
    *text = text.replace(from, to);
}

/// The number of workers in a configuration.
fn workers(text: &str) -> usize {
    let count = text.lines().find_map(|line| line.trim().strip_prefix("worker_processes ")?.strip_suffix(';'));
    count.and_then(|count| count.parse().ok()).expect("a line `worker_processes NUMBER;` in nginx.conf")
}

#[track_caller]
fn replace_in_all(config: &mut Config, from: &str, to: &str) {
    assert!(config.values().any(|text| text.contains(from)), "the nginx configuration has no {from:?}");
    for text in config.values_mut() {
        *text = text.replace(from, to);
    }
}

#[track_caller]
fn read_config(dir: &Path) -> Config {
    let entries = dir.read_dir().unwrap_or_else(|e| panic!("cannot list {}: {e}", dir.display()));
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "conf"))
        .map(|path| (file_name(&path), files::read(&path)))
        .collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The configuration itself keeps nginx in the foreground.
fn command(dir: &Path) -> Command {
    let conf: PathBuf = dir.join("nginx.conf");
    let mut command = Command::new(find_program("nginx"));
    // `-e` is the log until the configuration is read; the default is not writable for every user.
    command.arg("-p").arg(dir).arg("-c").arg(conf).arg("-e").arg(dir.join("error.log"));
    command
}

#[track_caller]
fn check(dir: &Path) {
    let output = command(dir).arg("-t").output().unwrap_or_else(|e| panic!("cannot run nginx: {e}"));
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "nginx refuses its configuration:\n{report}");
}
