//! A page with the runtime and a bundle for each arm, a server that fails on demand, and a browser of any engine.
//!
//! ```no_run
//! # async fn example() {
//! use canary_e2e::engine::Engine;
//! use canary_e2e::fault_server::Reply;
//! use canary_e2e::fault_site::{CONFIG, FaultSite, Page, STABLE};
//!
//! let site = FaultSite::new(Engine::WebKit, &Page::new()).await;
//! site.server.on(CONFIG, Reply::sound().status(500));
//! site.open().await;
//! site.shows(STABLE).await;
//! site.says(&["E101"]).await;
//! assert_eq!((site.views(), site.ran()), (1, vec![STABLE.to_owned()]));
//! # }
//! ```

mod assertions;
mod page;
mod site;

pub use self::assertions::{config, page};
pub use self::page::{BLANK, CANARY, CANARY_BUNDLE, CONFIG, Page, STABLE, STABLE_BUNDLE, bundle};
pub use self::site::FaultSite;
