//! The container images, built by buildah and run by runc.

mod archive;
mod built;
mod canaryctl;
mod carried;
mod container;
mod frontend;
