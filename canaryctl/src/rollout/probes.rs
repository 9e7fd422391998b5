//! Probes of every address of a side: files with the right status, hash and type.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use canary_rollout::Side;
use serde_json::Value;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::html::elements::elements;
use crate::platform::http::{Answer, Url, get};

/// The time for one answer.
const LIMIT: Duration = Duration::from_secs(10);

/// The canary's bundle, where enough addresses serve it and all its files. A run that has begun has its bundle in the config.
pub(crate) fn canary(side: &Side, version: &str, known: Option<&Value>, threshold: u64) -> anyhow::Result<Value> {
    let Some(url) = &side.url else {
        return known.cloned().context("spec.canary.url is missing, and the config has no bundle");
    };
    let url = Url::parse(url)?;
    let mut found: Option<Value> = None;
    each(&url, threshold, |address| {
        let bundle = match known {
            Some(bundle) => bundle.clone(),
            None => bundle(&url, address, version)?,
        };
        if let Some(other) = found.as_ref().filter(|other| **other != bundle) {
            bail!(
                "found another bundle than on the other addresses ({})",
                other.get("version").unwrap_or(&Value::Null)
            );
        }
        files(&url, address, &bundle)?;
        found = Some(bundle);
        Ok(())
    })?;
    found.context("no address is ready")
}

/// Whether enough of stable's addresses serve a page of the version, and all its files.
pub(crate) fn stable(side: &Side, version: &str, canary: &Value, threshold: u64) -> anyhow::Result<()> {
    let Some(url) = &side.url else { return Ok(()) };
    let url = Url::parse(url)?;
    each(&url, threshold, |address| {
        let page = ask(&url, address, "/")?;
        ensure!(page.content_type == "text/html", "/: found the type {:?}, expected text/html", page.content_type);
        let html = String::from_utf8_lossy(&page.body);
        let bundle = of_page(&html, version, canary)?;
        files(&url, address, &bundle)
    })
}

/// Probes every address; as many as the threshold says have to be ready, in percent.
fn each(url: &Url, threshold: u64, mut probe: impl FnMut(SocketAddr) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let addresses = url.resolve()?;
    let (mut ready, mut last) = (0_u64, None);
    for address in &addresses {
        match probe(*address) {
            Ok(()) => ready = ready.saturating_add(1),
            Err(error) => last = Some(error.context(address.to_string())),
        }
    }
    let all = addresses.len() as u64;
    if ready.saturating_mul(100) >= threshold.saturating_mul(all) {
        return Ok(());
    }
    match last {
        Some(error) => Err(error),
        None => bail!("{ready} of {all} addresses are ready"),
    }
}

fn ask(url: &Url, address: SocketAddr, path: &str) -> anyhow::Result<Answer> {
    let answer = get(&url.at(path)?, address, LIMIT).with_context(|| path.to_owned())?;
    ensure!(answer.status == 200, "{path}: found status {}, expected 200", answer.status);
    Ok(answer)
}

fn bundle(url: &Url, address: SocketAddr, version: &str) -> anyhow::Result<Value> {
    let path = format!("/assets/{version}/bundle.json");
    let answer = ask(url, address, &path)?;
    let bundle: Value = serde_json::from_slice(&answer.body).with_context(|| format!("{path}: expected JSON"))?;
    ensure!(
        bundle.get("entries").is_none(),
        "{path}: found the bundles of several pages, expected one: a rollout sets ASSETS.canary alone"
    );
    let found = bundle.get("version").and_then(Value::as_str).unwrap_or_default();
    ensure!(found == version, "{path}: found version {found:?}, expected {version:?}");
    Ok(bundle)
}

/// Checks each file of a bundle at one address.
fn files(url: &Url, address: SocketAddr, bundle: &Value) -> anyhow::Result<()> {
    let list = |key: &str| bundle.get(key).and_then(Value::as_array).into_iter().flatten();
    let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
    let scripts = list("scripts").map(|item| (text(item, "src"), text(item, "integrity"), Some("javascript")));
    let styles = list("styles").map(|item| (text(item, "href"), text(item, "integrity"), Some("css")));
    let preloads = list("preload").map(|item| {
        let kind = match item.get("as").and_then(Value::as_str) {
            Some("script") => Some("javascript"),
            Some("style") => Some("css"),
            _ => None,
        };
        (text(item, "href"), None, kind)
    });
    for (path, integrity, kind) in scripts.chain(styles).chain(preloads) {
        // A file of another origin is none of this Service's.
        let Some(path) = path.filter(|path| path.starts_with('/')) else { continue };
        let answer = ask(url, address, &path)?;
        let is_right = kind.map_or(answer.content_type != "text/html", |kind| answer.content_type.contains(kind));
        let expected = kind.unwrap_or("anything but text/html");
        ensure!(is_right, "{path}: found the type {:?}, expected {expected}", answer.content_type);
        if let Some(integrity) = integrity {
            ensure!(is_intact(&integrity, &answer.body), "{path}: found another hash than {integrity}");
        }
    }
    Ok(())
}

/// Whether a body has one of the hashes.
fn is_intact(integrity: &str, body: &[u8]) -> bool {
    integrity.split_whitespace().any(|hash| {
        let Some((algorithm, expected)) = hash.split_once('-') else { return false };
        let found = match algorithm {
            "sha256" => STANDARD.encode(Sha256::digest(body)),
            "sha384" => STANDARD.encode(Sha384::digest(body)),
            "sha512" => STANDARD.encode(Sha512::digest(body)),
            _ => return false,
        };
        found == expected
    })
}

/// The stable bundle of a page, which has to be of a version.
fn of_page(html: &str, version: &str, canary: &Value) -> anyhow::Result<Value> {
    for element in elements(html)?.iter().filter(|element| element.name == "script") {
        let get = |name: &str| element.attribute(name);
        if get("data-canary-stable").is_some() {
            let text = html.get(element.text.clone()).unwrap_or_default();
            let bundle: Value = serde_json::from_str(text).context("/: data-canary-stable: expected JSON")?;
            let found = bundle.get("version").and_then(Value::as_str).unwrap_or_default();
            ensure!(found == version, "/: found stable {found:?}, expected {version:?}");
            return Ok(bundle);
        }
        if let Some(src) = get("data-stable") {
            // The attribute has no version: the file is the canary's own, or has the version in its path.
            let scripts = canary.get("scripts").and_then(Value::as_array).into_iter().flatten();
            let is_same = scripts.filter_map(|script| script.get("src")?.as_str()).any(|own| own == src);
            let is_of_version = is_same || src.split('/').any(|part| part == version);
            ensure!(is_of_version, "/: found stable {src}, expected a file of {version}");
            let mut script = serde_json::json!({"src": src});
            if let (Some(integrity), Some(script)) = (get("data-stable-integrity"), script.as_object_mut()) {
                script.insert("integrity".to_owned(), integrity.into());
            }
            return Ok(serde_json::json!({"scripts": [script]}));
        }
    }
    bail!("/: found no stable bundle in the page, expected data-canary-stable or data-stable")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn hashes_are_compared() {
        let hash = format!("sha384-{}", STANDARD.encode(Sha384::digest(b"x")));
        assert!(is_intact(&hash, b"x") && !is_intact(&hash, b"y") && !is_intact("md5-x", b"x"));
    }

    #[test]
    fn the_page_has_the_version() {
        let page = "<script type=\"application/json\" data-canary-stable>{\"version\": \"1.5.0\"}</script>";
        assert!(of_page(page, "1.5.0", &Value::Null).is_ok());
        let error = of_page(page, "1.6.0", &Value::Null).unwrap_err().to_string();
        assert_eq!(error, "/: found stable \"1.5.0\", expected \"1.6.0\"");
        let page = "<script src=/r.js data-stable=/assets/1.6.0/main.js></script>";
        assert!(of_page(page, "1.6.0", &Value::Null).is_ok() && of_page(page, "1.7.0", &Value::Null).is_err());
        let canary = json!({"scripts": [{"src": "/assets/1.6.0/main.js"}]});
        assert!(of_page(page, "x", &canary).is_ok());
        assert!(of_page("<p>", "x", &canary).is_err());
    }
}
