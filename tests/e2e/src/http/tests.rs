use super::Response;

fn parse(method: &str, answer: &str) -> Result<Response, String> {
    Response::parse(method, answer.as_bytes()).map_err(|e| e.to_string())
}

#[test]
fn reads_an_answer_and_nothing_behind_it() {
    let answer = parse("GET", "HTTP/1.1 200 OK\r\nVary: a\r\nvary:b\r\nContent-Length: 2\r\n\r\nhi there").unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "hi"));
    assert_eq!(answer.header("VARY"), Some("a"));
    assert_eq!(answer.headers_named("Vary").collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(answer.header("etag"), None);
}

#[test]
fn reads_every_kind_of_body() {
    for (method, answer, body) in [
        (
            "GET",
            "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n",
            "abc0123456789",
        ),
        ("GET", "200 OK\r\n\r\nto the end", "to the end"),
        ("HEAD", "200 OK\r\nContent-Length: 3\r\n\r\n", ""),
        ("GET", "304 Not Modified\r\nContent-Length: 3\r\n\r\n", ""),
    ] {
        assert_eq!(parse(method, &format!("HTTP/1.1 {answer}")).unwrap().text(), body);
    }
}

#[test]
fn reports_what_is_broken() {
    for (answer, why) in [
        ("", "a line without an end"),
        ("SSH-2.0\r\n\r\n", "no status line"),
        ("HTTP/1.1 200 OK\r\nfoo\r\n\r\n", "a header without a colon"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", "failed to fill whole buffer"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi", "failed to fill whole buffer"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "a chunk without a size"),
    ] {
        assert_eq!(parse("GET", answer).unwrap_err(), why);
    }
}
