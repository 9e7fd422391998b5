//! The answers of the judge, with their reasons.

use crate::metric::Metric;

/// The next thing to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decision {
    /// The next step.
    Advance {
        /// Before the step is over, because the canary is shown to be no worse.
        is_early: bool,
    },
    /// Wait.
    Hold(Hold),
    /// Everyone back to stable.
    RollBack(RollBack),
    /// Wait for data.
    NoData(NoData),
}

/// Why it is rolled back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RollBack {
    /// The weighted mean of E is at its line.
    Evidence {
        /// ln of that mean.
        ln_mean_e: f64,
    },
    /// No canary view came.
    Silent {
        /// The canary views that the shares gave in the last minutes.
        expected: f64,
    },
    /// Too few canary views, where the policy rolls back on that.
    SampleRatio,
}

/// Why it is held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hold {
    /// The rules say roll back only where clients that send too much are counted in full.
    Uncapped,
    /// Fewer canary views than the hash gives, or more.
    SampleRatio {
        /// Fewer.
        is_few: bool,
    },
    /// Too many browsers were in both cohorts.
    Both,
    /// The E of a metric is at its hold line.
    Evidence(Metric),
    /// Fewer canary views than the policy asks for.
    FewViews(u64),
    /// The step is not over.
    Step,
}

/// What is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoData {
    /// There are no rows at all.
    Nothing,
    /// The last revision has no canary views.
    Canary(u64),
    /// The last revision has no stable views.
    Stable(u64),
    /// A minute is missing.
    Gap,
    /// So many collectors did not answer.
    Collectors(u64),
}

impl Decision {
    /// The verdict's name in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Advance { .. } => "advance",
            Self::Hold(_) => "hold",
            Self::RollBack(_) => "rollback",
            Self::NoData(_) => "no-data",
        }
    }
}
