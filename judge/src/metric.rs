//! The metrics that the judge knows.

use core::fmt;

/// A kind of bad view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Exposed, and neither ready nor left.
    NotReady,
    /// At least one error of the bundle's own files within the horizon.
    Error,
    /// Left or hidden before it was up.
    Left,
    /// Largest Contentful Paint above a threshold: 2.5, 4 and 6 s.
    PoorLcp,
    /// Interaction to Next Paint above a threshold: 200, 500 and 1000 ms.
    PoorInp,
    /// Cumulative Layout Shift above a threshold: 0.1, 0.25 and 0.5.
    PoorCls,
}

impl Metric {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] = [Self::NotReady, Self::Error, Self::Left, Self::PoorLcp, Self::PoorInp, Self::PoorCls];

    /// The name in policies, rows and verdicts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotReady => "not-ready",
            Self::Error => "error",
            Self::Left => "left",
            Self::PoorLcp => "poor-lcp",
            Self::PoorInp => "poor-inp",
            Self::PoorCls => "poor-cls",
        }
    }

    /// The metric of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// Whether it counts views above thresholds of a web vital, among those that were measured.
    #[must_use]
    pub const fn is_vital(self) -> bool {
        matches!(self, Self::PoorLcp | Self::PoorInp | Self::PoorCls)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for metric in Metric::ALL {
            assert_eq!(Metric::from_name(metric.name()), Some(metric));
        }
        assert_eq!(Metric::from_name("poor"), None);
    }
}
