//! Those who sign commits, and a stranger.

use crate::shell;
use canary_e2e::files;
use std::path::Path;
use tempfile::TempDir;

/// `OpenPGP` keys by name, in a keyring of their own.
#[derive(Debug)]
pub struct Signers {
    home: TempDir,
}

impl Signers {
    /// Makes a key for each name.
    #[track_caller]
    #[must_use]
    pub fn new(names: &[&str]) -> Self {
        let signers = Self { home: files::temp_dir() };
        signers.gpg("chmod 700 .");
        for name in names {
            signers.gpg(&format!(
                "gpg --batch --quiet --passphrase '' --quick-gen-key '{name} <{name}@example.com>' ed25519 sign 0"
            ));
        }
        signers
    }

    /// Where they are: `GNUPGHOME`.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The public key, armoured.
    #[track_caller]
    #[must_use]
    pub fn public(&self, name: &str) -> String {
        self.gpg(&format!("gpg --batch --armor --export {name}@example.com"))
    }

    /// The private key, armoured.
    #[track_caller]
    #[must_use]
    pub fn private(&self, name: &str) -> String {
        self.gpg(&format!("gpg --batch --armor --export-secret-keys {name}@example.com"))
    }

    #[track_caller]
    fn gpg(&self, script: &str) -> String {
        shell::run(self.home(), script, &[("GNUPGHOME", &self.home().display().to_string())])
    }
}

impl Drop for Signers {
    fn drop(&mut self) {
        self.gpg("gpgconf --kill all");
    }
}
