//! Alerts: who gets which.

mod formats;
mod message;
pub(crate) mod outbox;

use canary_rollout::Severity;

use crate::rollout::alerts::message::Message;
use crate::rollout::alerts::outbox::Delivery;
use crate::rollout::controller::Controller;
use crate::rollout::file::File;
use crate::rollout::news::News;
use crate::rollout::status::Status;

impl Controller {
    /// The alerts about what has happened since the last call, in the form that each provider takes.
    pub(crate) fn alerts(&mut self, now: i64) -> anyhow::Result<Vec<Delivery>> {
        if self.news.borrow().is_empty() {
            return Ok(Vec::new());
        }
        self.repository.fetch()?;
        let (file, _) = self.read()?;
        if file.rollout.analysis.alerts.is_empty() {
            self.news.borrow_mut().clear();
            return Ok(Vec::new());
        }
        let status = self.status(now)?;
        Ok(self.deliveries(&file, &status))
    }

    /// The same of a state that is known.
    pub(crate) fn deliveries(&self, file: &File, status: &Status) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        for news in self.news.borrow_mut().drain(..) {
            let severity = severity(&news, status);
            let message = Message::new(&file.rollout.notifications, status, &news, severity);
            for alert in file.rollout.analysis.alerts.iter().filter(|alert| alert.severity <= severity) {
                let mut providers = file.rollout.notifications.providers.iter();
                if let Some(provider) = providers.find(|provider| provider.name == alert.provider) {
                    let body = formats::body(provider, &message, &self.repository.branch);
                    deliveries.push(Delivery::new(provider.clone(), body.to_string()));
                }
            }
        }
        deliveries
    }
}

fn severity(news: &News, status: &Status) -> Severity {
    let is_alarm = status.cause.as_ref().is_some_and(|cause| cause.starts_with("alert:"));
    match (news, status.state.as_str()) {
        (News::Refused(_), _) | (_, "Rolled back" | "Rolling back") => Severity::Error,
        _ if is_alarm => Severity::Error,
        (_, "Holding") => Severity::Warn,
        (_, state) if state.starts_with("Paused") => Severity::Warn,
        _ => Severity::Info,
    }
}
