//! Inline styles and event handlers, which a Content-Security-Policy allows by their hashes as well.

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};

use crate::html::csp::{ATTRIBUTES, InlineSource, source};

/// The inline styles and event handlers of a page, each hash once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Inline {
    /// For `style-src`: the `style` elements, and the `style` attributes.
    pub(crate) styles: Vec<InlineSource>,
    /// For `script-src`: attributes such as `onclick`.
    pub(crate) handlers: Vec<InlineSource>,
}

/// Finds them in the order of the page, in templates as well, because their content may enter the page.
pub(crate) fn find(html: &str) -> Inline {
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    let mut found = Inline::default();
    let mut style = None;
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                for (name, value) in &tag.attributes {
                    let is_handler = name.starts_with(b"on") && name.len() > 2;
                    let list = match name.as_slice() {
                        b"style" => &mut found.styles,
                        _ if is_handler => &mut found.handlers,
                        _ => continue,
                    };
                    let hash = source(&String::from_utf8_lossy(value));
                    add(list, html, tag.span.start, format!("{ATTRIBUTES} {hash}"));
                }
                style = (tag.name.as_slice() == b"style" && !tag.self_closing).then_some(tag.span);
            }
            Token::EndTag(tag) if tag.name.as_slice() == b"style" => {
                if let Some(start) = style.take() {
                    let text = html.get(start.end..tag.span.start).unwrap_or_default();
                    add(&mut found.styles, html, start.start, source(text));
                }
            }
            _ => {}
        }
    }
    found
}

fn add(list: &mut Vec<InlineSource>, html: &str, at: usize, source: String) {
    if list.iter().all(|it| it.source != source) {
        let line = html.get(..at).unwrap_or_default().matches('\n').count().saturating_add(1);
        list.push(InlineSource { line, source });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_and_handlers_have_hashes() {
        let html = "<style>a{}</style>\n<p style='color:&#114;ed' onclick=go()>\n<template><style>b{}</style></template>\
                    <style media=print>a{}</style><!-- <style>c{}</style> --><script>'<style>d{}</style>'</script><b on=1 onx>";
        let one = |line, source: String| InlineSource { line, source };
        let attribute = |text| format!("'unsafe-hashes' {}", source(text));
        assert_eq!(
            find(html),
            Inline {
                styles: vec![one(1, source("a{}")), one(2, attribute("color:red")), one(3, source("b{}")),],
                handlers: vec![one(2, attribute("go()")), one(3, attribute(""))],
            }
        );
        assert_eq!(find("<p class=style>on"), Inline::default());
        assert_eq!(find("<style>open"), Inline::default());
    }
}
