//! The tag of an image in a manifest or a kustomization.

use std::ops::Range;

use anyhow::{Context, bail};
use canary_rollout::Image;
use granit_parser::ScalarStyle;

use crate::config::yaml::{Node, Tree};

/// The version of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) tag: String,
    pub(crate) digest: Option<String>,
}

/// The place of an image's version in a file.
#[derive(Debug)]
struct Place {
    version: Version,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// `image: NAME:TAG@DIGEST`.
    Reference { range: Range<usize>, style: ScalarStyle },
    /// An entry of `images` in a kustomization.
    Entry { tag: (Range<usize>, ScalarStyle), digest: Option<(Range<usize>, ScalarStyle)> },
}

/// The version of an image in a file.
pub(crate) fn version(image: &Image, text: &str) -> anyhow::Result<Version> {
    Ok(find(image, text)?.version)
}

/// The file with another version of the image.
pub(crate) fn replace(image: &Image, text: &str, new: &Version) -> anyhow::Result<String> {
    let place = find(image, text)?;
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    match place.form {
        Form::Reference { range, style } => {
            let digest = new.digest.as_ref().map_or_else(String::new, |digest| format!("@{digest}"));
            edits.push((range, quoted(&format!("{}:{}{digest}", image.name, new.tag), style)));
        }
        Form::Entry { tag: (range, style), digest } => {
            match (&new.digest, digest) {
                (Some(new), Some((range, style))) => edits.push((range, quoted(new, style))),
                (None, None) => {}
                (Some(new), None) => {
                    let line = line(text, range.start);
                    let indent = text.get(line.clone()).unwrap_or_default();
                    let column = indent.find("newTag").context("expected newTag on a line of its own")?;
                    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
                    edits.push((range.end..range.end, format!("{newline}{}digest: {new}", " ".repeat(column))));
                }
                (None, Some((range, _))) => {
                    let mut line = line(text, range.start);
                    line.end = line.end.saturating_add(1).min(text.len());
                    let is_alone = text.get(line.clone()).is_some_and(|line| line.trim_start().starts_with("digest"));
                    if !is_alone {
                        bail!("{}: expected digest of {} on a line of its own", image.path, image.name);
                    }
                    edits.push((line, String::new()));
                }
            }
            edits.push((range, quoted(&new.tag, style)));
        }
    }
    // From the end, so that the places before stay right.
    edits.sort_by_key(|(range, _)| std::cmp::Reverse((range.start, range.end)));
    let mut text = text.to_owned();
    for (range, new) in edits {
        text.replace_range(range, &new);
    }
    Ok(text)
}

fn line(text: &str, at: usize) -> Range<usize> {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end.saturating_add(1));
    let end = text.get(at..).and_then(|after| after.find('\n')).map_or(text.len(), |end| at.saturating_add(end));
    start..end
}

/// A scalar in the style of the one before, with quotes where YAML would read another type.
fn quoted(value: &str, style: ScalarStyle) -> String {
    let is_number = value.parse::<f64>().is_ok() || value.starts_with("0x");
    match style {
        ScalarStyle::SingleQuoted => format!("'{value}'"),
        ScalarStyle::Plain if !is_number => value.to_owned(),
        _ => format!("\"{value}\""),
    }
}

fn find(image: &Image, text: &str) -> anyhow::Result<Place> {
    let (path, name) = (&image.path, &image.name);
    let trees = Tree::parse_all(text).map_err(|error| {
        anyhow::anyhow!("{path}:{}:{}: {}", error.position.line, error.position.column, error.reason)
    })?;
    let mut open: Vec<Node<'_>> = trees.iter().rev().map(Tree::root).collect();
    while let Some(node) = open.pop() {
        if let Some(place) = reference(node, name).or_else(|| entry(node, name)) {
            return Ok(place);
        }
        let mut below: Vec<_> = node.entries().map(|(_, value)| value).chain(node.items()).collect();
        below.reverse();
        open.append(&mut below);
    }
    bail!("{path}: expected an image {name} with a tag: `image: {name}:TAG`, or an entry of `images` with `newTag`")
}

fn reference(node: Node<'_>, name: &str) -> Option<Place> {
    let scalar = node.get("image").filter(|_| node.is_mapping())?.scalar()?;
    let version = scalar.text.strip_prefix(name)?.strip_prefix(':')?;
    let (tag, digest) = version.split_once('@').map_or((version, None), |(tag, digest)| (tag, Some(digest)));
    let version = Version { tag: tag.to_owned(), digest: digest.map(str::to_owned) };
    Some(Place { version, form: Form::Reference { range: scalar.range, style: scalar.style } })
}

fn entry(node: Node<'_>, name: &str) -> Option<Place> {
    let images = node.get("images").filter(|_| node.is_mapping())?;
    let entry = images.items().find(|item| item.get("name").and_then(Node::text) == Some(name))?;
    let tag = entry.get("newTag")?.scalar()?;
    let digest = entry.get("digest").and_then(Node::scalar);
    let version = Version { tag: tag.text, digest: digest.as_ref().map(|digest| digest.text.clone()) };
    let digest = digest.map(|digest| (digest.range, digest.style));
    Some(Place { version, form: Form::Entry { tag: (tag.range, tag.style), digest } })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "registry.example.com:5000/shop/frontend";

    #[track_caller]
    fn check(old: &str, (tag, digest): (&str, Option<&str>), new: &str) {
        let image = Image { path: "f.yaml".to_owned(), name: NAME.to_owned() };
        let (old, new) = (old.replace("NAME", NAME), new.replace("NAME", NAME));
        let version = Version { tag: tag.to_owned(), digest: digest.map(str::to_owned) };
        assert_eq!(replace(&image, &old, &version).unwrap(), new);
        assert_eq!(super::version(&image, &new).unwrap(), version);
    }

    #[test]
    fn nothing_but_the_version_changes() {
        check(
            "a: # x\n- image: NAME:1.5.0 # {\"$imagepolicy\"}\n- image: other:1\n",
            ("1.6.0", None),
            "a: # x\n- image: NAME:1.6.0 # {\"$imagepolicy\"}\n- image: other:1\n",
        );
        check(
            "b: {image: \"NAME:1.5.0@sha256:aa\"}\n",
            ("1.6.0", Some("sha256:bb")),
            "b: {image: \"NAME:1.6.0@sha256:bb\"}\n",
        );
        check(
            "images:\n- name: NAME\n  newTag: 1.5.0 # x\n",
            ("1.6", None),
            "images:\n- name: NAME\n  newTag: \"1.6\" # x\n",
        );
        check(
            "images:\n- newTag: 1.5.0\n  name: NAME\n",
            ("1.6.0", Some("sha256:bb")),
            "images:\n- newTag: 1.6.0\n  digest: sha256:bb\n  name: NAME\n",
        );
        check(
            "images:\n- name: NAME\n  digest: sha256:aa\n  newTag: '1.5.0'\n",
            ("1.6.0", None),
            "images:\n- name: NAME\n  newTag: '1.6.0'\n",
        );
    }

    #[test]
    fn an_image_without_a_tag_is_named() {
        let image = Image { path: "f.yaml".to_owned(), name: "a/b".to_owned() };
        let error = version(&image, "image: a/bc:1\n").unwrap_err().to_string();
        assert_eq!(
            error,
            "f.yaml: expected an image a/b with a tag: `image: a/b:TAG`, or an entry of `images` with `newTag`"
        );
    }
}
