use super::{Process, find_program, free_port, is_running};
use std::process::Command;

fn shell(script: &str) -> Process {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    Process::spawn("shell", command)
}

fn alive(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}

#[test]
fn stops_when_dropped_and_takes_its_directory_along() {
    let process = shell("exec sleep 100");
    let (pid, dir) = (process.pid(), process.dir.path().to_owned());
    assert!(alive(pid) && dir.exists());
    drop(process);
    assert!(!alive(pid) && !dir.exists());
}

#[test]
fn stops_when_the_test_panics() {
    let pid = std::panic::catch_unwind(|| {
        let process = shell("exec sleep 100");
        std::panic::panic_any(process.pid());
    });
    let pid = *pid.unwrap_err().downcast::<u32>().unwrap();
    assert!(!alive(pid));
}

#[test]
fn a_supervised_process_stops_with_all_that_it_started() {
    let mut command = Command::new("sh");
    command.args(["-c", "sleep 100 & echo $!; exec sleep 100"]);
    let mut process = Process::spawn_supervised("shell", &command);
    let (started, dir) = (process.first_line().parse().unwrap(), process.dir.path().to_owned());
    assert!(is_running(started));
    drop(process);
    assert!(!is_running(started) && !dir.exists());
}

#[test]
#[should_panic(expected = "shell ended with exit status: 3\nto stdout\nto stderr\n")]
fn shows_the_output_of_a_process_that_did_not_get_ready() {
    shell("echo to stdout; echo to stderr >&2; exit 3").ready(|| None::<()>);
}

#[test]
fn reads_the_first_line() {
    assert_eq!(shell("echo one; echo two; exec sleep 100").first_line(), "one");
}

#[test]
fn ports_are_not_given_twice() {
    assert_ne!(free_port(), free_port());
}

#[test]
#[should_panic(expected = "no-such-program is not installed")]
fn names_a_missing_program() {
    let _ = find_program("no-such-program");
}
