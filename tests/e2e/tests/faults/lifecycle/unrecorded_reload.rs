//! A browser that cannot record a reload, which could then repeat without end.

use super::blank_screen::CRASH;
use super::lazy_chunk::{MORE, chunked, left_to_page};
use super::support::{PATIENT, THROWS, in_page, is_up};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::page;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, FaultSite, STABLE};

/// A script that makes `sessionStorage` refuse to store anything.
pub(crate) const NO_SESSION: &str =
    "{ const { setItem } = Storage.prototype; Storage.prototype.setItem = function (...item) {
    if (this === globalThis.sessionStorage) throw new DOMException('no', 'QuotaExceededError');
    setItem.apply(this, item);
}; }";

pub(crate) async fn e410_reload_not_recordable(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page(PATIENT)).await;
    let getter = "Object.defineProperty(globalThis, 'sessionStorage', { get() { throw new DOMException('no', 'SecurityError'); } });";
    let dropped = NO_SESSION.replace("throw new DOMException('no', 'QuotaExceededError')", "return");
    site.server.on(CANARY_BUNDLE, Reply::sound().body(THROWS));
    // Negative control: with working storage the page reloads.
    site.visit().await;
    site.fell_back_by_reload(&["E403"]).await;
    for first in [NO_SESSION, getter, &dropped] {
        site.set_page(&page(PATIENT).first(first));
        site.visit().await;
        site.fell_back_in_place(&["E403", "E410"]).await;
        assert_eq!(site.ran(), ["half", STABLE]);
        // The version is in quarantine all the same.
        site.keeps_quarantine(CANARY_BUNDLE).await;
    }
    // Without a stored quarantine the canary would fail again after a reload.
    let no_local =
        NO_SESSION.replace("globalThis.sessionStorage", "globalThis.localStorage && item[0] === 'canary_memory'");
    site.set_page(&page(PATIENT).first(&no_local));
    site.visit().await;
    site.fell_back_in_place(&["E302", "E403", "E410"]).await;
    assert_eq!(site.ran(), ["half", STABLE]);
    // Neither does a blank screen or a missing chunk reload the page.
    site.server.restore();
    site.files.write(CANARY_BUNDLE, chunked(CANARY));
    site.set_page(&page(PATIENT).first(NO_SESSION));
    site.files.write(CANARY_BUNDLE, chunked(CANARY));
    site.visit().await;
    is_up(&site).await;
    site.browser.eval(&in_page(CRASH)).await;
    site.fell_back_in_place(&["E406", "E410"]).await;
    site.visit().await;
    is_up(&site).await;
    site.browser.eval(MORE).await;
    left_to_page(&site, 1, 2).await;
}
