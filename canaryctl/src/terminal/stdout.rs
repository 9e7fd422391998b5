//! Standard output for people: text from files cannot send sequences to the terminal.

use std::io::{self, StdoutLock, Write};

use crate::terminal::color::{Paint, neutral};
use crate::terminal::output::Output;

/// A writer that keeps the output until it is flushed, and replaces control characters in it. What this program sends itself,
/// colors, stays.
#[derive(Debug)]
pub(crate) struct Stdout {
    out: StdoutLock<'static>,
    text: Vec<u8>,
    /// Machines get the bytes as they are.
    is_raw: bool,
}

/// Standard output in a format.
pub(crate) fn stdout(output: Output) -> Stdout {
    Stdout { out: io::stdout().lock(), text: Vec::new(), is_raw: output == Output::Json }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_raw { self.out.write(bytes) } else { self.text.write(bytes) }
    }

    fn flush(&mut self) -> io::Result<()> {
        let text = std::mem::take(&mut self.text);
        self.out.write_all(neutral(&String::from_utf8_lossy(&text), Paint::for_stdout()).as_bytes())?;
        self.out.flush()
    }
}

impl Drop for Stdout {
    fn drop(&mut self) {
        let _ = self.flush();
    }
}
