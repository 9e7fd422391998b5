//! The process that is a container, as this machine sees it.

use crate::api::Container;
use crate::shell;
use canary_e2e::files::repo;
use std::fs;
use std::path::Path;

/// Kills a container's first process, and so all of them, as the kernel does when memory runs out.
///
/// # Panics
///
/// When there is none.
#[track_caller]
pub fn kill(container: &Container) {
    let process = first_process(&container.id).unwrap_or_else(|| panic!("no process of {container:?}"));
    shell::run(&repo(""), &format!("kill -KILL {process}"), &[]);
}

/// Its number is 1 in the container, and another one here.
fn first_process(id: &str) -> Option<String> {
    let is_it = |folder: &Path| {
        let text = |file| fs::read_to_string(folder.join(file)).unwrap_or_default();
        let first = |line: &str| line.starts_with("NSpid:") && line.ends_with("\t1");
        text("cgroup").contains(id) && text("status").lines().any(first)
    };
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let found = processes.map(|entry| entry.path()).find(|folder| is_it(folder))?;
    Some(found.file_name()?.to_string_lossy().into_owned())
}
