//! `canaryctl bucket`: prints the bucket of each key.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::process::ExitCode;

use anyhow::Context;
use canary_runtime::bucketing::{Domain, bucket};
use canary_runtime::config::is_identifier;
use clap::ValueEnum;
use serde_json::json;

use crate::population::keys::trim_line_end;
use crate::terminal::output::Output;

/// The size of the read and write buffers, in bytes.
const BUFFER: usize = 1 << 16;

/// Print the bucket of each key, from 0 to 99999.
///
/// One line per key: the bucket, a tab, the key. A percentage covers the buckets from 0 up: 5 % are the buckets below 5000.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl bucket --salt release-1.5.0 user-1 user-2
  canaryctl bucket --salt new-checkout --domain flag <ids.txt | awk '$1 < 25000'")]
pub(crate) struct Args {
    /// The config's SALT, or a flag's key.
    #[arg(long, value_name = "S", value_parser = parse_salt)]
    salt: String,
    /// The decision: the bundle, the percentage of a flag, or the variant of a flag.
    #[arg(long, value_enum, default_value = "canary")]
    domain: DomainName,
    /// The keys [default: the lines of standard input].
    #[arg(value_name = "KEY")]
    keys: Vec<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DomainName {
    Canary,
    Flag,
    Variant,
}

impl From<DomainName> for Domain {
    fn from(name: DomainName) -> Self {
        match name {
            DomainName::Canary => Self::Canary,
            DomainName::Flag => Self::Flag,
            DomainName::Variant => Self::Variant,
        }
    }
}

fn parse_salt(text: &str) -> Result<String, &'static str> {
    if is_identifier(text) { Ok(text.to_owned()) } else { Err("expected 1 to 64 of A-Z a-z 0-9 _ . -") }
}

/// Prints the buckets of all keys.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
    let mut printer = Printer { domain: args.domain.into(), salt: &args.salt, output, out };
    if args.keys.is_empty() {
        printer.print_lines(io::stdin().lock())?;
    }
    for (key, number) in args.keys.iter().zip(1..) {
        printer.print(key.as_bytes()).with_context(|| format!("key {number}"))?;
    }
    printer.out.flush()?;
    Ok(ExitCode::SUCCESS)
}

struct Printer<'a, W> {
    domain: Domain,
    salt: &'a str,
    output: Output,
    out: W,
}

impl<W: Write> Printer<'_, W> {
    fn print_lines(&mut self, input: impl Read) -> anyhow::Result<()> {
        let mut input = BufReader::with_capacity(BUFFER, input);
        let mut line = Vec::new();
        for number in 1_u64.. {
            if input.buffer().is_empty() {
                // The next read may block, and the writer of the keys may wait for the answers so far.
                self.out.flush()?;
            }
            line.clear();
            if input.read_until(b'\n', &mut line).context("cannot read standard input")? == 0 {
                break;
            }
            self.print(trim_line_end(&line)).with_context(|| format!("line {number}"))?;
        }
        Ok(())
    }

    fn print(&mut self, key: &[u8]) -> anyhow::Result<()> {
        let key = str::from_utf8(key).context("not UTF-8")?;
        anyhow::ensure!(!key.is_empty(), "an empty key, which has no bucket");
        let bucket = bucket(self.domain, self.salt, key);
        match self.output {
            Output::Text => writeln!(self.out, "{bucket}\t{key}"),
            Output::Json => writeln!(self.out, "{}", json!({"bucket": bucket, "key": key})),
        }?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn print(input: &[u8], output: Output) -> (String, Option<String>) {
        let mut printer = Printer { domain: Domain::Canary, salt: "canary", output, out: Vec::new() };
        let error = printer.print_lines(input).err().map(|error| format!("{error:#}"));
        (String::from_utf8(printer.out).unwrap(), error)
    }

    #[test]
    fn each_line_is_a_key() {
        let expected = ("38594\tuser-1\n44029\tuser-2\n".to_owned(), None);
        for input in ["user-1\nuser-2\n", "user-1\nuser-2", "user-1\r\nuser-2\r\n"] {
            assert_eq!(print(input.as_bytes(), Output::Text), expected, "{input:?}");
        }
        assert_eq!(print(b"", Output::Text), (String::new(), None));
    }

    #[test]
    fn json_has_bucket_and_key() {
        let line = "{\"bucket\":38594,\"key\":\"user-1\"}\n".to_owned();
        assert_eq!(print(b"user-1\n", Output::Json), (line, None));
    }

    #[test]
    fn errors_name_the_line() {
        for (input, message) in [
            (&b"user-1\n\nuser-2\n"[..], "line 2: an empty key, which has no bucket"),
            (b"user-1\n\r\n", "line 2: an empty key, which has no bucket"),
            (b"user-1\n\xff\n", "line 2: not UTF-8: invalid utf-8 sequence of 1 bytes from index 0"),
        ] {
            assert_eq!(print(input, Output::Text), ("38594\tuser-1\n".to_owned(), Some(message.to_owned())));
        }
    }
}
