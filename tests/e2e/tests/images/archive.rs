//! An image archive, as a cluster imports it.

use canary_e2e::files;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// An unpacked archive: the image config, and the files as a container sees them.
#[derive(Debug)]
pub(crate) struct Image {
    dir: TempDir,
    /// The name of the image.
    pub(crate) name: String,
    /// `User`, `Cmd`, `StopSignal`, `Labels` and so on.
    pub(crate) config: Value,
    /// The digests of the layers, base first.
    pub(crate) layers: Vec<String>,
}

impl Image {
    /// Unpacks the archive `file` with owners.
    #[track_caller]
    pub(crate) fn open(file: &Path) -> Self {
        let dir = files::temp_dir();
        let (parts, root) = (dir.path().join("parts"), dir.path().join("rootfs"));
        unpack(file, &parts);
        let json = |name: &str| -> Value { serde_json::from_str(&files::read(&parts.join(name))).unwrap() };
        let manifest = json("manifest.json")[0].clone();
        let described = json(manifest["Config"].as_str().unwrap());
        for layer in strings(&manifest["Layers"]) {
            unpack(&parts.join(layer), &root);
        }
        std::fs::remove_dir_all(&parts).unwrap();
        let image = Self {
            name: manifest["RepoTags"][0].as_str().unwrap().to_owned(),
            config: described["config"].clone(),
            layers: strings(&described["rootfs"]["diff_ids"]),
            dir,
        };
        // A layer that removes files of a lower one would need more than unpacking.
        let removed = image.list("").into_iter().filter(|path| path.contains("/.wh.")).collect::<Vec<_>>();
        assert!(removed.is_empty(), "{removed:?}");
        image
    }

    /// The root of the files.
    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("rootfs")
    }

    /// The bytes of a file.
    #[track_caller]
    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        let path = self.root().join(path);
        std::fs::read(&path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()))
    }

    /// The relative paths of all files below a folder, sorted.
    pub(crate) fn list(&self, folder: &str) -> Vec<String> {
        let from = self.root().join(folder);
        let found = run(Command::new("find").arg(&from).args(["-type", "f", "-printf", "%P\n"]));
        let mut found: Vec<_> = found.lines().map(str::to_owned).collect();
        found.sort();
        found
    }

    /// The command of the image: `ENTRYPOINT` and `CMD`.
    pub(crate) fn command(&self) -> Vec<String> {
        [&self.config["Entrypoint"], &self.config["Cmd"]].into_iter().flat_map(strings).collect()
    }
}

/// Runs a program and returns what it prints.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, text(&output.stderr));
    text(&output.stdout)
}

#[track_caller]
fn unpack(archive: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    run(Command::new("tar").args(["--numeric-owner", "-xpf"]).arg(archive).arg("-C").arg(to));
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(|item| item.as_str().unwrap().to_owned()).collect()
}
