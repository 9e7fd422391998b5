//! The files that the kubelet writes, compared with the stand-in that tests without a cluster use.

use canary_cluster::environment::Environment;
use canary_cluster::kubectl::kubectl;
use canary_e2e::atomic::AtomicWriter;
use canary_e2e::files::temp_dir;
use regex::Regex;
use std::path::Path;
use std::process::Command;

/// Sorts a listing and replaces the time in the name of the kubelet's data folder.
fn normalize(lines: &str) -> Vec<String> {
    let timestamp = Regex::new(r"\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\d+").unwrap();
    let mut lines: Vec<_> = lines.lines().map(|line| timestamp.replace_all(line, "..TIMESTAMP").into_owned()).collect();
    lines.sort();
    lines
}

/// Lists name, type, mode and symlink target of everything in a folder.
const LIST: &str = "cd $1 && find . -mindepth 1 -exec stat -c '%n %F %a %N' {} +";

/// Compares the listing of the volume in a pod with that of an [`AtomicWriter`] folder.
pub(crate) fn matches_stand_in(env: &Environment) {
    let folder = "/usr/share/nginx/html/config";
    for percentage in [5, 25] {
        env.set_percentage(percentage);
        let pod = &env.api.pods("frontend-stable")[0];
        let kubelet = kubectl_exec(&pod.name, &[LIST.replace("$1", folder)]);

        let temp = temp_dir();
        let writer = AtomicWriter::new(temp.path().join("config"));
        let text = kubectl(&format!("-n frontend exec {} -- cat {folder}/canary.json", pod.name));
        // Two writes, because the kubelet has updated its volume at least once as well.
        writer.write(&[("canary.json".to_owned(), b"before".to_vec())].into());
        writer.write(&[("canary.json".to_owned(), text.into_bytes())].into());
        assert_eq!(normalize(&kubelet), normalize(&list_local(writer.dir())));
    }
}

fn kubectl_exec(pod: &str, script: &[String]) -> String {
    let mut command = Command::new("kubectl");
    command.args(["-n", "frontend", "exec", pod, "--", "sh", "-c"]).args(script);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn list_local(dir: &Path) -> String {
    let output = Command::new("sh").args(["-c", &LIST.replace("$1", &dir.display().to_string())]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
