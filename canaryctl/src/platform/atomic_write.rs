//! Replacing a file as a whole, or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, ensure};
use tempfile::Builder;

/// Replaces the bytes `old` of a file by `new`. Readers see either the old or the new bytes, even after a power cut. A link
/// keeps its target, and the file keeps its mode.
pub(crate) fn replace(path: &Path, old: &[u8], new: &[u8]) -> anyhow::Result<()> {
    try_replace(path, old, new).with_context(|| format!("cannot write {}", path.display()))
}

fn try_replace(path: &Path, old: &[u8], new: &[u8]) -> anyhow::Result<()> {
    let target = fs::canonicalize(path)?;
    let folder = target.parent().context("a file in no folder")?;
    // Renaming replaces a read-only file as well, so check first that the file may be written.
    let permissions = OpenOptions::new().write(true).open(&target)?.metadata()?.permissions();
    let mut file = Builder::new().prefix(".canaryctl-").tempfile_in(folder)?;
    file.write_all(new)?;
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    ensure!(fs::read(&target)? == old, "it has changed in the meantime");
    file.persist(&target)?;
    // The new name is on the disk once the folder is synced. Some file systems do not support that and do not need it.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
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
