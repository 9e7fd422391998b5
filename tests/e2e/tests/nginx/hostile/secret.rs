//! A site with secrets in it and beside it.

use canary_e2e::atomic::Files;
use canary_e2e::files;
use canary_e2e::site_files::SiteFiles;
use std::path::Path;
use tempfile::TempDir;

/// The text of every secret.
pub(crate) const SENTINEL: &str = "SENTINEL-7f3a";

/// The site, and a folder beside it.
pub(crate) struct Secrets {
    pub(crate) files: SiteFiles,
    beside: TempDir,
}

impl Secrets {
    pub(crate) fn new() -> Self {
        let (files, beside) = (SiteFiles::empty(), files::temp_dir());
        files.write("index.html", "the page");
        files.write("404.html", "nothing here");
        files.write("assets/1.4.2/main.js", "the bundle");
        for hidden in
            [".env", ".git/config", ".htpasswd", "assets/.env", "assets/1.4.2/.secret.js", "runtime/.map/a.js"]
        {
            files.write(hidden, SENTINEL);
        }
        // A second key of the ConfigMap, and the files in its folders.
        let text = |text: &str| text.as_bytes().to_vec();
        let config =
            format!("{{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {{}}, \"REVISION\": \"{SENTINEL}-allowed\"}}");
        files.mount(&Files::from([
            ("canary.json".to_owned(), text(&config)),
            ("other.json".to_owned(), text(SENTINEL)),
            ("private.html".to_owned(), text(SENTINEL)),
        ]));
        files::write(&beside.path().join("secret.js"), SENTINEL);
        Self { files, beside }
    }

    /// The target of a path with enough `..`.
    pub(crate) fn beside(&self) -> String {
        format!("{}/secret.js", name(self.beside.path()))
    }

    /// The data folder `..2026_…` of the config.
    pub(crate) fn data(&self) -> String {
        name(&self.files.root().join("config/..data").canonicalize().unwrap())
    }

    /// The folder of the site.
    pub(crate) fn root(&self) -> String {
        name(self.files.root())
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}
