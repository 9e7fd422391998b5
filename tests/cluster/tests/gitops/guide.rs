//! Whether every command of the operations guide has been run.

use canary_cluster::environment::Environment;
use canary_cluster::kubectl::DEADLINE;
use canary_cluster::repository::CONFIG;
use canary_e2e::wait;

/// Commands that only read or prepare something; it is enough that they succeed.
const READ_ONLY: &[&str] = &[
    "lastAppliedRevision",
    "rollout status deployment/frontend-canary",
    "rollout status deployment/frontend-stable",
    "grep -o \"canary-stable",
    "cat /usr/share/nginx/html/config/canary.json",
    "kubectl kustomize k8s/clusters/production",
    "get gitrepository frontend -o yaml",
    "get kustomizations\n",
    "canaryctl validate k8s\n",
    "canaryctl validate k8s/clusters/production",
    "canaryctl nudge --once",
    "git config commit.gpgsign true",
    "logs deployment/frontend-canary --previous",
];

/// Runs the commands that no other test runs, then checks that none is left.
pub(crate) fn every_command(env: &Environment) {
    assert_eq!(env.guide.block("F=k8s"), format!("F={CONFIG}\n"));
    for text in READ_ONLY {
        let command = env.guide.block(text);
        if text.contains("--previous") {
            wait_for_previous_log(env, &command);
        } else {
            env.repository.run(&command);
        }
    }
    // A new canary version: write its bundle to the config, then raise the percentage.
    env.repository.run(
        "mkdir -p dist/.vite dist/assets/1.6.0; echo 'export {}' >dist/assets/1.6.0/main.js
        echo '{\"index.html\": {\"file\": \"assets/1.6.0/main.js\", \"isEntry\": true}}' >dist/.vite/manifest.json",
    );
    env.repository.run(&format!("{} --version 1.6.0; rm -r dist", env.guide.block("canaryctl assets").trim()));
    env.repository.push("1.6.0 at 0 %");
    env.repository.run(&env.guide.block("canaryctl set 1 "));

    let unused = env.guide.unused();
    assert!(unused.is_empty(), "commands of docs/operations.md that no test has run:\n{}", unused.join("\n"));
}

/// Kills containers until `kubectl logs --previous` succeeds.
///
/// `kubectl` picks one of the Deployment's pods, and only a restarted container has a previous log.
fn wait_for_previous_log(env: &Environment, command: &str) {
    wait::until("the log of a container that has been restarted", DEADLINE, || {
        let log = env.repository.try_run(command, "").ok();
        if log.is_none() {
            let _ = env
                .repository
                .try_run("kubectl -n frontend exec deployment/frontend-canary -- sh -c 'kill -QUIT 1'", "");
        }
        log
    });
}
