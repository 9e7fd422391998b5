//! Reading a file or standard input, in bounded time and memory.

use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

/// The most bytes of a config or a manifest. A ConfigMap holds no more than 1 MiB.
const MOST: u64 = 16 * 1024 * 1024;

/// Reads a config or a manifest; `-` is standard input.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    read_within(path, MOST)
}

/// Reads a list, which may be long; `-` is standard input.
pub(crate) fn read_list(path: &Path) -> anyhow::Result<Vec<u8>> {
    read_within(path, u64::MAX)
}

fn read_within(path: &Path, most: u64) -> anyhow::Result<Vec<u8>> {
    let bounded = |input: &mut dyn Read| {
        let mut bytes = Vec::new();
        input.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        let is_short = u64::try_from(bytes.len()).is_ok_and(|length| length <= most);
        ensure!(is_short, "it has more than {} MiB", most / (1024 * 1024));
        Ok(bytes)
    };
    if path == Path::new("-") {
        return bounded(&mut io::stdin().lock()).context("cannot read standard input");
    }
    let read = || {
        check(path)?;
        bounded(&mut File::open(path)?)
    };
    read().with_context(|| format!("cannot read {}", path.display()))
}

/// Refuses what may never end or never begin: a pipe, a device, a file of the system. A pipe that a shell has made for an
/// argument, as in `<(git show ...)`, is none of these.
fn check(path: &Path) -> anyhow::Result<()> {
    let is_of_shell = ["/dev/fd", "/dev/stdin", "/proc/self/fd"].iter().any(|known| path.starts_with(known));
    if is_of_shell {
        return Ok(());
    }
    if let Some(what) = special(fs::metadata(path)?.file_type()) {
        bail!("it is {what}, expected a file");
    }
    let real = fs::canonicalize(path)?;
    ensure!(!["/proc", "/sys"].iter().any(|system| real.starts_with(system)), "it is a file of the system");
    Ok(())
}

fn special(kind: FileType) -> Option<&'static str> {
    if kind.is_fifo() {
        Some("a pipe")
    } else if kind.is_char_device() || kind.is_block_device() {
        Some("a device")
    } else {
        kind.is_socket().then_some("a socket")
    }
}

/// The folder that the files of a folder must not lead out of: that of the repository, else the folder itself, as in
/// kustomize.
pub(crate) fn root(folder: &Path) -> io::Result<PathBuf> {
    let real = fs::canonicalize(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?;
    let repository = real.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned);
    Ok(repository.unwrap_or(real))
}
