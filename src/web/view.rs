//! One page view, as the loader tells of it.

use alloc::string::String;

use crate::evaluation::EvaluationContext;
use crate::evaluation::decision::Visitor;
use crate::evaluation::overrides::Overrides;
use crate::json::document::{Document, Json, Kind};
use crate::json::keyword::Keyword;
use crate::json::writer::utf8;

/// What the page says, if it is an object.
pub(super) fn read(bytes: &[u8]) -> Option<Document> {
    Document::read(text(bytes)).ok().filter(|view| view.root().kind() == Kind::Object)
}

/// For whom; nothing where the page says something else. The attributes are a text of their own, so that one that is
/// nested too deep costs no more than them.
pub(super) fn context(view: Json) -> Option<EvaluationContext> {
    let (key, attributes) = (view.member(Keyword::TargetingKey), view.member(Keyword::Attributes));
    if key.exists() && key.kind() != Kind::String {
        return None;
    }
    let attributes = if attributes.exists() { read(attributes.text().as_bytes())? } else { Document::default() };
    Some(EvaluationContext { targeting_key: String::from(key.text()), attributes })
}

/// The kind of visitor.
pub(super) fn visitor(view: Json) -> Visitor {
    match view.member(Keyword::Visitor).word() {
        Keyword::Identified => Visitor::Identified,
        Keyword::Bot => Visitor::Bot,
        _ => Visitor::Anonymous,
    }
}

/// What the address says of the bundle.
pub(super) fn overrides(view: Json) -> Overrides {
    let texts = |word| view.member(word).items().map(Json::text);
    Overrides::new(texts(Keyword::Arm), texts(Keyword::FlagOverrides))
}

pub(super) fn text(bytes: &[u8]) -> &str {
    utf8(bytes).unwrap_or_default()
}
