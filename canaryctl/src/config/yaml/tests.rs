use super::*;

#[track_caller]
fn check(source: &str, path: &[&str], expected: &[Option<&str>]) {
    let documents = Tree::parse_all(source).unwrap();
    let texts: Vec<_> = documents.iter().map(|document| document.root().at(path).and_then(Node::text)).collect();
    assert_eq!(texts, expected, "{source}");
}

#[test]
fn finds_texts_by_their_keys() {
    check("a: {b.c: d}", &["a", "b.c"], &[Some("d")]);
    check("b: x\na:\n  b: |\n    1\n     2\n\n", &["a", "b"], &[Some("1\n 2\n")]);
    check("a: |-\n  x", &["a"], &[Some("x")]);
    check("a: \"\\u00e9\\n\"", &["a"], &[Some("é\n")]);
}

#[test]
fn tells_documents_apart() {
    check("a: 1\n---\nb: 2\n---\n# nothing\n---\na: 3\n", &["a"], &[Some("1"), None, None, Some("3")]);
}

#[test]
fn collections_in_between_do_not_confuse_it() {
    check("? {x: y}\n: z\na: [1, {a: 2}, [3]]\nb: {c: {}}\nd: 4", &["d"], &[Some("4")]);
    check("a: [1, {a: 2}]", &["a"], &[None]);
    check("- a: 1", &["a"], &[None]);
}

#[test]
fn follows_aliases() {
    check("x: &t text\na: *t\nb: 1", &["a"], &[Some("text")]);
    check("x: &t {y: z}\na: *t\nb: 1", &["b"], &[Some("1")]);
}

#[test]
fn a_scalar_has_its_range_and_style() {
    let source = "\u{feff}a: |2 # b\r\n\r\n   é\r\nb: \"\\\"é\"\nc: &x 1\nd: *x\na: 2";
    let documents = Tree::parse_all(source).unwrap();
    let root = documents[0].root();
    let node = |key| root.get(key).unwrap();
    for (key, text, line, shared) in
        [("a", " é\r\n", 3, false), ("b", "\"\\\"é\"", 4, false), ("c", "1", 5, true), ("d", "1", 5, true)]
    {
        let scalar = node(key).scalar().unwrap();
        assert_eq!(
            (source.get(scalar.range).unwrap(), node(key).position().line, scalar.is_shared),
            (text, line, shared),
            "{key}"
        );
    }
    let style = |key| node(key).scalar().unwrap().style;
    assert_eq!((style("a"), style("b")), (ScalarStyle::Literal, ScalarStyle::DoubleQuoted));
    assert_eq!(root.all("a").count(), 2);
}

#[test]
fn compares_streams() {
    let stream = "a:\n- 1\n- b: |\n    x\n---\nc: 2";
    for (other, expected) in [
        (stream.to_owned(), true),
        (stream.replace('1', "7"), true),
        (stream.replace("c: 2", "# no\nc: 3"), true),
        (stream.replace('1', "7").replace('2', "3"), false),
        (stream.replace('2', "'2'"), false),
        (stream.replace('2', "&x 3"), false),
        (stream.replace('2', "!!str 3"), false),
        (stream.replace('2', "[2]"), false),
        (stream.replace("---\n", ""), false),
        (format!("{stream}\nd: 1"), false),
    ] {
        let [a, b] = [stream, &other].map(|text| Tree::parse_all(text).unwrap());
        assert_eq!(differ_in_one_scalar(&a, &b), expected, "{other}");
    }
    let shared = Tree::parse_all("a: &x 1\nb: *x").unwrap();
    assert!(!differ_in_one_scalar(&shared, &Tree::parse_all("a: &x 2\nb: *x").unwrap()));
}

#[test]
fn errors_have_a_position() {
    let error = Tree::parse_all("a: b\nc: [").unwrap_err();
    assert_eq!(error.position.line, 2);
}

#[track_caller]
fn check_position(source: &str, path: &[&str], expected: Option<(&str, usize, usize)>) {
    let trees = Tree::parse_all(source).unwrap();
    let found = trees[0].root().at(path).map(|node| (node.text().unwrap_or_default(), node.position()));
    assert_eq!(found.map(|(text, position)| (text, position.line, position.column)), expected, "{source}");
}

#[test]
fn nodes_know_their_position() {
    check_position("a:\n  é: x", &["a", "é"], Some(("x", 2, 7)));
    check_position("\u{feff}a: x", &["a"], Some(("x", 1, 4)));
    check_position("a: {b: [1]}", &["a", "b"], Some(("", 1, 8)));
    check_position("a: &x {b: 1}\nc: *x", &["c", "b"], Some(("1", 1, 11)));
    check_position("a: &x {b: 1}\nc:\n  <<: *x\n  d: 2", &["c", "b"], Some(("1", 1, 11)));
    check_position("a: null", &["a", "b"], None);
}

#[test]
fn nothing_contains_itself() {
    if let Ok(trees) = Tree::parse_all("&a [*a]") {
        assert_eq!(trees[0].root().items().next().unwrap().items().count(), 0);
    }
}

#[test]
fn texts_inside_have_positions_of_the_file() {
    let trees = Tree::parse_all("patch: |\n    a:\n      b: x\n").unwrap();
    let inner = Tree::parse_inside(trees[0].root().get("patch").unwrap());
    let position = inner[0].root().at(&["a", "b"]).unwrap().position();
    assert_eq!((position.line, position.column), (3, 10));
}
