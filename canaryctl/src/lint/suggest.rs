//! The known word that a misspelt one is nearest to.

use strsim::osa_distance;

/// The most edits between a word and its misspelling.
const MOST: usize = 2;

/// The nearest of the known words, if one is near. The case is ignored.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().filter(|known| known.len().abs_diff(word.len()) <= MOST);
    let distance = |known: &str| osa_distance(&known.to_ascii_lowercase(), &word.to_ascii_lowercase());
    let near = near.map(|known| (distance(known), known)).filter(|(distance, _)| *distance <= MOST);
    near.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_the_nearest_word() {
        let known = ["bases", "resources", "replicas"];
        for (word, expected) in [
            ("resource", Some("resources")),
            ("resuorces", Some("resources")),
            ("Resources", Some("resources")),
            ("basis", Some("bases")),
            ("sources", Some("resources")),
            ("source", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }
}
