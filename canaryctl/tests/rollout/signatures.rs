//! Commits with signatures by SSH and GPG, and commits without.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::support::text;

const FORMATS: [&str; 2] = ["ssh", "openpgp"];

/// The keys of a shop whose operator signs. GPG's agent ends with them.
struct Keys(PathBuf);

impl Keys {
    fn new(shop: &Shop, format: &str) -> Self {
        let home = shop.path("keys");
        fs::create_dir(&home).unwrap();
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
        let keys = Self(home);
        let home = &keys.0;
        if format == "ssh" {
            let key = keys.make_ssh("key");
            let public = fs::read_to_string(format!("{key}.pub")).unwrap();
            fs::write(home.join("allowed"), format!("operator@example.com {public}")).unwrap();
            shop.git(&["config", "user.signingkey", &key]);
            shop.git(&["config", "gpg.ssh.allowedSignersFile", &home.join("allowed").display().to_string()]);
        } else {
            let id = "operator <operator@example.com>";
            let args = ["--batch", "--quiet", "--passphrase", "", "--quick-gen-key", id, "ed25519", "sign", "never"];
            keys.run("gpg", &args);
            shop.git(&["config", "user.signingkey", "operator@example.com"]);
        }
        shop.git(&["config", "gpg.format", format]);
        shop.git(&["config", "commit.gpgsign", "true"]);
        keys
    }

    fn make_ssh(&self, name: &str) -> String {
        let key = self.0.join(name).display().to_string();
        self.run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &key]);
        key
    }

    fn run(&self, program: &str, args: &[&str]) {
        let output = self.with(Command::new(program)).args(args).output().unwrap();
        assert!(output.status.success(), "{program}: {}", text(&output.stderr));
    }

    fn with(&self, mut command: Command) -> Command {
        command.env("GNUPGHOME", &self.0);
        command
    }

    fn verb(&self, shop: &Shop, args: &[&str]) -> Output {
        let clock = shop.clock();
        self.with(shop.command(&[args, &["--now", &clock, "--output", "json"]].concat())).output().unwrap()
    }

    #[track_caller]
    fn step(&self, shop: &Shop) -> Value {
        let output = self.verb(shop, &["step"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Commits and pushes as the operator, signed or with other settings.
    fn commit(&self, shop: &Shop, message: &str, settings: &[&str]) -> String {
        shop.pull();
        shop.write("README", message);
        shop.git(&["add", "README"]);
        let mut command = self.with(Command::new("git"));
        for (name, value) in [("NAME", "operator"), ("EMAIL", "operator@example.com")] {
            command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
        }
        let args = [settings, &["commit", "--quiet", "--message", message]].concat();
        let output = command.current_dir(shop.path("tree")).args(args).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        shop.git(&["push", "--quiet", "origin", "HEAD:main"]);
        shop.git(&["rev-parse", "HEAD"]).get(..12).unwrap().to_owned()
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = self.with(Command::new("gpgconf")).args(["--kill", "all"]).output();
    }
}

#[test]
fn commits_and_runs_are_signed_by_ssh_and_gpg() {
    for format in FORMATS {
        let shop = Shop::new("");
        let keys = Keys::new(&shop, format);
        keys.step(&shop);
        shop.pull();
        for name in ["refs/remotes/all/heads/main", "refs/remotes/all/canary/runs/1.6.0"] {
            let mut command = keys.with(Command::new("git"));
            let output = command.current_dir(shop.path("tree")).args(["verify-commit", name]).output().unwrap();
            assert!(output.status.success(), "{format} {name}: {}", text(&output.stderr));
        }
    }
}

#[test]
fn a_signed_commit_does_not_launder_an_unsigned_one_below_it() {
    for format in FORMATS {
        let mut shop = Shop::new("  requireSignatures: true\n");
        let keys = Keys::new(&shop, format);
        // The head that a run would begin on.
        let first = shop.git(&["rev-parse", "main"]).get(..12).unwrap().to_owned();
        let rest = keys.step(&shop);
        let reason = format!("commit {first} by operator has no signature: nothing is committed on top of it");
        assert_eq!((&rest["reason"], &rest["commit"]), (&json!(reason), &json!(null)), "{format}");
        keys.commit(&shop, "signed", &[]);
        for phase in ["Initializing", "Progressing"] {
            assert_eq!(keys.step(&shop)["phase"], phase, "{format}");
            shop.now += 60;
        }
        let unsigned = keys.commit(&shop, "unsigned", &["-c", "commit.gpgsign=false"]);
        keys.commit(&shop, "signed again", &[]);
        shop.visit(9, 600, 0);
        let count = shop.count();
        let reason = format!("commit {unsigned} by operator has no signature: nothing is committed on top of it");
        // What is written about it does not accept it.
        for _ in 0..2 {
            let held = keys.step(&shop);
            assert_eq!((&held["reason"], &held["weight"], &held["commit"]), (&json!(reason), &json!(10), &json!(null)));
            shop.now += 60;
        }
        let last = shop.events("1.6.0").pop().unwrap();
        assert_eq!((&last["state"], shop.count()), (&json!("alert:unsigned"), count));
        let output = keys.verb(&shop, &["abort"]);
        assert_eq!(
            (output.status.code(), text(&output.stderr)),
            (Some(2), format!("canaryctl: {reason}\n")),
            "{format}"
        );
        // People take it out, and the run goes on.
        shop.git(&["reset", "--quiet", "--hard", &format!("{unsigned}^")]);
        shop.git(&["push", "--quiet", "--force", "origin", "HEAD:main"]);
        assert_eq!(keys.step(&shop)["weight"], 50, "{format}");
    }
}

#[test]
fn a_key_that_nobody_trusts_is_no_signature() {
    let mut shop = Shop::new("  requireSignatures: true\n");
    let keys = Keys::new(&shop, "ssh");
    keys.commit(&shop, "signed", &[]);
    assert_eq!(keys.step(&shop)["phase"], "Initializing");
    shop.now += 60;
    let other = keys.make_ssh("other");
    let commit = keys.commit(&shop, "other", &["-c", &format!("user.signingkey={other}")]);
    let expected = format!(
        "commit {commit} by operator is signed by a key that is not trusted here: nothing is committed on top of it"
    );
    assert_eq!(keys.step(&shop)["reason"], expected);
    let public = fs::read_to_string(format!("{other}.pub")).unwrap();
    let allowed = shop.path("keys/allowed");
    let known = fs::read_to_string(&allowed).unwrap();
    fs::write(&allowed, format!("{known}operator@example.com {public}")).unwrap();
    assert_eq!(keys.step(&shop)["phase"], "Progressing");
}
