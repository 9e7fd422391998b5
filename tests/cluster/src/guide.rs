//! The operations guide, whose commands are run as they stand.

use canary_e2e::files;
use std::sync::{Mutex, PoisonError};

/// A guide's blocks of commands, and which of them were taken.
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
        let mut blocks = vec![];
        let mut inside = false;
        for line in files::read(&files::repo("docs/operations.md")).lines() {
            let command = line.strip_prefix("    ");
            match (command, inside) {
                (Some(command), false) => blocks.push(format!("{command}\n")),
                (Some(command), true) => {
                    if let Some(block) = blocks.last_mut() {
                        block.push_str(command);
                        block.push('\n');
                    }
                }
                (None, _) => {}
            }
            inside = command.is_some();
        }
        let taken = Mutex::new(vec![false; blocks.len()]);
        Self { blocks, taken }
    }

    /// The one block with `text` in it.
    ///
    /// # Panics
    ///
    /// When there is none, or more than one.
    #[track_caller]
    #[must_use]
    pub fn block(&self, text: &str) -> String {
        let mut found = self.blocks.iter().enumerate().filter(|(_, block)| block.contains(text));
        let (index, block) = found.next().unwrap_or_else(|| panic!("the guide has no command with {text:?}"));
        assert!(found.next().is_none(), "the guide has more than one block with {text:?}");
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

    /// The blocks that nobody took.
    #[must_use]
    pub fn left(&self) -> Vec<&str> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        self.blocks.iter().zip(taken.iter()).filter(|(_, taken)| !**taken).map(|(block, _)| block.as_str()).collect()
    }
}
