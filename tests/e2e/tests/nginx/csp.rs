//! The policy in a browser, and every recipe of docs/csp.md in nginx.

use canary_e2e::files::{read, repo};
use canary_e2e::http;
use canary_e2e::nginx::{Config, Nginx};
use canary_e2e::site_files::SiteFiles;
use canary_e2e::test_site::TestSite;
use serde_json::json;

/// The code blocks of docs/csp.md that begin with the name of this file.
fn recipes() -> Vec<String> {
    let page = read(&repo("docs/csp.md"));
    let blocks = page.split("```nginx\n# nginx/csp.conf\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

/// The variable and the value of a line `map "" $NAME { default VALUE; }`.
fn map(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix("map \"\" ")?.split_once(' ')?;
    Some((name, rest.trim().strip_prefix("{ default \"")?.strip_suffix("\"; }")?))
}

/// Puts the recipe's lines into csp.conf, in place of those of the same variable.
fn apply(config: &mut Config, recipe: &str) {
    let file = config.get_mut("csp.conf").unwrap();
    let is_replaced = |line: &&str| map(line).is_some_and(|(name, _)| recipe.contains(&format!("{name} ")));
    *file = file.lines().filter(|line| !is_replaced(line)).chain(recipe.lines()).collect::<Vec<_>>().join("\n");
}

fn directive(policy: &str, name: &str) -> Vec<String> {
    let found = policy.split(';').map(str::trim).find(|it| it.starts_with(&format!("{name} ")));
    found.unwrap_or_else(|| panic!("{name} in {policy}")).split_whitespace().skip(1).map(str::to_owned).collect()
}

#[test]
fn every_recipe_is_what_nginx_sends() {
    let recipes = recipes();
    assert_eq!(recipes.len(), 7, "{recipes:#?}");
    let files = SiteFiles::new();
    let mut page = "<!doctype html><script nonce=CSP_NONCE></script><style nonce=CSP_NONCE></style>".to_owned();
    files.write("plain.html", &page);
    for recipe in recipes {
        let nginx = Nginx::start_with(files.root(), |config| apply(config, &recipe));
        let answer = http::get(&nginx.url("/plain.html"), &[]);
        let policy = answer.header("Content-Security-Policy").unwrap().to_owned();
        page = answer.text();
        let mut seen = 0;
        for (variable, value) in recipe.lines().filter_map(map) {
            let name = variable.trim_start_matches("$csp_").replace('_', "-");
            let sources = directive(&policy, &name);
            assert_eq!(sources[0], "'self'");
            for source in value.split(' ').filter(|source| !source.contains('$')) {
                assert!(sources.iter().any(|it| it == source), "{source} in {name} of {policy}");
                seen += 1;
            }
            if value.contains("$request_id") {
                let nonce = sources.iter().find_map(|it| it.strip_prefix("'nonce-")?.strip_suffix('\'')).unwrap();
                assert_eq!(page.matches(&format!("nonce={nonce}")).count(), 2, "{page}");
                let again = http::get(&nginx.url("/plain.html"), &[]);
                assert!(!again.header("Content-Security-Policy").unwrap().contains(nonce));
                seen += 1;
            }
        }
        assert!(seen > 0, "{recipe}");
    }
}

/// Own fonts, styles, images, media, workers, frames and requests load; other origins and inline styles do not.
#[tokio::test]
async fn ordinary_pages_live_with_the_policy() {
    let files = SiteFiles::new();
    files.write("f.css", "@font-face { font-family: own; src: url(/f.woff2) } @font-face { font-family: other; src: url(http://127.0.0.2:9/f.woff2) }");
    files.write("w.js", "postMessage(1)");
    files.write("frame.html", "<!doctype html><p>frame</p>");
    for file in ["f.woff2", "a.mp4"] {
        files.write(file, "");
    }
    files.write("about.html", "<!doctype html><link rel=icon href=data:,><base href=/><link rel=stylesheet href=/f.css><script src=/p.js></script><body>");
    files.write(
        "p.js",
        "const seen = []; addEventListener('securitypolicyviolation', it => seen.push(`${it.effectiveDirective} ${it.blockedURI}`));
         const run = async () => {
             const fonts = await Promise.allSettled([document.fonts.load('1em own'), document.fonts.load('1em other')]);
             await new Promise(go => { const it = new Worker('/w.js'); it.onmessage = go; it.onerror = () => go() });
             await new Promise(go => { const it = document.createElement('iframe'); it.src = '/frame.html'; it.onload = go; document.body.append(it) });
             const text = document.querySelector('iframe').contentDocument?.body.textContent;
             await new Promise(go => { const it = document.createElement('video'); it.src = '/a.mp4'; it.onerror = go; document.body.append(it) });
             await fetch('/f.css');
             const style = document.createElement('style'); style.append('p { color: red }'); document.head.append(style);
             await new Promise(go => setTimeout(go, 100));
             return { seen, text, base: document.baseURI === `${origin}/` };
         };",
    );
    let site = TestSite::new(files).await;
    let start = site.nginx.access_log().mark();
    site.goto("/about.html").await;
    let expected = json!({
        "seen": ["font-src http://127.0.0.2:9/f.woff2", "style-src-elem inline"],
        "text": "frame",
        "base": true,
    });
    assert_eq!(site.browser.eval("run()").await, expected);
    for path in ["/f.woff2", "/w.js", "/a.mp4"] {
        assert!(!site.nginx.access_log().requests_for(path, start).is_empty(), "{path}");
    }
}
