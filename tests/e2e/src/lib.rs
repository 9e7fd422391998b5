//! Support for the end-to-end tests: the real servers and browsers, each started by
//! the test that needs it, on free loopback ports, and gone when the test ends.
//!
//! ```no_run
//! use canary_e2e::{browser::Browser, driver::Driver, nginx::Nginx, site_files::SiteFiles};
//!
//! # async fn test() {
//! let files = SiteFiles::new();
//! files.mount_config(r#"{"experiments": []}"#);
//! let nginx = Nginx::start(files.root());
//! let driver = Driver::chromium();
//! let browser = Browser::new(&driver).await;
//! browser.goto(&nginx.url("/")).await;
//! browser.wait_for("document.querySelector('h1')?.textContent").await;
//! browser.assert_console(&[]).await;
//! # }
//! ```
//!
//! A [`site_files::SiteFiles`] is what nginx serves. Its configuration lies in a volume as
//! kubelet makes it ([`atomic`]), filled by hand or with what a pod of the manifests
//! would see ([`kustomize`]). [`nginx::Nginx`] runs the project's own configuration
//! and tells what it was asked for ([`access_log`]). A [`browser::Browser`] is a
//! session of a [`driver::Driver`]; [`http`] asks without a browser.
//!
//! Most tests begin with all of it, a [`test_site::TestSite`], and show the [`demo`] or a page
//! of their own ([`fixture`]). [`base`] is the manifests to edit, [`git`] the way that an edit
//! takes to a cluster, and [`bucket`] says who has to get the canary, by a computation of its own.
//!
//! Faults are shown in three engines: a [`fault_site::FaultSite`] is a page of the
//! tests' own, with a bundle of each arm that says which it is, and a
//! [`fault_server::FaultServer`] that fails as it is told. What the page says arrives
//! there too ([`page_log`]). Each fault is a row of a table, one test for each engine
//! ([`faults`]).
//!
//! Every function here fails its test by a panic that names what went wrong.

pub mod access_log;
pub mod atomic;
pub mod base;
pub mod browser;
pub mod browser_pool;
pub mod bucket;
pub mod console;
pub mod demo;
pub mod driver;
pub mod engine;
pub mod fault_server;
pub mod fault_site;
pub mod faults;
pub mod files;
pub mod fixture;
pub mod git;
pub mod header_scan;
pub mod http;
pub mod kustomize;
pub mod nginx;
pub mod page_log;
pub mod process;
pub mod site_files;
pub mod test_site;
pub mod wait;
