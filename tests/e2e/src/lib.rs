//! Support for the end-to-end tests: real servers and browsers on free loopback ports,
//! started by the test that needs them, and gone when its process ends.
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
//! A [`site_files::SiteFiles`] is what nginx serves. The config is in a volume as
//! kubelet makes it ([`atomic`]), filled by the test or with the files of a pod of
//! the manifests ([`kustomize`]). [`nginx::Nginx`] runs the project's configuration
//! and has an [`access_log`]. A [`browser::Browser`] is a
//! session of a [`driver::Driver`]; [`http`] sends requests without a browser.
//!
//! Most tests begin with a [`test_site::TestSite`], which has all of it and a browser of
//! the [`browser_pool`], and show the [`demo`] or a small page ([`fixture`]). [`base`] has
//! manifests to edit, [`git`] brings an edit to a cluster, and [`bucket`] computes buckets.
//!
//! Faults are tested in three engines: a [`fault_site::FaultSite`] is a page with a
//! bundle for each arm, and a [`fault_server::FaultServer`], which fails on demand and
//! collects the [`page_log`]. [`mod@faults`] declares one test for each fault and
//! engine.
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
mod devtools;
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
