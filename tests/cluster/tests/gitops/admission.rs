//! Admission of the manifests by the API server.

use canary_cluster::environment::Environment;
use canary_cluster::kubectl;
use canary_e2e::files;
use canary_e2e::process::find_program;
use std::process::Command;

const OVERLAY: &str = "k8s/overlays/production/frontend/kustomization.yaml";
const CLUSTER: &str = "k8s/clusters/production/kustomization.yaml";

/// Sends every folder to the API server, and production with each component that is switched off by default.
pub(crate) fn accepts_every_manifest(env: &Environment) {
    for folder in ["overlays/staging", "overlays/production", "clusters/staging", "clusters/production"] {
        assert_accepted(env, folder);
    }
    let with_component = |component: &str| {
        ("- ../../../components/hpa\n", format!("- ../../../components/hpa\n  - ../../../components/{component}\n"))
    };
    let with_cluster_component = |component: &str| {
        ("- ../../components/flux\n", format!("- ../../components/flux\n  - ../../components/{component}\n"))
    };
    for (file, (from, to), folder) in [
        (OVERLAY, ("components/gateway", "components/ingress".to_owned()), "overlays/production"),
        (OVERLAY, with_component("flagger"), "overlays/production"),
        (OVERLAY, with_component("nudge"), "overlays/production"),
        (OVERLAY, with_component("monitoring"), "overlays/production"),
        (CLUSTER, with_cluster_component("oci-source"), "clusters/production"),
        (CLUSTER, with_cluster_component("helm-release"), "clusters/production"),
    ] {
        env.repository.replace(file, from, &to);
        assert_accepted(env, folder);
        env.repository.run("git checkout -q .");
    }
}

/// Checks that strict validation accepts a folder, and rejects it with an unknown field.
#[track_caller]
fn assert_accepted(env: &Environment, folder: &str) {
    // The values that Flux substitutes.
    let built = build(env, folder)
        .replace("${frontend_host}", "env.example.com")
        .replace("${gateway_name}", "public")
        .replace("${gateway_namespace}", "gateway")
        .replace("${ingress_namespace}", "gateway");
    let result = kubectl::try_kubectl_with_manifest(STRICT_DRY_RUN, &built);
    assert!(result.is_ok(), "{folder}: {result:?}");
    let with_unknown_field = built.replacen("\nspec:\n", "\nspec:\n  unknownField: true\n", 1);
    let error = kubectl::try_kubectl_with_manifest(STRICT_DRY_RUN, &with_unknown_field).unwrap_err();
    assert!(error.contains("unknownField"), "{folder}: {error}");
}

const STRICT_DRY_RUN: &str =
    "apply --server-side --force-conflicts --dry-run=server --validate=strict --field-manager=test -f -";

/// What kustomize makes of a folder of `k8s/`.
#[track_caller]
pub(crate) fn build(env: &Environment, folder: &str) -> String {
    let path = env.repository.path("k8s").join(folder);
    let output = Command::new(find_program("kustomize")).arg("build").arg(&path).output().unwrap();
    assert!(output.status.success(), "{folder}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Pod Security `restricted` admits `pod.yaml`, and rejects it with any one setting made weaker.
pub(crate) fn pod_security(_: &Environment) {
    let pod = files::read(&files::repo("tests/cluster/tests/gitops/pod.yaml"));
    let result = kubectl::try_kubectl_with_manifest("apply --server-side --dry-run=server -f -", &pod);
    assert!(result.is_ok(), "{result:?}");
    for (from, to) in [
        // The API server rejects `privileged: true` beside `allowPrivilegeEscalation: false`, whatever Pod Security says.
        ("privileged: false\n        allowPrivilegeEscalation: false", "privileged: true"),
        ("runAsNonRoot: true", "runAsNonRoot: false"),
        ("type: RuntimeDefault", "type: Unconfined"),
        ("drop: [ALL]", "drop: []"),
        ("emptyDir: {}", "hostPath: { path: / }"),
        ("hostNetwork: false", "hostNetwork: true"),
    ] {
        assert!(pod.contains(from), "{from}");
        let weaker = pod.replace(from, to);
        let error =
            kubectl::try_kubectl_with_manifest("apply --server-side --dry-run=server -f -", &weaker).unwrap_err();
        assert!(error.contains("violates PodSecurity"), "{to}: {error}");
    }
}
