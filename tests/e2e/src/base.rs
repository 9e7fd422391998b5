//! The manifests of `k8s/base` in a working copy, edited as an operator edits them.

use crate::atomic::Files;
use crate::files::{self, copy_tree, read, repo};
use crate::kustomize::Manifests;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The mount path of the config in every pod.
pub const CONFIG_MOUNT: &str = "/usr/share/nginx/html/config";

/// Gives the config of an environment, which begins at 0 %, the demo's data.
///
/// # Panics
///
/// When one of the files has no `data`.
#[track_caller]
pub fn write_demo_config(file: &Path) {
    let [own, demo] = [read(file), read(&repo("k8s/base/canary-config-cm.yaml"))];
    let (head, _) = own.split_once("\ndata:\n").expect("data in the environment's config");
    let (_, data) = demo.split_once("\ndata:\n").expect("data in the demo's config");
    files::write(file, format!("{head}\ndata:\n{data}"));
}

/// A copy of `k8s/base`, removed on drop.
#[derive(Debug)]
pub struct Base {
    dir: TempDir,
}

impl Base {
    /// A copy of the repository's manifests.
    #[track_caller]
    #[must_use]
    pub fn new() -> Self {
        let dir = files::temp_dir();
        copy_tree(&repo("k8s/base"), dir.path());
        Self { dir }
    }

    /// The directory to build.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The file that operators edit.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.dir.path().join("canary-config-cm.yaml")
    }

    /// Replaces text in the file that operators edit.
    ///
    /// # Panics
    ///
    /// When the text is not there exactly once.
    #[track_caller]
    pub fn edit(&self, from: &str, to: &str) {
        let text = read(&self.config_file());
        assert_eq!(text.matches(from).count(), 1, "{from:?} in {text}");
        files::write(&self.config_file(), text.replace(from, to));
    }

    /// Replaces the value of `CANARY_PERCENTAGE`.
    #[track_caller]
    pub fn set_percentage(&self, percentage: &str) {
        const KEY: &str = "\"CANARY_PERCENTAGE\": ";
        let text = read(&self.config_file());
        let old = text.split_once(KEY).and_then(|(_, rest)| rest.split(',').next());
        let old = old.unwrap_or_else(|| panic!("no {KEY:?} in {text}"));
        self.edit(&format!("{KEY}{old},"), &format!("{KEY}{percentage},"));
    }

    /// The files of the config in the pods of the stable Deployment.
    #[track_caller]
    #[must_use]
    pub fn mounted(&self) -> Files {
        Manifests::build(self.dir()).mounted("frontend-stable", CONFIG_MOUNT)
    }

    /// The text of the served config.
    #[track_caller]
    #[must_use]
    pub fn config(&self) -> String {
        let files = self.mounted();
        let bytes = files.get("canary.json").unwrap_or_else(|| panic!("no canary.json in {:?}", files.keys()));
        String::from_utf8_lossy(bytes).into_owned()
    }
}

impl Default for Base {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Base;

    #[test]
    fn edits_the_percentage_and_nothing_else() {
        let base = Base::new();
        let before = base.config();
        base.set_percentage("12.5");
        assert_eq!(base.config(), before.replace("\"CANARY_PERCENTAGE\": 5,", "\"CANARY_PERCENTAGE\": 12.5,"));
        assert_ne!(base.config(), before);
    }

    #[test]
    #[should_panic(expected = "\"no such text\"")]
    fn an_edit_must_match() {
        Base::new().edit("no such text", "");
    }
}
