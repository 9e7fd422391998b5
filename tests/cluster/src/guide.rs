//! The operations guide, whose commands the tests run without changes.

use canary_e2e::files;
use regex::Regex;
use std::sync::{Mutex, PoisonError};

/// The commands of the guide, in code blocks and inline code, and which of them a test has run.
#[derive(Debug)]
pub struct OperationsGuide {
    blocks: Vec<String>,
    used: Mutex<Vec<bool>>,
}

impl OperationsGuide {
    /// Reads the commands from `docs/operations.md`.
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
        // Without an argument, as in `git revert`, it is the name of a command.
        let inline_code =
            Regex::new(r"`((?:canaryctl|git|kubectl)(?:\s+[^`\s]+){2,})`").unwrap_or_else(|e| panic!("{e}"));
        for found in inline_code.captures_iter(&prose) {
            let command = found[1].split_whitespace().collect::<Vec<_>>().join(" ");
            if !blocks.iter().any(|block| block.contains(&command)) {
                blocks.push(format!("{command}\n"));
            }
        }
        let used = Mutex::new(vec![false; blocks.len()]);
        Self { blocks, used }
    }

    /// The one code block or inline command that contains `text`; marks it as used.
    ///
    /// # Panics
    ///
    /// When no command contains `text`, or more than one does.
    #[track_caller]
    #[must_use]
    pub fn block(&self, text: &str) -> String {
        let mut found = self.blocks.iter().enumerate().filter(|(_, block)| block.contains(text));
        let (index, block) = found.next().unwrap_or_else(|| panic!("the guide has no command with {text:?}"));
        assert!(found.next().is_none(), "the guide has more than one command with {text:?}");
        self.used.lock().unwrap_or_else(PoisonError::into_inner)[index] = true;
        block.clone()
    }

    /// The one line of a code block that contains `text`, without its trailing comment.
    #[track_caller]
    #[must_use]
    pub fn line(&self, text: &str) -> String {
        let block = self.block(text);
        let mut lines = block.lines().filter(|line| line.contains(text));
        let line = lines.next().unwrap_or_default();
        assert!(lines.next().is_none(), "more than one line with {text:?}");
        line.split("  #").next().unwrap_or_default().trim().to_owned()
    }

    /// The commands that no test has used.
    #[must_use]
    pub fn unused(&self) -> Vec<&str> {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        self.blocks.iter().zip(used.iter()).filter(|(_, used)| !**used).map(|(block, _)| block.as_str()).collect()
    }
}
