//! The windows of all collectors.

use std::time::Duration;

use anyhow::{Context, ensure};
use canary_judge::windows::{Answer, Header, Window};
use canary_rollout::Source;
use canary_rollout::evidence::Collected;

use crate::platform::http::{Url, get};

/// The time for one collector's answer.
const LIMIT: Duration = Duration::from_secs(30);

/// The collectors that are asked.
#[derive(Debug)]
pub(crate) enum Collectors {
    /// These addresses, one collector each.
    Listed(Vec<String>),
    /// Every address of a Service.
    Service(Source),
}

impl Collectors {
    /// Asks all for the windows from a minute on.
    pub(crate) fn ask(&self, since: impl Fn(u64) -> u64) -> Collected {
        let mut collected = Collected::default();
        let mut seen = Vec::new();
        let mut add = |url: &Url, address, name: &str| match fetch(url, address, &since) {
            // A collector that is reached twice counts once.
            Ok(answer) if seen.contains(&answer.header.collector) => {}
            Ok(answer) => {
                seen.push(answer.header.collector.clone());
                collected.answers.push(answer);
            }
            Err(error) => collected.missing.push(format!("collector {name} did not answer: {error:#}")),
        };
        let mut failed = Vec::new();
        match self {
            Self::Listed(urls) => {
                for name in urls {
                    let found = Url::parse(name)
                        .and_then(|url| Ok((url.resolve()?.first().copied().context("no address")?, url)));
                    match found {
                        Ok((address, url)) => add(&url, address, name),
                        Err(error) => failed.push(format!("collector {name} did not answer: {error:#}")),
                    }
                }
            }
            Self::Service(source) => match Url::parse(&source.collectors).and_then(|url| Ok((url.resolve()?, url))) {
                Ok((addresses, url)) => {
                    for address in addresses {
                        add(&url, address, &address.to_string());
                    }
                }
                Err(error) => failed.push(format!("collector {} did not answer: {error:#}", source.collectors)),
            },
        }
        collected.missing.append(&mut failed);
        let wanted = match self {
            Self::Listed(urls) => urls.len() as u64,
            Self::Service(source) => source.replicas,
        };
        let known = (collected.answers.len().saturating_add(collected.missing.len())) as u64;
        collected.expected = wanted.max(known);
        if known < wanted {
            collected.missing.push(format!("{known} of {wanted} collectors are known"));
        }
        collected
    }
}

fn fetch(url: &Url, address: std::net::SocketAddr, since: &impl Fn(u64) -> u64) -> anyhow::Result<Answer> {
    // The length of a minute is in the first answer: for demonstrations it is shorter, and minutes have other numbers.
    let first = request(url, address, since(60))?;
    let wanted = since(first.header.window);
    if first.header.window == 60 || first.header.since == wanted {
        return Ok(first);
    }
    request(url, address, wanted)
}

fn request(url: &Url, address: std::net::SocketAddr, since: u64) -> anyhow::Result<Answer> {
    let answer = get(&url.at(&format!("/windows?since={since}"))?, address, LIMIT)?;
    ensure!(answer.status == 200, "found status {}, expected 200", answer.status);
    let text = str::from_utf8(&answer.body).context("expected UTF-8")?;
    let mut lines = text.lines().zip(1_usize..).filter(|(line, _)| !line.trim().is_empty());
    let (first, _) = lines.next().context("the answer is empty, expected a header")?;
    let header: Header = serde_json::from_str(first).context("line 1")?;
    let windows = lines.map(|(line, number)| serde_json::from_str(line).with_context(|| format!("line {number}")));
    Ok(Answer { header, windows: windows.collect::<anyhow::Result<Vec<Window>>>()? })
}
