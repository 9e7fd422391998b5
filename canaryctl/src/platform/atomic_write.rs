//! Replacing a file as a whole, or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::Path;

use anyhow::{Context, ensure};
use tempfile::Builder;

/// The beginning of the names of files that are not complete yet.
const PREFIX: &str = ".canaryctl-";

/// Replaces the bytes `old` of a file by `new`. Readers see either the old or the new bytes, even after a power cut. A link
/// keeps its target, and the file keeps its mode and owner. A file with several hard links, or whose owner this user cannot
/// keep, is written in place instead: a new file would be another one.
pub(crate) fn replace(path: &Path, old: &[u8], new: &[u8]) -> anyhow::Result<()> {
    try_replace(path, old, new).with_context(|| format!("cannot write {}", path.display()))
}

fn try_replace(path: &Path, old: &[u8], new: &[u8]) -> anyhow::Result<()> {
    let target = fs::canonicalize(path)?;
    let folder = target.parent().context("a file in no folder")?;
    clean(folder);
    // Renaming replaces a read-only file as well, so check first that the file may be written.
    let mut opened = OpenOptions::new().write(true).open(&target)?;
    let metadata = opened.metadata()?;
    let mut file = Builder::new().prefix(PREFIX).tempfile_in(folder)?;
    let _ = file.as_file().try_lock();
    file.write_all(new)?;
    let own = file.as_file().metadata()?;
    let is_owned = (own.uid(), own.gid()) == (metadata.uid(), metadata.gid())
        || fchown(file.as_file(), Some(metadata.uid()), Some(metadata.gid())).is_ok();
    file.as_file().set_permissions(metadata.permissions())?;
    file.as_file().sync_all()?;
    ensure!(fs::read(&target)? == old, "it has changed in the meantime");
    if metadata.nlink() > 1 || !is_owned {
        opened.write_all(new)?;
        opened.set_len(u64::try_from(new.len())?)?;
        opened.sync_all()?;
        return Ok(());
    }
    file.persist(&target)?;
    // The new name is on the disk once the folder is synced. Some file systems do not support that and do not need it.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Removes what runs left behind that were killed. A file of a run that goes on is locked.
fn clean(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_own = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if is_own
            && entry.file_type().is_ok_and(|kind| kind.is_file())
            && let Ok(file) = OpenOptions::new().write(true).open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::Command;

    #[track_caller]
    fn error(path: &Path, old: &[u8], new: &[u8]) -> String {
        let folder = path.parent().unwrap().display();
        format!("{:#}", replace(path, old, new).unwrap_err()).replace(&format!("{folder}/"), "")
    }

    #[test]
    fn keeps_mode_and_link() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("real")).unwrap();
        let (real, link) = (dir.path().join("real/cm.yaml"), dir.path().join("link.yaml"));
        fs::write(&real, "a").unwrap();
        fs::set_permissions(&real, PermissionsExt::from_mode(0o640)).unwrap();
        symlink("real/cm.yaml", &link).unwrap();
        replace(&link, b"a", b"b").unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"b");
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("real/cm.yaml"));
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o7777, 0o640);
        assert_eq!(fs::read_dir(dir.path().join("real")).unwrap().count(), 1, "nothing is left behind");
    }

    #[test]
    fn keeps_owner_and_hard_links() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (dir.path().join("one"), dir.path().join("other"));
        fs::write(&one, "longer").unwrap();
        let is_root = fs::metadata(&one).unwrap().uid() == 0;
        if is_root {
            std::os::unix::fs::chown(&one, Some(1234), Some(2345)).unwrap();
        }
        replace(&one, b"longer", b"new").unwrap();
        let metadata = fs::metadata(&one).unwrap();
        assert!(!is_root || (metadata.uid(), metadata.gid()) == (1234, 2345));
        fs::hard_link(&one, &other).unwrap();
        replace(&one, b"new", b"x").unwrap();
        assert_eq!(fs::read(&other).unwrap(), b"x");
        assert_eq!(fs::metadata(&one).unwrap().nlink(), 2);
    }

    #[test]
    fn leftovers_of_a_killed_run_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let names = ["cm.yaml", ".canaryctl-killed", ".canaryctl-alive", "canaryctl-other"];
        let [path, _, alive, _] = names.map(|name| {
            fs::write(dir.path().join(name), "a").unwrap();
            dir.path().join(name)
        });
        let alive = File::open(alive).unwrap();
        alive.lock().unwrap();
        replace(&path, b"a", b"b").unwrap();
        let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".canaryctl-alive", "canaryctl-other", "cm.yaml"]);
    }

    #[test]
    fn what_somebody_else_wrote_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cm.yaml");
        fs::write(&path, "theirs").unwrap();
        assert_eq!(error(&path, b"a", b"b"), "cannot write cm.yaml: it has changed in the meantime");
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left behind");
    }

    #[test]
    fn a_file_that_is_not_to_be_written_stays() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(
            error(&dir.path().join("none"), b"", b"b"),
            "cannot write none: No such file or directory (os error 2)"
        );
        // Not even root may write the file of a running program.
        let path = dir.path().join("sleep");
        fs::copy("/bin/sleep", &path).unwrap();
        let old = fs::read(&path).unwrap();
        let mut child = Command::new(&path).arg("60").spawn().unwrap();
        let message = error(&path, &old, b"b");
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(message, "cannot write sleep: Text file busy (os error 26)");
        assert_eq!(fs::read(&path).unwrap(), old);
    }
}
