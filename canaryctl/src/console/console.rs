//! The console of a process: where its data comes from.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, ensure};
use canary_collector::server::{Pages, Server, WholeAnswer};
use hyper::Request;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::console::files;
use crate::console::history::History;
use crate::console::known_config::KnownConfigs;
use crate::console::site::site;
use crate::platform::clock;
use crate::platform::http::{Url, get};

/// The time for the controller's answer.
const LIMIT: Duration = Duration::from_secs(3);

/// The age until which the controller's answer is given to several pages, in milliseconds.
const FRESH: i64 = 2_000;

/// A console beside a collector.
#[derive(Debug)]
pub(crate) struct Console {
    collector: Arc<Server>,
    pub(crate) configs: KnownConfigs,
    history: Mutex<Option<History>>,
    /// The address of the controller.
    controller: Option<Url>,
    /// The file of the config as it was named, for commands to copy.
    config: Option<PathBuf>,
    /// The controller's last answer and its time.
    last: Mutex<Option<(i64, Value)>>,
}

impl Console {
    pub(crate) fn new(collector: Arc<Server>, controller: Option<Url>, config: Option<PathBuf>) -> Arc<Self> {
        let configs = KnownConfigs::default();
        Arc::new(Self { collector, configs, history: Mutex::new(None), controller, config, last: Mutex::new(None) })
    }

    /// The pages for the collector's port.
    pub(crate) fn pages(self: &Arc<Self>) -> Pages {
        let console = Arc::clone(self);
        Pages::new(move |request| {
            let console = Arc::clone(&console);
            Box::pin(async move { console.answer(&request).await })
        })
    }

    /// Answers a request for the page, its files or the data.
    pub(crate) async fn answer<B>(self: Arc<Self>, request: &Request<B>) -> WholeAnswer {
        let path = request.uri().path();
        if !files::is_data(path) {
            return files::file(path);
        }
        // Both parts may wait: for the disk, and for the controller.
        let data = spawn_blocking(move || self.data()).await;
        files::data(&data.unwrap_or_else(|_| data_of(&Value::Null, &Value::Null, None)))
    }

    fn data(&self) -> Value {
        let controller = self.controller.as_ref().map_or(Value::Null, |url| self.ask(url));
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        let site = site(&self.collector, &self.configs, &mut history);
        let site = site.unwrap_or_else(|error| json!({"error": format!("{error:#}")}));
        data_of(&controller, &site, self.config.as_deref())
    }

    fn ask(&self, url: &Url) -> Value {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::now();
        if let Some((at, answer)) = last.as_ref()
            && now.saturating_sub(*at) < FRESH
        {
            return answer.clone();
        }
        let answer = match status(url) {
            Ok(status) => json!({"status": status, "error": null}),
            Err(error) => json!({"status": null, "error": format!("{error:#}")}),
        };
        *last = Some((now, answer.clone()));
        answer
    }
}

/// The data of a page. A command to copy has the program and the file of the config as they were named here.
pub(crate) fn data_of(controller: &Value, site: &Value, config: Option<&Path>) -> Value {
    let program = std::env::args_os().next().unwrap_or_else(|| "canaryctl".into());
    json!({
        "now": clock::now() / 1000,
        "controller": controller,
        "site": site,
        "program": quoted(&program.to_string_lossy()),
        "config": config.map(|path| quoted(&path.to_string_lossy())),
    })
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./-@:+=,".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn status(url: &Url) -> anyhow::Result<Value> {
    let address = url.resolve()?.first().copied().context("no address")?;
    let answer = get(url, address, LIMIT)?;
    let text = String::from_utf8_lossy(&answer.body);
    ensure!(answer.status == 200, "the controller answered {}: {}", answer.status, text.trim());
    serde_json::from_slice(&answer.body).context("the controller's answer is no JSON")
}
