//! What kubelet writes, against what the fast path of the other tests writes.

use canary_cluster::environment::Shop;
use canary_cluster::kubectl::kubectl;
use canary_e2e::atomic::AtomicWriter;
use canary_e2e::files::temp_dir;
use regex::Regex;
use std::path::Path;
use std::process::Command;

/// Name, kind, mode and target of everything in a folder, with the names of moments made equal.
fn listing(lines: &str) -> Vec<String> {
    let moment = Regex::new(r"\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\d+").unwrap();
    let mut lines: Vec<_> = lines.lines().map(|line| moment.replace_all(line, "..MOMENT").into_owned()).collect();
    lines.sort();
    lines
}

const LIST: &str = "cd $1 && find . -mindepth 1 -exec stat -c '%n %F %a %N' {} +";

pub(crate) fn as_written(shop: &Shop) {
    let folder = "/usr/share/nginx/html/config";
    for percentage in [5, 25] {
        shop.set_percentage(percentage);
        let pod = &shop.api.pods("frontend-stable")[0];
        let kubelet = kubectl_exec(&pod.name, &[LIST.replace("$1", folder)]);

        let ours = temp_dir();
        let writer = AtomicWriter::new(ours.path().join("config"));
        let text = kubectl(&format!("-n frontend exec {} -- cat {folder}/canary.json", pod.name));
        // Once as it is and once changed, as kubelet's was by then.
        writer.write(&[("canary.json".to_owned(), b"before".to_vec())].into());
        writer.write(&[("canary.json".to_owned(), text.into_bytes())].into());
        assert_eq!(listing(&kubelet), listing(&here(writer.dir())));
    }
}

fn kubectl_exec(pod: &str, script: &[String]) -> String {
    let mut command = Command::new("kubectl");
    command.args(["-n", "frontend", "exec", pod, "--", "sh", "-c"]).args(script);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn here(dir: &Path) -> String {
    let output = Command::new("sh").args(["-c", &LIST.replace("$1", &dir.display().to_string())]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
