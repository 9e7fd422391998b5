//! What the API server says of the manifests.

use canary_cluster::environment::Shop;
use canary_cluster::kubectl;
use canary_e2e::files;
use canary_e2e::process::find_program;
use std::process::Command;

const OVERLAY: &str = "k8s/overlays/production/frontend/kustomization.yaml";
const CLUSTER: &str = "k8s/clusters/production/kustomization.yaml";

/// Every folder, and production with each component that is not switched on, with strict validation of fields.
pub(crate) fn takes_every_manifest(shop: &Shop) {
    for folder in ["overlays/staging", "overlays/production", "clusters/staging", "clusters/production"] {
        takes(shop, folder);
    }
    let more = |component: &str| {
        ("- ../../../components/hpa\n", format!("- ../../../components/hpa\n  - ../../../components/{component}\n"))
    };
    let other = |component: &str| {
        ("- ../../components/flux\n", format!("- ../../components/flux\n  - ../../components/{component}\n"))
    };
    for (file, (from, to), folder) in [
        (OVERLAY, ("components/gateway", "components/ingress".to_owned()), "overlays/production"),
        (OVERLAY, more("flagger"), "overlays/production"),
        (OVERLAY, more("fast-config"), "overlays/production"),
        (OVERLAY, more("monitoring"), "overlays/production"),
        (CLUSTER, other("oci-source"), "clusters/production"),
        (CLUSTER, other("helm-release"), "clusters/production"),
    ] {
        shop.repository.replace(file, from, &to);
        takes(shop, folder);
        shop.repository.run("git checkout -q .");
    }
}

/// What is misspelt is refused, what is there is not.
#[track_caller]
fn takes(shop: &Shop, folder: &str) {
    // As Flux' substitution does it.
    let built = build(shop, folder)
        .replace("${frontend_host}", "shop.example.com")
        .replace("${gateway_name}", "public")
        .replace("${gateway_namespace}", "gateway")
        .replace("${ingress_namespace}", "gateway");
    let said = kubectl::send(SERVER_SIDE, &built);
    assert!(said.is_ok(), "{folder}: {said:?}");
    let misspelt = built.replacen("\nspec:\n", "\nspec:\n  mispelt: true\n", 1);
    let said = kubectl::send(SERVER_SIDE, &misspelt).unwrap_err();
    assert!(said.contains("mispelt"), "{folder}: {said}");
}

const SERVER_SIDE: &str =
    "apply --server-side --force-conflicts --dry-run=server --validate=strict --field-manager=test -f -";

fn build(shop: &Shop, folder: &str) -> String {
    let path = shop.repository.path("k8s").join(folder);
    let output = Command::new(find_program("kustomize")).arg("build").arg(&path).output().unwrap();
    assert!(output.status.success(), "{folder}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Pod Security admits our pods, which run; not one that asks for more.
pub(crate) fn refuses_privileged(_: &Shop) {
    let pod = files::read(&files::repo("tests/cluster/tests/gitops/pod.yaml"));
    let said = kubectl::send("apply --server-side --dry-run=server -f -", &pod);
    assert!(said.is_ok(), "{said:?}");
    for (from, to) in [
        // The API server itself does not take the two together.
        ("privileged: false\n        allowPrivilegeEscalation: false", "privileged: true"),
        ("runAsNonRoot: true", "runAsNonRoot: false"),
        ("type: RuntimeDefault", "type: Unconfined"),
        ("drop: [ALL]", "drop: []"),
        ("emptyDir: {}", "hostPath: { path: / }"),
        ("hostNetwork: false", "hostNetwork: true"),
    ] {
        assert!(pod.contains(from), "{from}");
        let said = kubectl::send("apply --server-side --dry-run=server -f -", &pod.replace(from, to)).unwrap_err();
        assert!(said.contains("violates PodSecurity"), "{to}: {said}");
    }
}
