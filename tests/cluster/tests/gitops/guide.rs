//! Whether the operations guide says anything that nobody tried.

use canary_cluster::environment::Shop;
use canary_cluster::kubectl::DEADLINE;
use canary_cluster::repository::CONFIG;
use canary_e2e::wait;

/// Commands that look, or that set up: what they print is what they are for.
const LOOKS: &[&str] = &[
    "lastAppliedRevision",
    "rollout status deployment/frontend-canary",
    "rollout status deployment/frontend-stable",
    "grep -o \"data-stable",
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

pub(crate) fn complete(shop: &Shop) {
    assert_eq!(shop.guide.block("F=k8s"), format!("F={CONFIG}\n"));
    for look in LOOKS {
        let command = shop.guide.block(look);
        if look.contains("--previous") {
            wait_for_a_log_of_before(shop, &command);
        } else {
            shop.repository.run(&command);
        }
    }
    // A new canary: its bundle goes into the config, the percentage rises.
    shop.repository.run(
        "mkdir -p dist/.vite dist/assets/1.6.0; echo 'export {}' >dist/assets/1.6.0/main.js
        echo '{\"index.html\": {\"file\": \"assets/1.6.0/main.js\", \"isEntry\": true}}' >dist/.vite/manifest.json",
    );
    shop.repository.run(&format!("{} --version 1.6.0; rm -r dist", shop.guide.block("canaryctl assets").trim()));
    shop.repository.push("1.6.0 for nobody");
    shop.repository.run(&shop.guide.block("canaryctl set 1 "));

    let left = shop.guide.left();
    assert!(left.is_empty(), "commands of docs/operations.md that no test has run:\n{}", left.join("\n"));
}

/// Of the Deployment's pods kubectl takes one, and only one that has died has a log of before.
fn wait_for_a_log_of_before(shop: &Shop, command: &str) {
    wait::until("a log of before", DEADLINE, || {
        let log = shop.repository.attempt(command, "").ok();
        if log.is_none() {
            let _ = shop
                .repository
                .attempt("kubectl -n frontend exec deployment/frontend-canary -- sh -c 'kill -QUIT 1'", "");
        }
        log
    });
}
