//! The abuse cap: which views are counted by the capped counts.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use crate::report::Event;
use crate::timing::Timing;

/// The time after which a view counts little towards a client's rate, in milliseconds.
const HOUR: f64 = 3_600_000.0;
/// The number of clients whose rates are known. The busier half stays when there are more.
const MAX_CLIENTS: usize = 100_000;

/// Two halves of a secret that hashes are keyed with.
pub type Key = (u64, u64);

/// The views of each client, and which of them are too many.
#[derive(Debug)]
pub(crate) struct Cap {
    timing: Timing,
    /// The views an hour of one client.
    limit: f64,
    nonce_key: Key,
    minute: u64,
    clients: HashMap<u64, Rate>,
    /// For each minute the clients that are over the limit, and below which hash their views are admitted.
    thresholds: BTreeMap<u64, HashMap<u64, u64>>,
}

/// Reports of each kind, weighted by how recent they are: with a steady rate, the number in an hour.
#[derive(Clone, Copy, Debug, Default)]
struct Rate {
    updated: f64,
    reports: [f32; 5],
}

impl Rate {
    #[expect(clippy::cast_possible_truncation, reason = "a weight")]
    fn decay(&mut self, now: f64) {
        let weight = (-(now - self.updated).max(0.0) / HOUR).exp() as f32;
        self.updated = self.updated.max(now);
        for reports in &mut self.reports {
            *reports *= weight;
        }
    }

    /// Returns the views: a view sends one report of a kind at most.
    fn views(&self) -> f64 {
        f64::from(self.reports.iter().copied().fold(0.0, f32::max))
    }
}

/// The kind of an event, of which a view sends one at most.
const fn kind(event: &Event) -> usize {
    match event {
        Event::Exposure { .. } => 0,
        Event::Ready { .. } | Event::Failed { .. } | Event::Left => 1,
        Event::Error { own: true } => 2,
        Event::Error { own: false } => 3,
        Event::Vitals { .. } => 4,
    }
}

impl Cap {
    /// Makes a cap of so many views an hour. All collectors of a site need the same key, or a view's reports are admitted by
    /// one of them and not by another.
    #[must_use]
    pub(crate) fn new(timing: Timing, limit: u32, nonce_key: Key) -> Self {
        let (clients, thresholds) = (HashMap::new(), BTreeMap::new());
        Self { timing, limit: f64::from(limit), nonce_key, minute: 0, clients, thresholds }
    }

    /// Whether a view is beyond its client's cap, by the threshold of its minute of exposure. A view without a nonce is,
    /// as soon as any is.
    #[must_use]
    pub(crate) fn is_capped(&self, client: u64, nonce: Option<u64>, minute: u64) -> bool {
        let fixed = self.thresholds.range(..=minute).next_back();
        let Some(threshold) = fixed.and_then(|(_, clients)| clients.get(&client)) else { return false };
        nonce.is_none_or(|nonce| hash(self.nonce_key, nonce) >= *threshold)
    }

    /// Counts a report of a client.
    pub(crate) fn count(&mut self, client: u64, event: &Event, now: f64) {
        if self.clients.len() >= MAX_CLIENTS && !self.clients.contains_key(&client) {
            self.drop_idle(now);
        }
        let rate = self.clients.entry(client).or_default();
        rate.decay(now);
        if let Some(reports) = rate.reports.get_mut(kind(event)) {
            *reports += 1.0;
        }
    }

    /// Fixes the thresholds of a new minute.
    pub(crate) fn advance(&mut self, now: f64) {
        let minute = self.timing.minute(now);
        if minute == self.minute {
            return;
        }
        self.minute = minute;
        let open = self.timing.first_open(now);
        let mut over = HashMap::new();
        for (client, rate) in &mut self.clients {
            rate.decay(now);
            let views = rate.views();
            if views > self.limit {
                over.insert(*client, threshold(self.limit / views));
            }
        }
        self.clients.retain(|_, rate| rate.views() > 0.5);
        // The last one before the open minutes holds for the first of them.
        let keep = self.thresholds.range(..=open).next_back().map_or(0, |(minute, _)| *minute);
        self.thresholds.retain(|fixed, _| *fixed >= keep && *fixed < minute);
        self.thresholds.insert(minute, over);
    }

    /// Forgets the less busy half of all clients.
    fn drop_idle(&mut self, now: f64) {
        let mut views: Vec<f32> = Vec::with_capacity(self.clients.len());
        for rate in self.clients.values_mut() {
            rate.decay(now);
            #[expect(clippy::cast_possible_truncation, reason = "it was one")]
            views.push(rate.views() as f32);
        }
        let middle = views.len() / 2;
        let (_, median, _) = views.select_nth_unstable_by(middle, f32::total_cmp);
        let median = f64::from(*median);
        let mut excess = self.clients.len().saturating_sub(middle);
        self.clients.retain(|_, rate| {
            let is_dropped = excess > 0 && rate.views() <= median;
            excess = excess.saturating_sub(usize::from(is_dropped));
            !is_dropped
        });
    }
}

/// The hash below which a share of all nonces is.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "a share")]
fn threshold(share: f64) -> u64 {
    (share * u64::MAX as f64) as u64
}

/// Returns the keyed hash of a number.
#[must_use]
pub fn hash((first, second): Key, number: u64) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(first, second);
    hasher.write_u64(number);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: f64 = 1_800_000_000_000.0;
    const EXPOSURE: Event = Event::Exposure { decision_ms: None };

    fn cap(limit: u32) -> Cap {
        Cap::new(Timing::new(60, 60), limit, (1, 2))
    }

    #[track_caller]
    fn admitted(cap: &Cap, client: u64, minute: u64) -> usize {
        (0..10_000).filter(|nonce| !cap.is_capped(client, Some(*nonce), minute)).count()
    }

    #[test]
    fn a_floods_first_minute_passes_and_the_next_is_capped() {
        let mut cap = cap(1_000);
        cap.advance(START);
        let minute = Timing::new(60, 60).minute(START);
        for nonce in 0..10_000 {
            assert!(!cap.is_capped(7, Some(nonce), minute));
            cap.count(7, &EXPOSURE, START + 1_000.0);
        }
        cap.advance(START + 60_000.0);
        assert_eq!(admitted(&cap, 7, minute), 10_000);
        let next = admitted(&cap, 7, minute + 1);
        assert!((900..1_150).contains(&next), "{next}");
        assert!(cap.is_capped(7, None, minute + 1));
        // Another client, and the same one when it was silent for hours.
        assert_eq!(admitted(&cap, 8, minute + 1), 10_000);
        cap.advance(START + 6.0 * HOUR);
        assert_eq!(admitted(&cap, 7, minute + 360), 10_000);
    }

    #[test]
    fn a_threshold_is_fixed_for_its_minute() {
        let mut cap = cap(100);
        cap.advance(START);
        let minute = Timing::new(60, 60).minute(START);
        (0..1_000).for_each(|_| cap.count(7, &EXPOSURE, START));
        cap.advance(START + 60_000.0);
        let before = admitted(&cap, 7, minute + 1);
        (0..100_000).for_each(|_| cap.count(7, &EXPOSURE, START + 61_000.0));
        assert_eq!(admitted(&cap, 7, minute + 1), before);
        cap.advance(START + 120_000.0);
        assert_eq!(admitted(&cap, 7, minute + 1), before);
        assert!(admitted(&cap, 7, minute + 2) < before / 10);
    }

    #[test]
    fn any_kind_of_report_counts_as_a_view() {
        let events =
            [Event::Left, Event::Error { own: true }, Event::Error { own: false }, Event::Ready { ready_ms: None }];
        for event in events {
            let mut cap = cap(100);
            cap.advance(START);
            (0..1_000).for_each(|_| cap.count(7, &event, START));
            cap.advance(START + 60_000.0);
            assert!(admitted(&cap, 7, Timing::new(60, 60).minute(START) + 1) < 2_000, "{event:?}");
        }
    }

    #[test]
    fn a_flood_of_clients_does_not_push_a_busy_one_out() {
        let mut cap = cap(1_000);
        cap.advance(START);
        (0..5_000).for_each(|_| cap.count(u64::MAX, &EXPOSURE, START));
        for client in 0..300_000 {
            cap.count(client, &EXPOSURE, START);
            assert!(cap.clients.len() <= MAX_CLIENTS);
        }
        cap.advance(START + 60_000.0);
        assert!(admitted(&cap, u64::MAX, Timing::new(60, 60).minute(START) + 1) < 3_000);
    }
}
