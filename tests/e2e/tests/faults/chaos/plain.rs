//! The same pages with plain scripts, without the runtime: what they show, the runtime has to show as well.

use super::app::App;
use super::fault::Target;
use super::run::{NOISE, arm};
use super::sequence::Sequence;
use canary_e2e::fault_site::FaultSite;
use canary_e2e::wait::{self, DEADLINE};

/// The page of an app with plain scripts.
pub(crate) fn html(app: App, sequence: &Sequence) -> String {
    let optional = if sequence.optional { script(app.optional()) } else { String::new() };
    let stable = script(app.stable());
    format!(
        r#"<!doctype html><meta charset="utf-8"><title>plain</title><link rel="icon" href="data:,">
        <script src="/.e2e/recorder.js"></script><script src="/.e2e/first.js"></script>
        {NOISE}{optional}{stable}<body><div id="app"></div>"#
    )
}

fn script(src: &str) -> String {
    format!(r#"<script type="module" src="{src}"></script>"#)
}

/// For each view, whether the plain page shows its app with the same faults.
pub(crate) async fn outcomes(site: &FaultSite, sequence: &Sequence) -> Vec<bool> {
    let mut outcomes = Vec::new();
    for (number, view) in sequence.views.iter().enumerate() {
        // Nothing else is requested by this page.
        if !view.breaks(Target::Stable) && !view.breaks(Target::Optional) {
            outcomes.push(true);
            continue;
        }
        arm(site, view);
        land(site, &format!("{}?{number}", view.app.plain_path())).await;
        let shown = site.shown().await.unwrap_or_default();
        outcomes.push(shown.split(' ').any(|word| word == view.app.markers()[0]));
    }
    site.server.restore();
    outcomes
}

/// Goes to a path and waits for the load event of its page. It tries again where a page that reloads itself cancels the
/// navigation.
pub(crate) async fn land(site: &FaultSite, path: &str) {
    let client = site.browser.client();
    let is_there =
        format!("return document.readyState === 'complete' && location.pathname + location.search === '{path}'");
    wait::until_async(path.to_owned(), DEADLINE, async || {
        let is_done = client.execute(&is_there, Vec::new()).await.is_ok_and(|done| done == true);
        if !is_done {
            client.goto(&site.server.url(path)).await.ok()?;
            let look =
                async || client.execute(&is_there, Vec::new()).await.ok().filter(|done| *done == true).map(|_| ());
            wait::until_async(path.to_owned(), DEADLINE, look).await;
        }
        Some(())
    })
    .await;
}
