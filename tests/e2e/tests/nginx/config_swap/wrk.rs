//! wrk, which requests the config as fast as it can and checks every body.

use canary_e2e::files;
use canary_e2e::process::{Process, find_program, is_running};
use canary_e2e::wait::{self, DEADLINE};
use rustix::process::{Pid, Signal, kill_process};
use std::fmt;
use std::process::Command;
use tempfile::TempDir;

/// Counts in each thread, and prints the sums at the end.
const SCRIPT: &str = r#"
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init() answers, missing, wrong = 0, 0, 0 end
function response(status, headers, body)
  answers = answers + 1
  if status == 404 then missing = missing + 1 return end
  local number = body:match('"REVISION": (%d+)')
  local whole = status == 200 and #body == LENGTH and number ~= nil
  if whole then
    local _, all = body:gsub('%-%d%d%d%d%d%d%d"', '')
    local _, same = body:gsub('-' .. number .. '"', '')
    whole = all == same and all == 300
  end
  if not whole then wrong = wrong + 1 end
end
function done(summary)
  local sum = { 0, 0, 0 }
  for _, thread in ipairs(threads) do
    for i, name in ipairs({ 'answers', 'missing', 'wrong' }) do sum[i] = sum[i] + thread:get(name) end
  end
  local errors = summary.errors
  print('counts', sum[1], sum[2], sum[3] + errors.read + errors.write + errors.connect + errors.timeout)
end
"#;

/// A running wrk.
pub(crate) struct Wrk {
    process: Process,
    _dir: TempDir,
}

/// Its counts.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) answers: u64,
    pub(crate) missing: u64,
    pub(crate) wrong: u64,
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wrk: {} answers, {} 404, {} wrong", self.answers, self.missing, self.wrong)
    }
}

impl Wrk {
    /// Requests `url`, whose body has `length` bytes, over 16 connections.
    pub(crate) fn start(url: &str, length: usize) -> Self {
        let dir = files::temp_dir();
        let script = dir.path().join("check.lua");
        files::write(&script, SCRIPT.replace("LENGTH", &length.to_string()));
        let mut command = Command::new(find_program("wrk"));
        command.args(["-t", "1", "-c", "16", "-d", "1h", "-s"]).arg(&script).arg(url);
        Self { process: Process::spawn("wrk", command), _dir: dir }
    }

    /// Interrupts it and reads its counts.
    pub(crate) fn stop(self) -> Load {
        let pid = self.process.pid();
        kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), Signal::INT).unwrap();
        wait::until("wrk to end", DEADLINE, || (!is_running(pid)).then_some(()));
        let printed = self.process.tail();
        let counts =
            printed.lines().find_map(|line| line.strip_prefix("counts")).unwrap_or_else(|| panic!("{printed}"));
        let counts: Vec<u64> = counts.split_whitespace().map(|count| count.parse().unwrap()).collect();
        Load { answers: counts[0], missing: counts[1], wrong: counts[2] }
    }
}
