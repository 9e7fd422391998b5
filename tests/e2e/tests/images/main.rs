//! The container images: built by buildah, and run as a cluster runs them.

mod archive;
mod built;
mod canaryctl;
mod carried;
mod container;
mod frontend;
