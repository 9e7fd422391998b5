//! A site with things in it, and beside it, that nobody may see.

use canary_e2e::atomic::Files;
use canary_e2e::files;
use canary_e2e::site_files::SiteFiles;
use std::path::Path;
use tempfile::TempDir;

/// Stands in each of them.
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
        // A second key of the ConfigMap, and everything below its folders.
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

    /// What a path with enough `..` leads to.
    pub(crate) fn beside(&self) -> String {
        format!("{}/secret.js", name(self.beside.path()))
    }

    /// The folder `..2026_…` of the config.
    pub(crate) fn data(&self) -> String {
        name(&self.files.root().join("config/..data").canonicalize().unwrap())
    }

    /// The site's own folder.
    pub(crate) fn root(&self) -> String {
        name(self.files.root())
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}
