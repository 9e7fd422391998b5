//! Pages of another crate on the metrics port, and what they can read of the collector.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use hyper::Request;

use super::answer::WholeAnswer;
use super::server::Server;
use crate::labels::ConfigLabels;
use crate::store::lines;

/// The future of a page's response.
pub type PageFuture = Pin<Box<dyn Future<Output = WholeAnswer> + Send>>;

/// Answers all requests of the metrics port below [`Pages::PREFIX`].
#[derive(Clone)]
pub struct Pages(Arc<dyn Fn(Request<()>) -> PageFuture + Send + Sync>);

impl Pages {
    /// The folder of the pages.
    pub const PREFIX: &str = "/runtime/console";

    /// Takes a function from request to response.
    pub fn new(answer: impl Fn(Request<()>) -> PageFuture + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request<()>) -> WholeAnswer {
        (self.0)(request).await
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pages")
    }
}

/// The time and the labels of a collector at one moment.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Milliseconds since 1970, by the collector's clock.
    pub now: f64,
    /// The length of a minute in seconds.
    pub window: u64,
    /// The first minute that is kept.
    pub since: u64,
    /// The last final minute.
    pub through: u64,
    /// The minute that is counted now.
    pub minute: u64,
    /// Lost minutes, as inclusive ranges.
    pub gaps: Vec<(u64, u64)>,
    /// The known configs, the newest first.
    pub configs: Vec<ConfigLabels>,
}

impl Server {
    /// The time and the labels.
    pub fn overview(&self) -> Overview {
        let mut state = self.state();
        let now = state.clock.now();
        state.collector.advance(now);
        let (windows, since) = (state.collector.windows(), self.store.first_kept(now));
        Overview {
            now,
            window: windows.timing().window_seconds(),
            since,
            through: windows.through(),
            minute: windows.timing().minute(now),
            gaps: windows.gaps().since(since).collect(),
            configs: state.collector.labels().configs().to_vec(),
        }
    }

    /// The rows of a minute as JSON lines, whether it is final or not.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn minute(&self, minute: u64) -> anyhow::Result<String> {
        let here = self.state().collector.windows().rows(minute);
        match here {
            Some(rows) => Ok(String::from_utf8(lines(&rows)?)?),
            None => self.store.text(minute),
        }
    }
}
