use super::*;

/// SHA-256 of `segment:testers:ann` and of `segment:testers:42`.
const ANN: &str = "sha256:d89e23299c6b58150f6562c1b3201c51208f054e313a9f3f858a38c7f24b6236";
const NUMBER: &str = "sha256:4466156737fe7375a9f60ba1b1a338e48cf24960a4b4cb9cfe3cc69cadaec3a5";

fn add(plain: bool) -> Add {
    Add { name: "testers".to_owned(), file: "-".into(), config: None, plain }
}

#[test]
fn hashes_are_those_of_the_runtime() {
    assert_eq!(hashed("testers", "ann"), ANN);
    assert_eq!(hashed("testers", "42"), NUMBER);
    assert_eq!(hashed("testers", "é"), "sha256:9ca7da15460265cb8769d71cd6aa93d44090b02584a6701f482ba4855118b706");
    assert_eq!(hashed("testers", ANN), ANN);
    for no_hash in [ANN.to_uppercase(), ANN.trim_end_matches('6').to_owned(), format!("{ANN}0")] {
        assert_ne!(hashed("testers", &no_hash), no_hash);
    }
}

#[test]
fn values_are_added_once() {
    let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let choose = |plain, text: &str, segment: Value| add(plain).choose(&lines(text), Some(&segment));
    assert_eq!(add(true).choose(&lines("ann bob ann"), None), (lines("ann bob"), 1));
    assert_eq!(choose(false, "ann bob", json!(["bob"])), (vec![ANN.to_owned()], 1));
    assert_eq!(choose(true, "ann bob", json!([ANN])), (lines("bob"), 1));
    assert_eq!(choose(false, &format!("{ANN} ann"), json!([])), (vec![ANN.to_owned()], 1));
    // A number, and what else is no string, matches the user whose attribute reads the same.
    assert_eq!(choose(true, "42 1.5 true null 7", json!([42.0, 1.5, true, null])), (lines("7"), 4));
    assert_eq!(choose(false, "42", json!([NUMBER])), (vec![], 1));
}

#[test]
fn a_line_is_a_value() {
    let read = |text: &[u8]| read(text).map_err(|error| format!("{error:#}"));
    let values = |values: &[&str]| Ok(values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
    assert_eq!(read(b""), values(&[]));
    assert_eq!(read(b"a\r\n b \nc\r"), values(&["a", " b ", "c\r"]));
    assert_eq!(read(b"a\n\nb"), Err("line 2: an empty value".to_owned()));
    assert_eq!(read(b"\r\n"), Err("line 1: an empty value".to_owned()));
    let not_text = "line 2: not UTF-8: invalid utf-8 sequence of 1 bytes from index 0";
    assert_eq!(read(b"a\n\xff"), Err(not_text.to_owned()));
}
