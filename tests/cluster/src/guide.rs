//! The operations guide, whose commands are run as they stand.

use canary_e2e::files;
use regex::Regex;
use std::sync::{Mutex, PoisonError};

/// A guide's commands: whole blocks, and those within a sentence; and which of them were taken.
#[derive(Debug)]
pub struct Guide {
    blocks: Vec<String>,
    taken: Mutex<Vec<bool>>,
}

impl Guide {
    /// Reads `docs/operations.md`.
    #[track_caller]
    #[must_use]
    pub fn read() -> Self {
        let text = files::read(&files::repo("docs/operations.md"));
        let (mut blocks, mut prose) = (vec![], String::new());
        let mut inside = false;
        for line in text.lines() {
            let command = line.strip_prefix("    ");
            match (command, blocks.last_mut()) {
                (Some(command), Some(block)) if inside => *block = format!("{block}{command}\n"),
                (Some(command), _) => blocks.push(format!("{command}\n")),
                (None, _) => prose = format!("{prose}{line} "),
            }
            inside = command.is_some();
        }
        // What has no argument, as `git revert`, is the name of a command and not one.
        let span = Regex::new(r"`((?:canaryctl|git|kubectl)(?:\s+[^`\s]+){2,})`").unwrap_or_else(|e| panic!("{e}"));
        for found in span.captures_iter(&prose) {
            let command = found[1].split_whitespace().collect::<Vec<_>>().join(" ");
            if !blocks.iter().any(|block| block.contains(&command)) {
                blocks.push(format!("{command}\n"));
            }
        }
        let taken = Mutex::new(vec![false; blocks.len()]);
        Self { blocks, taken }
    }

    /// The one block, or command in a sentence, with `text` in it.
    ///
    /// # Panics
    ///
    /// When there is none, or more than one.
    #[track_caller]
    #[must_use]
    pub fn block(&self, text: &str) -> String {
        let mut found = self.blocks.iter().enumerate().filter(|(_, block)| block.contains(text));
        let (index, block) = found.next().unwrap_or_else(|| panic!("the guide has no command with {text:?}"));
        assert!(found.next().is_none(), "the guide has more than one command with {text:?}");
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)[index] = true;
        block.clone()
    }

    /// The one line with `text` in it, without its remark.
    #[track_caller]
    #[must_use]
    pub fn line(&self, text: &str) -> String {
        let block = self.block(text);
        let mut lines = block.lines().filter(|line| line.contains(text));
        let line = lines.next().unwrap_or_default();
        assert!(lines.next().is_none(), "more than one line with {text:?}");
        line.split("  #").next().unwrap_or_default().trim().to_owned()
    }

    /// The commands that nobody took.
    #[must_use]
    pub fn left(&self) -> Vec<&str> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        self.blocks.iter().zip(taken.iter()).filter(|(_, taken)| !**taken).map(|(block, _)| block.as_str()).collect()
    }
}
