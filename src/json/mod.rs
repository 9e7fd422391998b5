//! JSON: the parser, the document it makes, and the writer.

pub mod document;
pub(crate) mod keyword;
pub mod number;
pub(crate) mod parser;
pub mod position;
pub mod writer;
