//! A document that is rejected as a whole.

use crate::diagnostics::diagnostic::{Code, Diagnostic};
use crate::diagnostics::expected::Expected;
use crate::diagnostics::list::Entry;
use crate::json::document::Document;
use crate::json::parser::{ParseError, ParseErrorKind};

/// The reason for rejecting a document, and as much of the document as was parsed.
#[derive(Debug)]
pub(crate) enum Rejection {
    /// The bytes are no JSON document.
    Parse(ParseError),
    /// The bytes were not parsed at all, or the document is no config.
    Entry(Entry, Document),
}

impl Rejection {
    /// Rejects bytes without parsing them.
    pub(crate) fn new(code: Code, expected: Expected) -> Self {
        Self::Entry(Entry::new(code, expected), Document::default())
    }

    /// Returns the code of the reason.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Parse(error) => match error.kind() {
                ParseErrorKind::Syntax => Code::Syntax,
                ParseErrorKind::TooDeep => Code::Depth,
                ParseErrorKind::DuplicateKey => Code::Duplicate,
            },
            Self::Entry(entry, _) => entry.code,
        }
    }

    /// Describes the reason with key and position.
    pub(crate) fn into_diagnostic(self) -> Diagnostic {
        let code = self.code();
        let (entry, document) = match self {
            Self::Parse(error) => {
                let expected = match error.kind() {
                    ParseErrorKind::Syntax => Expected::Json,
                    ParseErrorKind::TooDeep => Expected::Shallow,
                    ParseErrorKind::DuplicateKey => Expected::Once,
                };
                let (offset, document) = error.into_parts();
                (Entry { offset: Some(offset), ..Entry::new(code, expected) }, document)
            }
            Self::Entry(entry, document) => (entry, document),
        };
        entry.describe(&document)
    }
}

impl From<ParseError> for Rejection {
    fn from(error: ParseError) -> Self {
        Self::Parse(error)
    }
}

impl From<ParseError> for Diagnostic {
    fn from(error: ParseError) -> Self {
        Rejection::from(error).into_diagnostic()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn bytes_that_were_not_parsed_have_no_position() {
        let diagnostic = Rejection::new(Code::Size, Expected::Small).into_diagnostic();
        assert_eq!(diagnostic.to_string(), "E106 expected at most 1 MiB");
    }
}
