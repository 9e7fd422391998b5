//! Row 42: a browser that can note nothing, so that a reload could have no end.

use super::blank_screen::CRASH;
use super::lazy_chunk::{MORE, chunked, is_told};
use super::{PATIENT, THROWS, in_page, is_up};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::fallback::page;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, FaultStage, STABLE};

/// Takes nothing for the tab.
pub(crate) const NO_SESSION: &str =
    "{ const { setItem } = Storage.prototype; Storage.prototype.setItem = function (...item) {
    if (this === globalThis.sessionStorage) throw new DOMException('no', 'QuotaExceededError');
    setItem.apply(this, item);
}; }";

pub(crate) async fn row_42_nothing_can_be_noted(engine: Engine) {
    let stage = FaultStage::with_canary(engine, &page(PATIENT)).await;
    let getter = "Object.defineProperty(globalThis, 'sessionStorage', { get() { throw new DOMException('no', 'SecurityError'); } });";
    let dropped = NO_SESSION.replace("throw new DOMException('no', 'QuotaExceededError')", "return");
    stage.server.on(CANARY_BUNDLE, Reply::sound().body(THROWS));
    // The control: where it can be noted, the page loads again.
    stage.visit().await;
    stage.fell_by_reload(&["E403"]).await;
    for first in [NO_SESSION, getter, &dropped] {
        stage.set_page(&page(PATIENT).first(first));
        stage.visit().await;
        stage.fell_in_place(&["E403", "E410"]).await;
        assert_eq!(stage.ran(), ["half", STABLE]);
        // The version was noted all the same.
        stage.stays_with_stable(CANARY_BUNDLE).await;
    }
    // Where it is the version that cannot be noted, the page would fail again after a reload.
    let no_local =
        NO_SESSION.replace("globalThis.sessionStorage", "globalThis.localStorage && item[0] === 'canary_memory'");
    stage.set_page(&page(PATIENT).first(&no_local));
    stage.visit().await;
    stage.fell_in_place(&["E302", "E403", "E410"]).await;
    assert_eq!(stage.ran(), ["half", STABLE]);
    // A crash, and a part that is gone: none of them either.
    stage.server.restore();
    stage.site.write(CANARY_BUNDLE, chunked(CANARY));
    stage.set_page(&page(PATIENT).first(NO_SESSION));
    stage.site.write(CANARY_BUNDLE, chunked(CANARY));
    stage.visit().await;
    is_up(&stage).await;
    stage.browser.eval(&in_page(CRASH)).await;
    stage.fell_in_place(&["E406", "E410"]).await;
    stage.visit().await;
    is_up(&stage).await;
    stage.browser.eval(MORE).await;
    is_told(&stage, 1, 2).await;
}
