//! The files that a server serves: the page, the runtime and the mounted config.

use crate::atomic::{AtomicWriter, Files};
use crate::files;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A document root in a temporary directory, removed on drop.
#[derive(Debug)]
pub struct SiteFiles {
    dir: TempDir,
    config: AtomicWriter,
}

impl SiteFiles {
    /// The page of `www`, and `pkg`, the output of the build, as `/runtime/`.
    /// The volume of the config is empty.
    ///
    /// # Panics
    ///
    /// When the runtime has not been built.
    #[track_caller]
    #[must_use]
    pub fn new() -> Self {
        let (page, runtime) = (files::repo("www"), files::repo("pkg"));
        assert!(runtime.is_dir(), "{} is not there: build the runtime first", runtime.display());
        let files = Self::empty();
        files::copy_tree(&page, files.root());
        files::copy_tree(&runtime, &files.root().join("runtime"));
        files
    }

    /// A root with nothing in it but an empty volume at `/config`.
    #[track_caller]
    #[must_use]
    pub fn empty() -> Self {
        let dir = files::temp_dir();
        let config = AtomicWriter::new(dir.path().join("config"));
        Self { dir, config }
    }

    /// The directory to serve.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    /// The path of the module that decides, whose name has its hash.
    ///
    /// # Panics
    ///
    /// When there is no runtime among the files.
    #[track_caller]
    #[must_use]
    pub fn module(&self) -> String {
        let dir = self.file("runtime");
        let entries = dir.read_dir().unwrap_or_else(|e| panic!("cannot list {}: {e}", dir.display()));
        let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let name = paths.find_map(|path| {
            let name = path.file_name()?.to_str()?;
            let is_it = name.starts_with("canary_") && path.extension()? == "wasm";
            is_it.then(|| format!("/runtime/{name}"))
        });
        name.unwrap_or_else(|| panic!("no module in {}", dir.display()))
    }

    /// Makes `files` the contents of the volume at `/config`, as kubelet would;
    /// returns whether that changed anything.
    #[track_caller]
    pub fn mount(&self, files: &Files) -> bool {
        self.config.write(files)
    }

    /// The same for a volume with the one file `canary.json`.
    #[track_caller]
    pub fn mount_config(&self, json: &str) -> bool {
        self.mount(&Files::from([("canary.json".to_owned(), json.as_bytes().to_vec())]))
    }

    /// Adds or overwrites a file. The path is relative to the root.
    #[track_caller]
    pub fn write(&self, path: &str, contents: impl AsRef<[u8]>) {
        files::write(&self.file(path), contents);
    }

    /// Removes a file. The path is relative to the root.
    #[track_caller]
    pub fn remove(&self, path: &str) {
        let path = self.file(path);
        std::fs::remove_file(&path).unwrap_or_else(|e| panic!("cannot remove {}: {e}", path.display()));
    }

    fn file(&self, path: &str) -> PathBuf {
        self.root().join(path.trim_start_matches('/'))
    }
}

impl Default for SiteFiles {
    fn default() -> Self {
        Self::new()
    }
}
