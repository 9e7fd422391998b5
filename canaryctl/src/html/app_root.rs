//! The empty element of a page that an app draws in.

use html5gum::{StartTag, Token, Tokenizer};

/// The ids that starters of Vite, Create React App, Vue, Quasar and Nuxt give it.
const IDS: [&str; 5] = ["root", "app", "q-app", "__nuxt", "__next"];

/// Angular's.
const NAME: &[u8] = b"app-root";

/// The selector of the app's element: the one that is known by its name, and empty. None where there are several.
pub(crate) fn selector(html: &str) -> Option<String> {
    let mut found: Vec<String> = Vec::new();
    // The element that is open, with nothing in it so far.
    let mut open: Option<(Vec<u8>, String)> = None;
    for token in Tokenizer::new(html) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => open = name_of(&tag).map(|selector| (tag.name.to_vec(), selector)),
            Token::EndTag(tag) => {
                found.extend(open.take().filter(|(name, _)| name.as_slice() == tag.name.as_slice()).map(|it| it.1));
            }
            Token::String(text) if !text.iter().all(u8::is_ascii_whitespace) => open = None,
            _ => {}
        }
    }
    found.pop().filter(|_| found.is_empty())
}

fn name_of(tag: &StartTag<()>) -> Option<String> {
    let id = tag.attributes.get(b"id".as_slice()).map(|id| String::from_utf8_lossy(id).into_owned());
    let known = id.filter(|id| IDS.contains(&id.as_str())).map(|id| format!("#{id}"));
    known.or_else(|| (tag.name.as_slice() == NAME).then(|| "app-root".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::selector;

    #[test]
    fn an_empty_element_with_a_known_name_is_the_root() {
        for (html, expected) in [
            ("<body><div id=\"root\"></div>", Some("#root")),
            ("<div id=app>\n  <!-- here -->\n</div><div id=other></div>", Some("#app")),
            ("<app-root></app-root>", Some("app-root")),
            ("<div id=\"__nuxt\"></div>", Some("#__nuxt")),
            // What a server has drawn stands for itself.
            ("<div id=\"root\"><h1>A shop</h1></div>", None),
            ("<div id=\"root\">Loading</div>", None),
            ("<div id=\"root\"></div><div id=\"app\"></div>", None),
            ("<div id=\"main\"></div>", None),
            ("<!-- <div id=\"root\"></div> -->", None),
            ("<div id=\"root\">", None),
        ] {
            assert_eq!(selector(html).as_deref(), expected, "{html}");
        }
    }
}
