//! The runtime in a page, behind nginx, in Chromium.

mod bundlers;
mod context;
mod decision;
mod demo_faults;
mod entries;
mod events;
mod flags;
mod guard;
mod https;
mod identity;
mod npm;
mod oracle;
mod panel;
mod recipes;
mod refresh;
