//! Row 42: a browser that can note nothing, so that a reload could have no end.

use super::blank_screen::CRASH;
use super::lazy_chunk::{MORE, chunked, is_told};
use super::{PATIENT, THROWS, in_page, is_up};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::page;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, FaultSite, STABLE};

/// Takes nothing for the tab.
pub(crate) const NO_SESSION: &str =
    "{ const { setItem } = Storage.prototype; Storage.prototype.setItem = function (...item) {
    if (this === globalThis.sessionStorage) throw new DOMException('no', 'QuotaExceededError');
    setItem.apply(this, item);
}; }";

pub(crate) async fn row_42_nothing_can_be_noted(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page(PATIENT)).await;
    let getter = "Object.defineProperty(globalThis, 'sessionStorage', { get() { throw new DOMException('no', 'SecurityError'); } });";
    let dropped = NO_SESSION.replace("throw new DOMException('no', 'QuotaExceededError')", "return");
    site.server.on(CANARY_BUNDLE, Reply::sound().body(THROWS));
    // The control: where it can be noted, the page loads again.
    site.visit().await;
    site.fell_back_by_reload(&["E403"]).await;
    for first in [NO_SESSION, getter, &dropped] {
        site.set_page(&page(PATIENT).first(first));
        site.visit().await;
        site.fell_back_in_place(&["E403", "E410"]).await;
        assert_eq!(site.ran(), ["half", STABLE]);
        // The version was noted all the same.
        site.keeps_quarantine(CANARY_BUNDLE).await;
    }
    // Where it is the version that cannot be noted, the page would fail again after a reload.
    let no_local =
        NO_SESSION.replace("globalThis.sessionStorage", "globalThis.localStorage && item[0] === 'canary_memory'");
    site.set_page(&page(PATIENT).first(&no_local));
    site.visit().await;
    site.fell_back_in_place(&["E302", "E403", "E410"]).await;
    assert_eq!(site.ran(), ["half", STABLE]);
    // A crash, and a part that is gone: none of them either.
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
    is_told(&site, 1, 2).await;
}
