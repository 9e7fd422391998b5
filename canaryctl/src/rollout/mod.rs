//! The rollout controller: Git is its only memory.

pub(crate) mod alerts;
pub(crate) mod apply;
pub(crate) mod collectors;
pub(crate) mod controller;
pub(crate) mod file;
pub(crate) mod history;
pub(crate) mod image;
pub(crate) mod import;
pub(crate) mod message;
pub(crate) mod metric_table;
pub(crate) mod metrics;
pub(crate) mod news;
pub(crate) mod person;
pub(crate) mod plan;
pub(crate) mod probes;
pub(crate) mod report;
pub(crate) mod repository;
pub(crate) mod rows;
pub(crate) mod service;
pub(crate) mod status;
pub(crate) mod status_text;
pub(crate) mod template;
pub(crate) mod verify;
pub(crate) mod webhooks;
