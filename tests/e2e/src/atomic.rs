//! A directory that changes the way kubelet changes a `ConfigMap` volume.
//!
//! ```text
//! canary.json -> ..data/canary.json
//! ..data -> ..2026_11_21_01_53_13.794732786
//! ..2026_11_21_01_53_13.794732786/canary.json
//! ```
//!
//! Readers see either all of the old files or all of the new ones, because the
//! only step that changes what they see is the renaming of one symbolic link.

use crate::files::set_mode;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use time::OffsetDateTime;

/// The link to the directory of the current contents.
const DATA: &str = "..data";
/// The name of the new link before it replaces the old one.
const DATA_TMP: &str = "..data_tmp";

/// The files of a volume: contents by path within it.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Writes sets of files to one directory, each set atomically.
#[derive(Debug, Clone)]
pub struct AtomicWriter {
    dir: PathBuf,
}

impl AtomicWriter {
    /// A writer for `dir`, which is made if it is not there.
    #[track_caller]
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        let dir = dir.into();
        fs::create_dir_all(&dir).unwrap_or_else(|e| panic!("cannot make {}: {e}", dir.display()));
        set_mode(&dir, 0o755);
        Self { dir }
    }

    /// The directory written to.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes `files` the contents of the directory. Returns whether anything
    /// changed: for equal contents not even a new directory is made.
    ///
    /// # Panics
    ///
    /// For a path that is empty, absolute or begins with `..`, as kubelet refuses
    /// it, and when a file operation fails.
    #[track_caller]
    pub fn write(&self, files: &Files) -> bool {
        for path in files.keys() {
            assert!(is_valid(path), "a volume cannot hold a file at {path:?}");
        }
        self.try_write(files).unwrap_or_else(|e| panic!("cannot write to {}: {e}", self.dir.display()))
    }

    fn try_write(&self, files: &Files) -> io::Result<bool> {
        let data = self.dir.join(DATA);
        let old = fs::read_link(&data).ok().map(|target| self.dir.join(target));
        let stale = match &old {
            Some(old) => {
                let present = read_tree(old, "")?;
                if present == *files {
                    self.link(files)?;
                    return Ok(false);
                }
                let kept = first_parts(files);
                first_parts(&present).into_iter().filter(|name| !kept.contains(name)).map(str::to_owned).collect()
            }
            None => Vec::new(),
        };
        let name = timestamp(OffsetDateTime::now_utc());
        let new = self.dir.join(&name);
        fs::create_dir(&new)?;
        set_mode(&new, 0o755);
        for (path, bytes) in files {
            write_below(&new, Path::new(path), bytes)?;
        }
        let data_tmp = self.dir.join(DATA_TMP);
        symlink(&name, &data_tmp)?;
        fs::rename(&data_tmp, &data)?;
        self.link(files)?;
        for name in stale {
            fs::remove_file(self.dir.join(name))?;
        }
        old.map_or(Ok(()), fs::remove_dir_all)?;
        Ok(true)
    }

    /// Makes the missing links at the top of the volume.
    fn link(&self, files: &Files) -> io::Result<()> {
        for name in first_parts(files) {
            let link = self.dir.join(name);
            if fs::symlink_metadata(&link).is_err() {
                symlink(Path::new(DATA).join(name), link)?;
            }
        }
        Ok(())
    }
}

fn is_valid(path: &str) -> bool {
    !path.is_empty()
        && !path.starts_with("..")
        && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

/// The names that the files have at the top of the volume.
fn first_parts(files: &Files) -> BTreeSet<&str> {
    files.keys().filter_map(|path| path.split('/').next()).collect()
}

/// A directory name as kubelet's, `..2026_11_21_01_53_13.794732786`. There the
/// digits after the point are random; here they are the nanoseconds.
fn timestamp(t: OffsetDateTime) -> String {
    let (year, month, day) = t.to_calendar_date();
    let (hour, minute, second, nano) = t.to_hms_nano();
    let month = u8::from(month);
    format!("..{year:04}_{month:02}_{day:02}_{hour:02}_{minute:02}_{second:02}.{nano:09}")
}

fn write_below(root: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut dir = root.to_owned();
    for part in path.parent().into_iter().flat_map(Path::components) {
        dir.push(part);
        if !dir.is_dir() {
            fs::create_dir(&dir)?;
            set_mode(&dir, 0o755);
        }
    }
    let file = root.join(path);
    fs::write(&file, bytes)?;
    set_mode(&file, 0o644);
    Ok(())
}

fn read_tree(dir: &Path, prefix: &str) -> io::Result<Files> {
    let mut files = Files::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            files.append(&mut read_tree(&entry.path(), &format!("{path}/"))?);
        } else {
            files.insert(path, fs::read(entry.path())?);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests;
