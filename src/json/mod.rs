//! JSON: documents, their parser, positions in them, and a writer.

pub(crate) mod document;
pub(crate) mod keyword;
pub(crate) mod number;
pub(crate) mod parser;
pub(crate) mod position;
pub(crate) mod writer;

pub use document::{Document, Items, Json, Kind, Members};
pub use parser::{ParseError, ParseErrorKind};
pub use position::Position;
