//! A document that is rejected as a whole.

use crate::diagnostics::diagnostic::{Code, Diagnostic};
use crate::diagnostics::expected::Expected;
use crate::diagnostics::list::Entry;
use crate::json::document::Document;
use crate::json::parser::{ParseError, ParseErrorKind};

/// The reason for rejecting a document.
#[derive(Debug)]
pub(crate) enum Rejection {
    /// The bytes cannot be parsed at all.
    Bytes(Code, Expected),
    /// The text is no JSON document.
    Parse(ParseError),
    /// The document is no config.
    Config(Entry, Document),
}

impl Rejection {
    /// Returns the code of the reason.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Bytes(code, _) => *code,
            Self::Parse(error) => match error.kind() {
                ParseErrorKind::Syntax => Code::Syntax,
                ParseErrorKind::TooDeep => Code::Depth,
                ParseErrorKind::DuplicateKey => Code::Duplicate,
            },
            Self::Config(entry, _) => entry.code,
        }
    }

    /// Describes the reason with key and position.
    pub(crate) fn into_diagnostic(self) -> Diagnostic {
        let code = self.code();
        match self {
            Self::Bytes(_, expected) => Diagnostic::new(code, "", expected.text()),
            Self::Parse(error) => {
                let expected = match error.kind() {
                    ParseErrorKind::Syntax => Expected::Json,
                    ParseErrorKind::TooDeep => Expected::MaxDepth,
                    ParseErrorKind::DuplicateKey => Expected::UniqueKey,
                };
                let (offset, document) = error.into_parts();
                Entry { offset: Some(offset), ..Entry::new(code, expected) }.describe(&document)
            }
            Self::Config(entry, document) => entry.describe(&document),
        }
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
        let diagnostic = Rejection::Bytes(Code::Size, Expected::MaxSize).into_diagnostic();
        assert_eq!(diagnostic.to_string(), "E106 expected at most 1 MiB");
    }
}
