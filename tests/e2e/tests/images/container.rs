//! A container, run by runc as in a cluster.

use crate::archive::{Image, run};
use canary_e2e::files;
use canary_e2e::http::{self, Response};
use canary_e2e::process::{Process, find_program};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::{Value, json};
use std::fs::{File, Permissions};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use tempfile::TempDir;

/// The settings of a pod's manifest.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pod<'a> {
    /// `command` and `args`; by default those of the image.
    pub(crate) command: Vec<&'a str>,
    /// Variables such as `PEER=frontend-canary`.
    pub(crate) env: Vec<&'a str>,
    /// Read-only root file system, no capabilities, no new privileges; else Docker's defaults.
    pub(crate) strict: bool,
    /// Empty, writable folders.
    pub(crate) empty: Vec<&'a str>,
    /// Folders of the host and their read-only mount paths.
    pub(crate) mounts: Vec<(&'a Path, &'a str)>,
}

/// A running container in a network namespace with a loopback interface alone.
#[derive(Debug)]
pub(crate) struct Container {
    /// `runc`, which forwards signals.
    pub(crate) process: Process,
    bundle: TempDir,
}

const ID: &str = "container";

impl Container {
    /// Starts `image` with the settings of `pod` and waits until it runs.
    #[track_caller]
    pub(crate) fn start(image: &Image, pod: &Pod) -> Self {
        let (bundle, command) = prepare(image, pod);
        let mut process = Process::spawn("a container", command);
        process.ready(|| state(bundle.path()).filter(|state| state["status"] == "running"));
        Self { process, bundle }
    }

    /// Waits until Nginx answers.
    #[track_caller]
    pub(crate) fn ready(mut self) -> Self {
        let pid = self.pid();
        self.process.ready(|| ask(pid, || http::request("GET", &url("/healthz"), &[], b"")).ok());
        self
    }

    /// The id of the container's first process.
    #[track_caller]
    pub(crate) fn pid(&self) -> u32 {
        let state = state(self.bundle.path()).expect("a container");
        state["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).expect("an id")
    }

    /// Gets a path of the server in the container.
    #[track_caller]
    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        ask(self.pid(), || http::get(&url(path), headers))
    }

    /// Runs a shell command in the container, as its user.
    #[track_caller]
    pub(crate) fn sh(&self, script: &str) -> Output {
        runc(self.bundle.path()).args(["exec", ID, "sh", "-c", script]).output().unwrap()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        self.process.stop();
        let _ = runc(self.bundle.path()).args(["delete", "--force", ID]).output();
    }
}

/// Runs `image` with the settings of `pod` until it ends.
#[track_caller]
pub(crate) fn output(image: &Image, pod: &Pod) -> Output {
    let (bundle, mut command) = prepare(image, pod);
    let output = command.output().unwrap();
    let _ = runc(bundle.path()).args(["delete", "--force", ID]).output();
    output
}

/// Runs a function in the network namespace of the process `pid`.
#[track_caller]
pub(crate) fn ask<T: Send>(pid: u32, what: impl FnOnce() -> T + Send) -> T {
    let network = File::open(format!("/proc/{pid}/ns/net")).unwrap();
    let asked = thread::scope(|scope| {
        // The thread ends here, so its namespace need not be restored.
        let asking = scope.spawn(|| {
            move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            what()
        });
        asking.join()
    });
    asked.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The URL of a path in the container's network.
pub(crate) fn url(path: &str) -> String {
    format!("http://127.0.0.1:8080{path}")
}

/// An OCI bundle of the image, and the command that runs it.
fn prepare(image: &Image, pod: &Pod) -> (TempDir, Command) {
    let bundle = files::temp_dir();
    files::write(&bundle.path().join("config.json"), spec(image, pod, bundle.path()).to_string());
    let mut command = runc(bundle.path());
    command.args(["run", "--bundle"]).arg(bundle.path()).arg(ID);
    (bundle, command)
}

fn runc(bundle: &Path) -> Command {
    let mut command = Command::new(find_program("runc"));
    command.arg("--root").arg(bundle.join("runc"));
    command
}

fn state(bundle: &Path) -> Option<Value> {
    let output = runc(bundle).args(["state", ID]).output().ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

/// The configuration for the OCI runtime.
fn spec(image: &Image, pod: &Pod, bundle: &Path) -> Value {
    let args = if pod.command.is_empty() { json!(image.command()) } else { json!(pod.command) };
    let user = image.config["User"].as_str().unwrap_or_default();
    let mut ids = user.split(':').map(|id| id.parse::<u32>().unwrap_or(0));
    let env = image.config["Env"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let env: Vec<_> = env.chain(pod.env.iter().copied()).collect();
    // Docker's default capabilities, none of which should be needed.
    let held = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_SETGID", "CAP_SETUID", "CAP_NET_BIND_SERVICE"];
    let capabilities = if pod.strict { json!({}) } else { json!({"bounding": held}) };
    let mount = |kind: &str, source: &str, to: &str, options: &[&str]| json!({"type": kind, "source": source, "destination": to, "options": options});
    let mut mounts = vec![
        mount("proc", "proc", "/proc", &["nosuid", "noexec", "nodev"]),
        mount("tmpfs", "tmpfs", "/dev", &["nosuid", "mode=755", "size=64k"]),
    ];
    // An emptyDir as kubelet makes it: a folder of the host, writable for every user.
    for (number, to) in pod.empty.iter().enumerate() {
        let from = bundle.join(format!("empty-{number}"));
        std::fs::create_dir(&from).unwrap();
        std::fs::set_permissions(&from, Permissions::from_mode(0o777)).unwrap();
        mounts.push(mount("bind", &from.display().to_string(), to, &["rbind", "rw"]));
    }
    mounts.extend(pod.mounts.iter().map(|(from, to)| mount("bind", &from.display().to_string(), to, &["rbind", "ro"])));
    let namespaces = ["pid", "network", "ipc", "uts", "mount"].map(|kind| json!({"type": kind}));
    json!({
        "ociVersion": "1.0.2",
        "hostname": "pod",
        "root": {"path": image.root(), "readonly": pod.strict},
        "process": {
            "user": {"uid": ids.next().unwrap_or(0), "gid": ids.next().unwrap_or(0)},
            "args": args,
            "env": env,
            "cwd": "/",
            "capabilities": capabilities,
            "noNewPrivileges": pod.strict,
        },
        "mounts": mounts,
        "linux": {"namespaces": namespaces},
    })
}

/// Checks that images can be built and run here.
///
/// # Panics
///
/// When this user is not root, or a tool is missing.
#[track_caller]
pub(crate) fn check_tools() {
    assert!(rustix::process::geteuid().is_root(), "images are built and run by root");
    let missing: Vec<_> = ["buildah", "runc"].into_iter().filter(|tool| !is_installed(tool)).collect();
    let base = run(Command::new(files::repo("scripts/need")).arg("--base"));
    assert!(missing.is_empty(), "not installed: {missing:?}; scripts/need images installs them");
    assert!(Path::new(base.trim()).is_file(), "no image to build on; scripts/need images makes it");
}

fn is_installed(tool: &str) -> bool {
    Command::new("sh")
        .args(["-c", &format!("PATH=$PATH:/usr/sbin command -v {tool}")])
        .output()
        .unwrap()
        .status
        .success()
}
