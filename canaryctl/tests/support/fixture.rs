//! Copies of builds that real bundlers wrote.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{repo, run, text};

/// A copy in the folder `dist`, with `package.json` next to it.
pub(crate) struct Build(TempDir);

impl Build {
    /// Copies a folder of `tests/fixtures`.
    #[track_caller]
    pub(crate) fn of(fixture: &str) -> Self {
        let build = Self(tempfile::tempdir().expect("a folder"));
        let fixtures = repo("canaryctl/tests/fixtures");
        copy(&fixtures.join(fixture), &build.path("dist"));
        fs::copy(fixtures.join("package.json"), build.path("package.json")).expect("a version");
        build
    }

    /// A path in the folder above `dist`.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Reads a file.
    #[track_caller]
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect("a file of text")
    }

    /// Replaces text in a file.
    #[track_caller]
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let old = self.read(path);
        assert!(old.contains(from), "no {from} in {old}");
        fs::write(self.path(path), old.replace(from, to)).expect("a file");
    }

    /// Runs the program. In arguments and output, `@` stands for the folder. Returns exit code and both streams.
    #[track_caller]
    pub(crate) fn run(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let folder = self.0.path().display().to_string();
        let args: Vec<String> = args.iter().map(|arg| arg.replace("@/", &format!("{folder}/"))).collect();
        let output = run(&args.iter().map(String::as_str).collect::<Vec<_>>(), "");
        let [out, error] = [&output.stdout, &output.stderr].map(|bytes| text(bytes).replace(&folder, "@"));
        (output.status.code(), out, error)
    }

    /// Runs the program, which has to exit with 2, and returns its standard error.
    #[track_caller]
    pub(crate) fn fails(&self, args: &[&str]) -> String {
        let (code, out, error) = self.run(args);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{error}");
        error
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a file");
        }
    }
}
