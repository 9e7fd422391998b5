//! `OpenPGP` keys for signing commits.

use crate::shell;
use canary_e2e::files;
use std::path::Path;
use tempfile::TempDir;

/// A temporary keyring with one key for each name.
#[derive(Debug)]
pub struct SigningKeys {
    home: TempDir,
}

impl SigningKeys {
    /// Generates a key for each name.
    #[track_caller]
    #[must_use]
    pub fn new(names: &[&str]) -> Self {
        let keys = Self { home: files::temp_dir() };
        keys.gpg("chmod 700 .");
        for name in names {
            keys.gpg(&format!(
                "gpg --batch --quiet --passphrase '' --quick-gen-key '{name} <{name}@example.com>' ed25519 sign 0"
            ));
        }
        keys
    }

    /// The keyring's folder, for `GNUPGHOME`.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The public key of that name, ASCII-armored.
    #[track_caller]
    #[must_use]
    pub fn public_key(&self, name: &str) -> String {
        self.gpg(&format!("gpg --batch --armor --export {name}@example.com"))
    }

    /// The private key of that name, ASCII-armored.
    #[track_caller]
    #[must_use]
    pub fn private_key(&self, name: &str) -> String {
        self.gpg(&format!("gpg --batch --armor --export-secret-keys {name}@example.com"))
    }

    #[track_caller]
    fn gpg(&self, script: &str) -> String {
        shell::run(self.home(), script, &[("GNUPGHOME", &self.home().display().to_string())])
    }
}

impl Drop for SigningKeys {
    fn drop(&mut self) {
        self.gpg("gpgconf --kill all");
    }
}
