//! What a browser keeps over https: cookies that no other host and no page without TLS can set.

use canary_e2e::bucket::user_at;
use canary_e2e::files;
use canary_e2e::fixture::{config, ran, site_files};
use canary_e2e::nginx::replace;
use canary_e2e::process::free_port;
use canary_e2e::test_site::TestSite;
use serde_json::{Value, json};
use std::process::Command;

/// A site that nginx serves over TLS as well.
struct SecureSite {
    site: TestSite,
    origin: String,
}

impl SecureSite {
    /// With users up to `percentage` in the canary.
    async fn new(percentage: &str, others: &Value) -> Self {
        let (folder, port) = (files::temp_dir(), free_port());
        let [key, certificate] = ["key.pem", "certificate.pem"].map(|name| folder.path().join(name));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
            .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let tls = format!(
            "listen 127.0.0.1:{port} ssl; ssl_certificate certificate.pem; ssl_certificate_key key.pem; listen 8080;"
        );
        let mut text: Value = serde_json::from_str(&config(percentage, &json!({}))).unwrap();
        text.as_object_mut().unwrap().extend(others.as_object().cloned().unwrap());
        let site = TestSite::with(site_files("", &text.to_string()), |config| {
            replace(config, "nginx.conf", "listen 8080;", &tls);
            config.insert("key.pem".to_owned(), files::read(&key));
            config.insert("certificate.pem".to_owned(), files::read(&certificate));
        });
        Self { site: site.await, origin: format!("https://localhost:{port}") }
    }

    /// Opens a page, and returns the arm that ran.
    async fn visit(&self, path: &str) -> Value {
        self.site.browser.goto(&format!("{}{path}", self.origin)).await;
        ran(&self.site.browser).await
    }

    /// A cookie as the browser has it, or null.
    async fn cookie(&self, name: &str) -> Value {
        let cookies = self.site.browser.cdp("Network.getCookies", json!({ "urls": [self.origin] })).await;
        let is_it = |cookie: &&Value| cookie["name"] == name;
        cookies["cookies"].as_array().unwrap().iter().find(is_it).cloned().unwrap_or_default()
    }

    /// Sets a cookie without the prefix, as another host of the domain could.
    async fn set_plain(&self, name: &str, value: &str) {
        self.site.browser.cdp("Network.setCookie", json!({ "url": self.origin, "name": name, "value": value })).await;
    }
}

/// The attributes that the prefix demands.
fn is_bound_to_the_host(cookie: &Value) -> bool {
    cookie["secure"] == true && cookie["path"] == "/" && cookie["domain"] == "localhost"
}

#[tokio::test]
async fn the_id_has_a_cookie_that_no_other_host_can_set() {
    let secure = SecureSite::new("5", &json!({})).await;
    let [inside, outside] = [0, 99_999].map(|bucket| user_at("s", bucket).id);
    // The old name is read once, so that nobody changes the arm.
    secure.set_plain("canary_id", &inside).await;
    assert_eq!(secure.visit("/").await, json!(["canary"]));
    let cookie = secure.cookie("__Host-canary_id").await;
    assert!(cookie["value"] == inside && is_bound_to_the_host(&cookie), "{cookie}");
    // What another host sets afterwards changes nothing.
    secure.set_plain("canary_id", &outside).await;
    assert_eq!(secure.visit("/").await, json!(["canary"]));
    assert_eq!(secure.cookie("__Host-canary_id").await["value"], inside);
    secure.site.browser.assert_console(&[]).await;
}

#[tokio::test]
async fn consent_is_kept_where_no_other_host_can_set_it() {
    let secure = SecureSite::new("100", &json!({})).await;
    assert_eq!(secure.visit("/").await, json!(["canary"]));
    secure.site.browser.eval("canary.setConsent(false)").await;
    let cookie = secure.cookie("__Host-canary_consent").await;
    assert!(cookie["value"] == "no" && is_bound_to_the_host(&cookie), "{cookie}");
    assert_eq!(secure.cookie("__Host-canary_id").await, Value::Null);
    secure.set_plain("canary_consent", "yes").await;
    assert_eq!(secure.visit("/").await, json!(["stable"]));
}

#[tokio::test]
async fn a_qa_link_sets_a_cookie_for_the_session() {
    // printf qa:a-token | sha256sum
    let hash = "sha256:33cc80c00b0eef326858b6039f8af3d34a88d04b90a382a39db05fbd246c4a0b";
    let secure = SecureSite::new("1", &json!({ "OVERRIDES": { "tokens": [{ "hash": hash }] } })).await;
    secure.set_plain("canary_id", &user_at("s", 99_999).id).await;
    assert_eq!(secure.visit("/").await, json!(["stable"]));
    // Another host of the domain cannot put anybody into the canary.
    secure.set_plain("canary_qa", "a-token").await;
    assert_eq!(secure.visit("/").await, json!(["stable"]));
    assert_eq!(secure.visit("/?canary.qa=a-token#top").await, json!(["canary"]));
    assert_eq!(secure.site.browser.eval("location.search + location.hash").await, "#top");
    let cookie = secure.cookie("__Host-canary_qa").await;
    assert!(cookie["value"] == "a-token" && cookie["session"] == true && is_bound_to_the_host(&cookie), "{cookie}");
    assert_eq!(secure.visit("/").await, json!(["canary"]));
}
