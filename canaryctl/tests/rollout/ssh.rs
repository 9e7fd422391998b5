//! A remote behind a real sshd, with a key of its own.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::service::Running;
use crate::shop::Shop;
use crate::support::{DEADLINE, text};

const SSHD: &str = "/usr/sbin/sshd";

/// An sshd of this user on a free port, with keys in the shop's folder.
struct Sshd {
    folder: PathBuf,
    port: u16,
    user: String,
    _server: Running,
}

impl Sshd {
    fn start(shop: &Shop) -> Self {
        assert!(fs::exists(SSHD).unwrap(), "scripts/need native installs sshd");
        let folder = shop.path("ssh");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        for key in ["host", "operator", "stranger"] {
            let file = folder.join(key).display().to_string();
            let args = ["-q", "-t", "ed25519", "-N", "", "-f", &file];
            assert!(Command::new("ssh-keygen").args(args).status().unwrap().success());
        }
        fs::copy(folder.join("operator.pub"), folder.join("authorized")).unwrap();
        let user = text(&Command::new("id").arg("-un").output().unwrap().stdout).trim().to_owned();
        if user == "root" {
            // Where root's sshd locks its unprivileged half in; Debian's unit makes it at the start.
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {0}/host\nAuthorizedKeysFile {0}/authorized\nPidFile none\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin prohibit-password\n",
            folder.display()
        );
        fs::write(folder.join("config"), config).unwrap();
        let mut command = Command::new(SSHD);
        command.args(["-D", "-e", "-f"]).arg(folder.join("config")).stderr(Stdio::null());
        let server = Running(command.spawn().unwrap());
        let end = Instant::now() + DEADLINE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "sshd does not listen");
            sleep(Duration::from_millis(20));
        }
        let host = fs::read_to_string(folder.join("host.pub")).unwrap();
        fs::write(folder.join("known"), format!("[127.0.0.1]:{port} {host}")).unwrap();
        Self { folder, port, user, _server: server }
    }

    /// A step on the shop's remote over ssh, with a key.
    fn step(&self, shop: &Shop, key: &str) -> Command {
        let remote = shop.path("remote.git");
        let url = format!("ssh://{}@127.0.0.1:{}{}", self.user, self.port, remote.display());
        let mut command = shop.command(&["step", "--repo", &url, "--now", &shop.clock(), "--output", "json"]);
        let folder = self.folder.display();
        let options = "-o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes -o StrictHostKeyChecking=yes";
        let ssh = format!("ssh -F none -i {folder}/{key} {options} -o UserKnownHostsFile={folder}/known");
        command.env("GIT_SSH_COMMAND", ssh);
        command
    }
}

#[test]
fn a_remote_over_ssh_is_cloned_and_pushed_to() {
    let mut shop = Shop::new("");
    let sshd = Sshd::start(&shop);
    for weight in [0, 10] {
        let output = sshd.step(&shop, "operator").output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(shop.config()["CANARY_PERCENTAGE"], weight);
        shop.now += 60;
    }
    let count = shop.count();
    let operator = fs::read_to_string(sshd.folder.join("operator.pub")).unwrap();
    let url = format!("ssh://127.0.0.1:{}{}", sshd.port, shop.path("remote.git").display());
    let denied = format!("canaryctl: cannot read {url}: {}@127.0.0.1: Permission denied (publickey)\n", sshd.user);
    let failed = |key: &str| text(&sshd.step(&shop, key).output().unwrap().stderr);
    assert_eq!(failed("stranger"), denied);
    fs::write(sshd.folder.join("authorized"), format!("expiry-time=\"20200101\" {operator}")).unwrap();
    assert_eq!(failed("operator"), denied);
    fs::write(sshd.folder.join("authorized"), &operator).unwrap();
    // Another machine answers at the address.
    let known = fs::read_to_string(sshd.folder.join("known")).unwrap();
    let stranger = fs::read_to_string(sshd.folder.join("stranger.pub")).unwrap();
    fs::write(sshd.folder.join("known"), format!("[127.0.0.1]:{} {stranger}", sshd.port)).unwrap();
    assert_eq!(failed("operator"), format!("canaryctl: cannot read {url}: Host key verification failed\n"));
    fs::write(sshd.folder.join("known"), known).unwrap();
    assert_eq!(shop.count(), count);
    shop.visit(9, 600, 0);
    let output = sshd.step(&shop, "operator").output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!((&shop.config()["CANARY_PERCENTAGE"], shop.count()), (&json!(50), count + 1));
}
