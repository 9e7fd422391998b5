//! The description of a page view that the loader passes to the modules, as JSON.

use alloc::string::String;

use crate::encoding::utf8;
use crate::evaluation::context::EvaluationContext;
use crate::evaluation::overrides::Overrides;
use crate::evaluation::visitor::Visitor;
use crate::json::document::{Document, Json, Kind};
use crate::json::keyword::Keyword;

/// Parses a JSON object.
pub(super) fn parse(bytes: &[u8]) -> Option<Document> {
    Document::parse(to_text(bytes)).ok().filter(|view| view.root().kind() == Kind::Object)
}

/// Returns the context, unless it is malformed. The attributes are JSON in a string, so that attributes which are nested too
/// deep do not make the rest malformed.
pub(super) fn context(view: Json) -> Option<EvaluationContext> {
    let (key, attributes) = (view.member(Keyword::TargetingKey), view.member(Keyword::Attributes));
    if key.exists() && key.kind() != Kind::String {
        return None;
    }
    let attributes = if attributes.exists() { parse(attributes.as_text().as_bytes())? } else { Document::default() };
    Some(EvaluationContext { targeting_key: String::from(key.as_text()), attributes })
}

/// Returns the kind of visitor.
pub(super) fn visitor(view: Json) -> Visitor {
    match view.member(Keyword::Visitor).keyword() {
        Keyword::Identified => Visitor::Identified,
        Keyword::Bot => Visitor::Bot,
        _ => Visitor::Anonymous,
    }
}

/// Returns the overrides in the page's URL.
pub(super) fn overrides(view: Json) -> Overrides {
    let strings = |key| view.member(key).items().map(Json::as_text);
    Overrides::new(strings(Keyword::Arm), strings(Keyword::FlagOverrides))
}

/// Returns the bytes as text, or an empty text if they are not UTF-8.
pub(super) fn to_text(bytes: &[u8]) -> &str {
    utf8(bytes).unwrap_or_default()
}
