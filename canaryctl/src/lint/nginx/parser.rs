//! A parser of nginx configurations: directives are words that end with `;` or with a block.

/// The deepest nesting of blocks; nginx needs no more than a few.
const DEPTH: usize = 32;

/// A directive: `name args;` or `name args { block }`.
#[derive(Debug, PartialEq)]
pub(crate) struct Directive {
    pub(crate) name: String,
    pub(crate) args: Vec<String>,
    /// Its first byte.
    pub(crate) at: usize,
    /// The number of its file.
    pub(crate) file: usize,
    pub(crate) block: Option<Vec<Self>>,
}

/// A text that is not a configuration: the byte and the reason.
#[derive(Debug, PartialEq)]
pub(crate) struct SyntaxError {
    pub(crate) at: usize,
    pub(crate) reason: &'static str,
}

#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    End,
    Open,
    Close,
}

/// Parses the text of a file.
pub(crate) fn parse(text: &str, file: usize) -> Result<Vec<Directive>, SyntaxError> {
    let mut tokens = Tokens { text: text.as_bytes(), at: if text.starts_with('\u{feff}') { 3 } else { 0 } };
    // The blocks that are still open, the file first, each with the directive that opened it.
    let mut blocks: Vec<(Option<Directive>, Vec<Directive>)> = vec![(None, Vec::new())];
    let mut words: Vec<String> = Vec::new();
    let mut start = 0;
    while let Some((token, at)) = tokens.next()? {
        let error = |reason| Err(SyntaxError { at, reason });
        if words.is_empty() {
            start = at;
        }
        match token {
            Token::Word(word) => words.push(word),
            Token::End | Token::Open if words.is_empty() => return error("a directive has no name"),
            Token::End => {
                let directive = directive(&mut words, start, file);
                blocks.last_mut().map(|(_, block)| block.push(directive)).unwrap_or_default();
            }
            Token::Open if blocks.len() > DEPTH => return error("blocks lie too deep in each other"),
            Token::Open => {
                let mut directive = directive(&mut words, start, file);
                if directive.name.ends_with("_by_lua_block") {
                    tokens.skip_code();
                    directive.block = Some(Vec::new());
                    blocks.last_mut().map(|(_, block)| block.push(directive)).unwrap_or_default();
                } else {
                    blocks.push((Some(directive), Vec::new()));
                }
            }
            Token::Close if !words.is_empty() => {
                return Err(SyntaxError { at: start, reason: "a directive has no ; at its end" });
            }
            Token::Close => {
                let (Some((Some(mut opened), inner)), Some((_, outer))) = (blocks.pop(), blocks.last_mut()) else {
                    return error("this } closes nothing");
                };
                opened.block = Some(inner);
                outer.push(opened);
            }
        }
    }
    if !words.is_empty() {
        return Err(SyntaxError { at: start, reason: "a directive has no ; at its end" });
    }
    match blocks.pop() {
        Some((Some(opened), _)) => Err(SyntaxError { at: opened.at, reason: "this block is not closed" }),
        Some((None, directives)) => Ok(directives),
        None => Ok(Vec::new()),
    }
}

fn directive(words: &mut Vec<String>, at: usize, file: usize) -> Directive {
    let mut words = words.drain(..);
    let name = words.next().unwrap_or_default();
    Directive { name, args: words.collect(), at, file, block: None }
}

struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
}

impl Tokens<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn next(&mut self) -> Result<Option<(Token, usize)>, SyntaxError> {
        loop {
            match self.peek() {
                None => return Ok(None),
                Some(byte) if byte.is_ascii_whitespace() => self.step(),
                Some(b'#') => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.step();
                    }
                }
                Some(_) => break,
            }
        }
        let at = self.at;
        let single = match self.peek() {
            Some(b';') => Some(Token::End),
            Some(b'{') => Some(Token::Open),
            Some(b'}') => Some(Token::Close),
            _ => None,
        };
        if let Some(token) = single {
            self.step();
            return Ok(Some((token, at)));
        }
        let word = match self.peek() {
            Some(quote @ (b'"' | b'\'')) => self.quoted(quote)?,
            _ => self.bare(),
        };
        Ok(Some((Token::Word(String::from_utf8_lossy(&word).into_owned()), at)))
    }

    fn quoted(&mut self, quote: u8) -> Result<Vec<u8>, SyntaxError> {
        let start = self.at;
        self.step();
        let mut word = Vec::new();
        loop {
            match self.peek() {
                None => return Err(SyntaxError { at: start, reason: "this quote is not closed" }),
                Some(byte) if byte == quote => {
                    self.step();
                    return Ok(word);
                }
                Some(b'\\') => self.escape(&mut word),
                Some(byte) => {
                    word.push(byte);
                    self.step();
                }
            }
        }
    }

    fn bare(&mut self) -> Vec<u8> {
        let mut word = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                // `${name}` is part of a word, any other `{` is not.
                b'{' if word.last() != Some(&b'$') => break,
                b';' => break,
                byte if byte.is_ascii_whitespace() => break,
                b'\\' => self.escape(&mut word),
                byte => {
                    word.push(byte);
                    self.step();
                }
            }
        }
        word
    }

    /// Reads an escape. Nginx keeps the backslash, for regular expressions, unless it knows the escape.
    fn escape(&mut self, word: &mut Vec<u8>) {
        self.step();
        match self.peek() {
            Some(byte @ (b'"' | b'\'' | b'\\')) => word.push(byte),
            Some(b't') => word.push(b'\t'),
            Some(b'r') => word.push(b'\r'),
            Some(b'n') => word.push(b'\n'),
            Some(byte) => word.extend([b'\\', byte]),
            None => word.push(b'\\'),
        }
        self.step();
    }

    /// Skips to the end of a block in another language.
    fn skip_code(&mut self) {
        let mut depth = 1_usize;
        while depth > 0
            && let Some(byte) = self.peek()
        {
            match byte {
                b'{' => depth = depth.saturating_add(1),
                b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.step();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(directives: &[Directive]) -> String {
        let one = |it: &Directive| {
            let block = it.block.as_ref().map_or(String::new(), |block| format!("{{{}}}", shown(block)));
            format!("{}{:?}@{}{block}", it.name, it.args, it.at)
        };
        directives.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn check(text: &str, expected: Result<&str, (usize, &str)>) {
        let found = parse(text, 0).map(|found| shown(&found)).map_err(|error| (error.at, error.reason));
        assert_eq!(found, expected.map(str::to_owned), "{text}");
    }

    #[test]
    fn reads_directives_and_blocks() {
        check("a b; # c;\n d{ e; }", Ok(r#"a["b"]@0 d[]@11{e[]@14}"#));
        check(r#"a "b \" ; {" 'c';"#, Ok(r#"a["b \" ; {", "c"]@0"#));
        check(r"location ~ /\. {}", Ok(r#"location["~", "/\\."]@0{}"#));
        check("a ${b}c $d}e;", Ok(r#"a["${b}c", "$d}e"]@0"#));
        check("x_by_lua_block { if {} ; } a;", Ok("x_by_lua_block[]@0{} a[]@27"));
        check("\u{feff}a;", Ok("a[]@3"));
        check("", Ok(""));
    }

    #[test]
    fn says_what_is_wrong() {
        check("a { b;", Err((0, "this block is not closed")));
        check("a; }", Err((3, "this } closes nothing")));
        check("a {\n b }", Err((5, "a directive has no ; at its end")));
        check("a", Err((0, "a directive has no ; at its end")));
        check("a 'b;", Err((2, "this quote is not closed")));
        check("; a;", Err((0, "a directive has no name")));
        check(&"a{".repeat(40), Err((65, "blocks lie too deep in each other")));
    }
}
