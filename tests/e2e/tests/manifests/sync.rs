//! Rules of Flux objects: a rollback is quick, and Git is the only source of changes.

use crate::pods::{COLLECTOR, NUDGE, ROLLOUT};
use crate::references::setter_lines;
use crate::value::{called, list, seconds, text};
use crate::world::{FLUX, World};
use regex::Regex;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The message of source-controller 1.9 for an unsigned HEAD.
const UNSIGNED: &str =
    "signature verification of commit '0fe8366' failed: unable to verify Git commit: unsupported signature type: empty";
/// The message for an unsigned artifact.
const UNSIGNED_ARTIFACT: &str =
    "failed to verify the signature using provider 'cosign': no matching signatures were found";
/// The message for missing keys.
const KEYLESS: &str = "public keys secret error: secrets \"git-signers\" not found";

/// The findings for Flux objects.
pub(crate) fn check(world: &World) -> Vec<String> {
    let mut faults = Vec::new();
    owners(world, &mut faults);
    config(world, &mut faults);
    workloads(world, &mut faults);
    signed(world, &mut faults);
    robot(world, &mut faults);
    alerts(world, &mut faults);
    for object in world.flux.iter().filter(|object| object["metadata"]["namespace"] != FLUX) {
        faults.push(format!("{}: not in {FLUX}", called(object)));
    }
    old_words(world, &mut faults);
    faults
}

/// Each object is in one Kustomization, because two would undo each other's changes.
fn owners(world: &World, faults: &mut Vec<String>) {
    let mut seen = BTreeMap::new();
    for synced in &world.synced {
        for object in &synced.objects {
            let id = format!("{} in {}", called(object), object["metadata"]["namespace"]);
            if let Some(other) = seen.insert(id.clone(), called(&synced.by)) {
                faults.push(format!("{id}: synced by {other} and by {}", called(&synced.by)));
            }
        }
    }
}

/// A rollback of the canary waits for no other object: docs/operations.md.
fn config(world: &World, faults: &mut Vec<String>) {
    for synced in &world.synced {
        let Some(map) = synced.objects.iter().find(|object| object["metadata"]["name"] == "canary-settings") else {
            continue;
        };
        let (name, spec) = (called(&synced.by), &synced.by["spec"]);
        for key in ["wait", "dependsOn", "healthChecks", "healthCheckExprs", "suspend", "decryption"] {
            if !spec[key].is_null() {
                faults.push(format!("{name}: the config waits for {key}"));
            }
        }
        if !spec["postBuild"].is_null() {
            faults.push(format!("{name}: something is replaced in the config"));
        }
        if spec["prune"] != false {
            faults.push(format!("{name}: the config may be pruned"));
        }
        if seconds(&spec["interval"]) > 60.0 || seconds(&spec["retryInterval"]) > 10.0 {
            faults.push(format!("{name}: a hand edit, or a failure, lives for more than a minute"));
        }
        if synced.objects.len() != 1 {
            faults.push(format!("{name}: what is beside the config can hold it up"));
        }
        for key in ["kustomize.toolkit.fluxcd.io/prune", "kustomize.toolkit.fluxcd.io/substitute"] {
            if map["metadata"]["annotations"][key] != "disabled" {
                faults.push(format!("{}: not {key}: disabled", called(map)));
            }
        }
        let text = text(&map["data"]["config.json"]);
        if serde_json::from_str::<Value>(text).is_ok_and(|config| config["CANARY_PERCENTAGE"].is_number()) {
            continue;
        }
        faults.push(format!("{}: no config", called(map)));
    }
    let configs = world.all("ConfigMap").filter(|map| map["metadata"]["name"] == "canary-settings").count();
    if configs != 1 && world.flux("HelmRelease").next().is_none() {
        faults.push(format!("{configs} ConfigMaps canary-settings"));
    }
}

/// A Kustomization is ready when its pods are, and its time-out is longer than that of the Deployment.
fn workloads(world: &World, faults: &mut Vec<String>) {
    for kustomization in world.flux("Kustomization") {
        let (name, spec) = (called(kustomization), &kustomization["spec"]);
        for key in ["interval", "retryInterval", "timeout"] {
            if spec[key].is_null() {
                faults.push(format!("{name}: no {key}"));
            }
        }
    }
    for synced in &world.synced {
        let (name, spec) = (called(&synced.by), &synced.by["spec"]);
        // It waits for no optional Deployment: a release depends neither on a nudge, nor on counts, nor on a controller.
        let deployments = synced.objects.iter().filter(|object| object["kind"] == "Deployment");
        for object in deployments.filter(|object| ![NUDGE, COLLECTOR, ROLLOUT].contains(&called(object).as_str())) {
            let checked = json!({ "apiVersion": object["apiVersion"], "kind": "Deployment",
                "name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"] });
            if !list(&spec["healthChecks"]).contains(&checked) {
                faults.push(format!("{name}: no health check of the {}", called(object)));
            }
            let deadline = object["spec"]["progressDeadlineSeconds"].as_f64().unwrap_or(600.0);
            if seconds(&spec["timeout"]) <= deadline {
                faults.push(format!("{name}: gives up before the {} does", called(object)));
            }
        }
    }
}

/// Sources are verified, and the image robot signs its commits.
fn signed(world: &World, faults: &mut Vec<String>) {
    for source in world.flux("GitRepository") {
        if source["spec"]["verify"]["mode"] != "HEAD" || source["spec"]["verify"]["secretRef"]["name"].is_null() {
            faults.push(format!("{}: HEAD may be unsigned", called(source)));
        }
    }
    for source in world.flux("OCIRepository").filter(|source| source["spec"]["verify"]["provider"] != "cosign") {
        faults.push(format!("{}: artifacts may be unsigned", called(source)));
    }
    for robot in world.flux("ImageUpdateAutomation") {
        if robot["spec"]["git"]["commit"]["signingKey"]["secretRef"]["name"].is_null() {
            faults.push(format!("{}: does not sign, and Flux will not take its commits", called(robot)));
        }
    }
}

/// The image robot updates the canary alone; stable changes by promotion.
fn robot(world: &World, faults: &mut Vec<String>) {
    for (file, line, policy) in setter_lines(world) {
        if policy != "flux-system:frontend-canary" {
            faults.push(format!("{file}: a robot follows {policy}"));
        }
        let deployment = world.sources[file].contains("name: frontend-canary")
            && !world.sources[file].contains("name: frontend-stable");
        if !deployment || !line.starts_with("image: ") {
            faults.push(format!("{file}: a robot writes what is not the canary's image: {line}"));
        }
    }
    for environment in ["staging", "production"] {
        let folder = format!("k8s/overlays/{environment}/frontend/");
        if setter_lines(world).filter(|(file, ..)| file.starts_with(&folder)).count() != 1 {
            faults.push(format!("{folder}: the robot has not one line to write"));
        }
    }
    for (policy, prereleases) in [("frontend-canary", true), ("frontend-stable", false)] {
        let range = world.flux("ImagePolicy").find(|object| object["metadata"]["name"] == policy);
        let range = range.map_or("", |object| text(&object["spec"]["policy"]["semver"]["range"]));
        if range.ends_with("-0") != prereleases {
            faults.push(format!("ImagePolicy {policy}: {range:?} is wrong about prereleases"));
        }
    }
}

/// An Alert reports every object that stops syncing.
fn alerts(world: &World, faults: &mut Vec<String>) {
    for source in ["GitRepository", "OCIRepository"].iter().flat_map(|kind| world.flux(kind)) {
        let unsigned = if source["kind"] == "OCIRepository" { UNSIGNED_ARTIFACT } else { UNSIGNED };
        for (message, what) in
            [(unsigned, "what nobody signed"), (KEYLESS, "missing keys"), ("failed to checkout", "no connection")]
        {
            if !world.flux("Alert").any(|alert| tells(alert, source, message)) {
                faults.push(format!("{}: nobody is told of {what}", called(source)));
            }
        }
    }
    for (watched, alert) in world.flux("Kustomization").flat_map(|it| world.flux("Alert").map(move |alert| (it, alert)))
    {
        if alert["spec"]["eventSeverity"] == "info"
            && tells(alert, watched, "Reconciliation finished in 1s, next run in 1m0s")
        {
            faults.push(format!("{}: {} is sent every minute", called(watched), called(alert)));
        }
    }
    for watched in world.flux("Kustomization").chain(world.flux("HelmRelease")) {
        if !world.flux("Alert").any(|alert| tells(alert, watched, "it failed")) {
            faults.push(format!("{}: nobody is told when it fails", called(watched)));
        }
    }
}

/// Whether an Alert sends an error message of an object.
fn tells(alert: &Value, object: &Value, message: &str) -> bool {
    let matches =
        |key: &str| list(&alert["spec"][key]).iter().any(|rule| Regex::new(text(rule)).unwrap().is_match(message));
    let source = |source: &Value| source["kind"] == object["kind"] && source["name"] == object["metadata"]["name"];
    let included = list(&alert["spec"]["inclusionList"]).is_empty() || matches("inclusionList");
    list(&alert["spec"]["eventSources"]).iter().any(source) && included && !matches("exclusionList")
}

/// Deprecated fields of kustomize.
fn old_words(world: &World, faults: &mut Vec<String>) {
    for (file, text) in world.sources.iter().filter(|(file, _)| file.ends_with("kustomization.yaml")) {
        for word in ["bases", "patchesStrategicMerge", "patchesJson6902", "commonLabels", "vars", "imageTags"] {
            if text.lines().any(|line| line.starts_with(&format!("{word}:"))) {
                faults.push(format!("{file}: {word} is no longer to be used"));
            }
        }
    }
}
