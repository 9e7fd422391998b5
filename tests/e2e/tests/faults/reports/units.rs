//! The comparisons that a view is a unit of: a browser that comes back, moves at a step, loses its id or its storage.

use super::support::{arrive, config, deliver, page, report, site};
use canary_e2e::bucket::users_in;
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY_BUNDLE, FaultSite, Page};
use canary_e2e::fixture::PATIENT;
use serde_json::{Value, json};

/// The cohort, `first` and `both` of the next view.
async fn view(site: &FaultSite) -> Value {
    site.open().await;
    let exposure = report(site, "exposure");
    site.browser.wait_for("document.body?.innerText.trim()").await;
    json!([exposure["cohort"], exposure["first"], exposure["both"]])
}

/// The same at a percentage.
async fn view_at(site: &FaultSite, percentage: &str, more: &str) -> Value {
    site.files.mount_config(&config(percentage, "", more));
    view(site).await
}

pub(crate) async fn first_and_both(engine: Engine) {
    let ranges = [5_000..10_000, 55_000..60_000, 0..5_000, 45_000..50_000];
    let [next, control, canary, late] = <[_; 4]>::try_from(users_in("canary", &ranges)).expect("four users");
    let site = site(engine, &page()).await;

    // A step moves the browser to the canary.
    site.set_new_user(&next.id).await;
    assert_eq!(view_at(&site, "5", "").await, json!(["rest", "run", false]));
    assert_eq!(view_at(&site, "5", "").await, json!(["rest", null, false]));
    assert_eq!(view_at(&site, "10", "").await, json!(["canary", "cohort", false]));
    assert_eq!(view_at(&site, "10", "").await, json!(["canary", null, false]));
    // A roll-back and a new step make no new unit.
    assert_eq!(view_at(&site, "5", "").await, json!(["rest", null, false]));
    assert_eq!(view_at(&site, "10", "").await, json!(["canary", null, false]));

    // A step moves the browser to the control.
    site.set_new_user(&control.id).await;
    assert_eq!(view_at(&site, "5", "").await, json!(["rest", "run", false]));
    assert_eq!(view_at(&site, "10", "").await, json!(["control", "cohort", false]));
    assert_eq!(view_at(&site, "10", "").await, json!(["control", null, false]));
    // Its id is replaced by one of the canary.
    site.set_user(&canary.id).await;
    assert_eq!(view_at(&site, "10", "").await, json!(["canary", null, true]));
    assert_eq!(view_at(&site, "10", "").await, json!(["canary", null, false]));
    // Another run.
    assert_eq!(view_at(&site, "100", r#", "SALT": "next""#).await, json!(["canary", "run", false]));
    assert_eq!(view_at(&site, "100", r#", "SALT": "next""#).await, json!(["canary", null, false]));

    // Above 50 % there is no control of the same size.
    site.set_new_user(&late.id).await;
    assert_eq!(view_at(&site, "40", "").await, json!(["rest", "run", false]));
    assert_eq!(view_at(&site, "60", "").await, json!(["canary", null, false]));
}

pub(crate) async fn lost_storage_is_a_new_unit(engine: Engine) {
    let site = site(engine, &page()).await;
    site.set_new_user("somebody").await;
    assert_eq!(view(&site).await, json!(["canary", "run", false]));
    assert_eq!(view(&site).await, json!(["canary", null, false]));
    site.set_new_user("somebody").await;
    assert_eq!(view(&site).await, json!(["canary", "run", false]));
    // An id that is lost comes with another one, of the same cohort here.
    site.set_user("somebody-else").await;
    assert_eq!(view(&site).await, json!(["canary", null, false]));

    // Two tabs at a time, whose bundles do not arrive.
    site.set_new_user("somebody").await;
    site.server.on(CANARY_BUNDLE, Reply::sound().hanging());
    site.open().await;
    assert_eq!(report(&site, "exposure")["first"], "run");
    let client = site.browser.client();
    let first = client.window().await.expect("a window");
    let tab = client.new_window(true).await.expect("a tab").handle;
    client.switch_to_window(tab).await.expect("the tab");
    site.open().await;
    assert_eq!(report(&site, "exposure")["first"], Value::Null);
    client.close_window().await.expect("to close it");
    client.switch_to_window(first).await.expect("the first tab");
    deliver(&site);

    // Storage that takes nothing: no view is a unit, because each would be the first.
    let full = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') };";
    site.set_page(&page().first(full));
    site.set_new_user("somebody").await;
    assert_eq!(view(&site).await, json!(["canary", null, false]));
}

pub(crate) async fn user_ids_are_never_both(engine: Engine) {
    let ranges = [0..10_000, 50_000..60_000];
    let [canary, control] = <[_; 2]>::try_from(users_in("canary", &ranges)).expect("two users");
    let page =
        |attributes: &str| Page::patient().config(config("10", "", "")).attributes(format!("{PATIENT} {attributes}"));
    let site = site(engine, &page("")).await;
    let as_user = |id: &str| site.set_page(&page(&format!(r#"data-user-id="{id}""#)));
    // Two people share a browser.
    site.clear_data().await;
    as_user(&canary.id);
    assert_eq!(view(&site).await, json!(["canary", "run", false]));
    as_user(&control.id);
    assert_eq!(view(&site).await, json!(["control", null, false]));
    // Somebody logs out, and in.
    site.set_page(&page(""));
    site.set_user(&canary.id).await;
    assert_eq!(view(&site).await, json!(["canary", null, false]));
    as_user(&control.id);
    assert_eq!(view(&site).await, json!(["control", null, false]));
    // Negative control: device ids alone.
    site.set_page(&page(""));
    assert_eq!(view(&site).await, json!(["canary", null, false]));
    site.set_user(&control.id).await;
    assert_eq!(view(&site).await, json!(["control", null, true]));
    arrive(&site, &["exposure", "ready"]).await;
}
