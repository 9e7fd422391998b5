//! Bucketing: hashing a key into a bucket, and the buckets of percentages, cohorts and variants.

pub(crate) mod bucket;
pub(crate) mod cohort;
pub(crate) mod percentage;
pub(crate) mod sha256;
pub(crate) mod variants;

pub use bucket::{BUCKETS, Domain, bucket};
pub use cohort::Cohort;
pub use percentage::Percentage;
