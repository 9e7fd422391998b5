//! Files: the repository, temporary directories, copies of trees.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The path of a file in the repository, from its root.
#[must_use]
pub fn repo(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(relative)
}

/// A new temporary directory that others may read, removed on drop.
///
/// Started by root, nginx serves as another user, so the usual 0700 would not do.
#[must_use]
pub fn temp_dir() -> TempDir {
    let dir = tempfile::Builder::new()
        .prefix("canary-e2e-")
        .tempdir()
        .unwrap_or_else(|e| panic!("cannot make a temporary directory: {e}"));
    set_mode(dir.path(), 0o755);
    dir
}

/// Writes a file of mode 0644, with the directories above it.
#[track_caller]
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).unwrap_or_else(|e| panic!("cannot make {}: {e}", parent.display()));
    }
    fs::write(path, bytes).unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
    set_mode(path, 0o644);
}

/// Reads a whole file as text.
#[track_caller]
#[must_use]
pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()))
}

/// Copies a tree and replaces existing files.
#[track_caller]
pub fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap_or_else(|e| panic!("cannot make {}: {e}", to.display()));
    let entries = fs::read_dir(from).unwrap_or_else(|e| panic!("cannot list {}: {e}", from.display()));
    for entry in entries {
        let source = entry.unwrap_or_else(|e| panic!("cannot list {}: {e}", from.display())).path();
        let target = to.join(source.file_name().unwrap_or_default());
        if source.is_dir() {
            copy_tree(&source, &target);
        } else {
            fs::copy(&source, &target).unwrap_or_else(|e| panic!("cannot copy {}: {e}", source.display()));
            set_mode(&target, 0o644);
        }
    }
}

/// Sets the mode whatever the umask is.
#[track_caller]
pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .unwrap_or_else(|e| panic!("cannot set the mode of {}: {e}", path.display()));
}

#[cfg(test)]
mod tests {
    use super::{copy_tree, read, repo, temp_dir, write};

    #[test]
    fn finds_the_repository() {
        assert!(read(&repo("Cargo.toml")).contains("[workspace]"));
    }

    #[test]
    fn copies_over_what_is_there() {
        let (from, to) = (temp_dir(), temp_dir());
        write(&from.path().join("a/b.txt"), "new");
        write(&to.path().join("a/b.txt"), "old");
        write(&to.path().join("a/c.txt"), "kept");
        copy_tree(from.path(), to.path());
        assert_eq!(read(&to.path().join("a/b.txt")), "new");
        assert_eq!(read(&to.path().join("a/c.txt")), "kept");
    }
}
