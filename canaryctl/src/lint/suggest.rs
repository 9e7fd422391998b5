//! What a word was probably meant to be.

use strsim::osa_distance;

/// Further apart, it is another word, and not a misspelt one.
const MOST: usize = 2;

/// The nearest of the known words, if one is near. Case counts for nothing.
pub(crate) fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().filter(|known| known.len().abs_diff(word.len()) <= MOST);
    let distance = |known: &str| osa_distance(&known.to_ascii_lowercase(), &word.to_ascii_lowercase());
    let near = near.map(|known| (distance(known), known)).filter(|(distance, _)| *distance <= MOST);
    near.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_meant() {
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
            assert_eq!(meant(word, known), expected, "{word}");
        }
    }
}
