//! Browsers, what is in their storage, and how often they come.

use alloc::vec;
use alloc::vec::Vec;

use crate::row::Comparison;
use crate::simulation::random::{Random, mix};

/// How many users a percentage of 1 takes, of all 100,000 buckets.
const BUCKETS_PER_PERCENT: f64 = 1_000.0;

/// The engines: how many of a thousand browsers have one.
const ENGINES: [(&str, u64); 4] = [("chromium", 650), ("webkit", 250), ("gecko", 70), ("other", 30)];

/// The devices, likewise.
const DEVICES: [(&str, u64); 3] = [("mobile", 550), ("desktop", 400), ("tablet", 50)];

/// How many strata there are: engines, devices, new or returning.
pub(crate) const STRATA: usize = ENGINES.len() * DEVICES.len() * 2;

/// How a visitor uses the site, which goes along with how well it works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Never here before, and mostly never again.
    New,
    /// Comes every other week.
    Light,
    /// Comes several times a day.
    Heavy,
    /// A browser in which nothing works, whatever it gets: 1 % of all in a run, with five views each.
    Broken,
    /// No person: new at each view.
    Bot,
}

/// The share of views, and for a view a second the number of browsers that come back.
const USES: [(Use, f64, f64); 5] = [
    (Use::New, 0.338, 0.0),
    (Use::Light, 0.26, 40_000.0),
    (Use::Heavy, 0.36, 3_000.0),
    (Use::Broken, 0.03, 108.0),
    (Use::Bot, 0.012, 0.0),
];

/// New visitors who come back during the run, in the place of a light visitor.
const STAYS: f64 = 0.3;

/// Views after which the device id is lost, and nothing else.
const LOSES_ID: f64 = 0.000_5;

/// A mark in a browser's storage: the cohort of this run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mark {
    /// No view of this run.
    #[default]
    None,
    Rest,
    Control,
    Canary,
}

/// A browser at the time of a view.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Browser {
    pub(crate) habit: Use,
    pub(crate) bucket: u64,
    pub(crate) is_returning: bool,
    pub(crate) stratum: usize,
    pub(crate) is_webkit: bool,
    pub(crate) mark: Mark,
    /// Whether it has had a view in each arm, for a design that asks.
    pub(crate) arms: [bool; 2],
    /// Where it is kept.
    place: Option<(usize, usize)>,
}

/// A browser that comes back.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Counts its device ids.
    id: u32,
    mark: Mark,
    arms: [bool; 2],
}

/// All browsers that come back.
#[derive(Clone, Debug)]
pub(crate) struct Browsers {
    seed: u64,
    /// One list for each use.
    slots: [Vec<Slot>; USES.len()],
}

impl Browsers {
    pub(crate) fn new(seed: u64, views_per_second: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most millions")]
        let slots = USES.map(|(_, _, count)| {
            let count = if count > 0.0 { (count * views_per_second).max(1.0) as usize } else { 0 };
            vec![Slot::default(); count]
        });
        Self { seed, slots }
    }

    /// A browser comes.
    pub(crate) fn arrive(&mut self, random: &mut Random) -> Browser {
        let mut chance = random.unit();
        let mut list = 0;
        for (index, (_, share, _)) in USES.iter().enumerate() {
            list = index;
            chance -= share;
            if chance < 0.0 {
                break;
            }
        }
        let habit = USES.get(list).map_or(Use::New, |(habit, ..)| *habit);
        let slots = self.slots.get_mut(list).map(Vec::as_mut_slice).unwrap_or_default();
        let index = usize::try_from(random.below(slots.len() as u64)).unwrap_or_default();
        let Some(slot) = slots.get_mut(index) else { return self.new_browser(habit, random) };
        if random.happens(LOSES_ID) {
            slot.id = slot.id.wrapping_add(1);
        }
        let number = mix(self.seed ^ ((list as u64) << 56) ^ ((index as u64) << 24));
        let bucket = mix(number ^ u64::from(slot.id));
        Browser::new(habit, bucket, number, true, *slot, Some((list, index)))
    }

    fn new_browser(&mut self, habit: Use, random: &mut Random) -> Browser {
        // Some take the place of a light visitor, whose device and engine they have.
        let light = 1;
        let stays = habit == Use::New && random.happens(STAYS);
        if let Some(slots) = self.slots.get_mut(light).filter(|_| stays) {
            let index = usize::try_from(random.below(slots.len() as u64)).unwrap_or_default();
            if let Some(slot) = slots.get_mut(index) {
                *slot = Slot { id: slot.id.wrapping_add(1), ..Slot::default() };
                let number = mix(self.seed ^ ((light as u64) << 56) ^ ((index as u64) << 24));
                let bucket = mix(number ^ u64::from(slot.id));
                return Browser::new(habit, bucket, number, false, *slot, Some((light, index)));
            }
        }
        let number = random.bits();
        Browser::new(habit, mix(number), number, false, Slot::default(), None)
    }

    /// Keeps what a view wrote to the browser's storage.
    pub(crate) fn store(&mut self, browser: &Browser, mark: Mark, arms: [bool; 2]) {
        let Some((list, index)) = browser.place else { return };
        if let Some(slot) = self.slots.get_mut(list).and_then(|slots| slots.get_mut(index)) {
            slot.mark = mark;
            slot.arms = arms;
        }
    }
}

impl Browser {
    fn new(
        habit: Use,
        bucket: u64,
        number: u64,
        is_returning: bool,
        slot: Slot,
        place: Option<(usize, usize)>,
    ) -> Self {
        let (engine, device) = (pick(&ENGINES, number & 0xFFFF), pick(&DEVICES, (number >> 16) & 0xFFFF));
        let stratum = engine.wrapping_mul(DEVICES.len()).wrapping_add(device).wrapping_mul(2);
        Self {
            habit,
            bucket: scale(bucket >> 32, 100_000, 32),
            is_returning,
            stratum: stratum.wrapping_add(usize::from(is_returning)),
            is_webkit: engine == 1,
            mark: slot.mark,
            arms: slot.arms,
            place,
        }
    }
}

/// A number of so many bits, brought into the range below `end`.
const fn scale(number: u64, end: u64, bits: u32) -> u64 {
    number.wrapping_mul(end).wrapping_shr(bits)
}

/// The entry that a number of 16 bits falls on.
fn pick(table: &[(&str, u64)], number: u64) -> usize {
    let mut left = scale(number, 1_000, 16);
    let mut found = 0;
    for (index, (_, count)) in table.iter().enumerate() {
        found = index;
        match left.checked_sub(*count) {
            Some(rest) => left = rest,
            None => break,
        }
    }
    found
}

/// The name of a stratum, as rows have it.
pub(crate) fn stratum_name(stratum: usize) -> alloc::string::String {
    let habit = if stratum & 1 == 1 { "returning" } else { "new" };
    let part = |of: usize, by: usize| (of.checked_div(by).unwrap_or_default(), of.checked_rem(by).unwrap_or_default());
    let (engine, device) = part(stratum >> 1, DEVICES.len());
    let name = |table: &[(&'static str, u64)], index: usize| table.get(index).map_or("other", |(name, _)| *name);
    alloc::format!("{}/{}/{habit}", name(&ENGINES, engine), name(&DEVICES, device))
}

/// What the page makes of a browser's bucket and mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) is_canary: bool,
    /// In cohort `canary` or `control`.
    pub(crate) is_compared: bool,
    pub(crate) first: Option<Comparison>,
    pub(crate) both: bool,
    pub(crate) mark: Mark,
}

/// Assigns a cohort, and decides by the mark which comparison the view is a unit of.
pub(crate) fn assign(bucket: u64, mark: Mark, percentage: f64) -> Assignment {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 100,000")]
    let size = libm::round(percentage * BUCKETS_PER_PERCENT) as u64;
    let is_control = if percentage > 50.0 { true } else { (50_000..50_000_u64.saturating_add(size)).contains(&bucket) };
    let cohort = if bucket < size {
        Mark::Canary
    } else if is_control {
        Mark::Control
    } else {
        Mark::Rest
    };
    let is_canary = cohort == Mark::Canary;
    let is_compared = cohort != Mark::Rest;
    if size == 0 {
        return Assignment { is_canary, is_compared, first: None, both: false, mark };
    }
    let first = match mark {
        Mark::None => Some(Comparison::Run),
        Mark::Rest if is_compared && percentage <= 50.0 => Some(Comparison::Cohort),
        _ => None,
    };
    let was_compared = matches!(mark, Mark::Canary | Mark::Control);
    let both = was_compared && is_compared && mark != cohort;
    Assignment { is_canary, is_compared, first, both, mark: if was_compared && !is_compared { mark } else { cohort } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bucket: u64, mark: Mark, percentage: f64, first: Option<Comparison>, both: bool, after: Mark) {
        let found = assign(bucket, mark, percentage);
        assert_eq!((found.first, found.both, found.mark), (first, both, after));
    }

    #[test]
    fn the_first_view_counts_for_the_run_and_the_first_after_rest_for_the_cohort() {
        let (run, cohort) = (Some(Comparison::Run), Some(Comparison::Cohort));
        check(4_999, Mark::None, 5.0, run, false, Mark::Canary);
        check(5_000, Mark::None, 5.0, run, false, Mark::Rest);
        check(50_000, Mark::None, 5.0, run, false, Mark::Control);
        check(4_999, Mark::Canary, 5.0, None, false, Mark::Canary);
        check(5_000, Mark::Rest, 5.0, None, false, Mark::Rest);
        check(5_000, Mark::Rest, 10.0, cohort, false, Mark::Canary);
        check(55_000, Mark::Rest, 10.0, cohort, false, Mark::Control);
        // Above half there is no rest to compare with.
        check(55_000, Mark::Rest, 60.0, None, false, Mark::Canary);
        check(65_000, Mark::Rest, 60.0, None, false, Mark::Control);
        // At 0 % there is no run.
        check(0, Mark::None, 0.0, None, false, Mark::None);
    }

    #[test]
    fn an_id_that_is_lost_shows_as_both() {
        check(0, Mark::Control, 5.0, None, true, Mark::Canary);
        check(50_000, Mark::Canary, 5.0, None, true, Mark::Control);
        check(5_000, Mark::Canary, 5.0, None, false, Mark::Canary);
    }

    #[test]
    fn strata_have_their_names() {
        let names: std::vec::Vec<_> = (0..STRATA).map(stratum_name).collect();
        assert_eq!(
            (names.len(), names[0].as_str(), names[23].as_str()),
            (24, "chromium/mobile/new", "other/tablet/returning")
        );
        assert_eq!(names[6], "webkit/mobile/new");
    }

    #[test]
    fn browsers_are_of_all_kinds() {
        let mut random = Random::new(1, 1);
        let mut browsers = Browsers::new(1, 1.0);
        let mut canary = 0;
        let mut strata = [0; STRATA];
        for _ in 0..100_000 {
            let browser = browsers.arrive(&mut random);
            canary += usize::from(browser.bucket < 5_000);
            strata[browser.stratum] += 1;
        }
        assert!((4_600..5_400).contains(&canary), "{canary}");
        assert!(strata.iter().all(|count| *count > 10), "{strata:?}");
    }
}
