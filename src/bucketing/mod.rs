//! Hashing a targeting key into a bucket, and the shares of all buckets.

pub mod bucket;
pub mod device_id;
pub mod percentage;
pub(crate) mod sha256;
pub(crate) mod variants;
