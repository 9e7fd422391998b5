//! Locks that keep two edits of a file, or two commits in a repository, from overlapping.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use anyhow::bail;

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// How many attempts are made: more than a minute of them, because a push may take long.
const ATTEMPTS: usize = 6000;

/// A folder that no other process of this program edits. The system releases it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _folder: Option<File>,
}

impl Lock {
    /// Waits for a folder. A file system without locks, as some of those on a network, grants it at once.
    pub(crate) fn folder(path: &Path) -> anyhow::Result<Self> {
        let Ok(folder) = File::open(path) else { return Ok(Self { _folder: None }) };
        for _ in 0..ATTEMPTS {
            match folder.try_lock() {
                Ok(()) => return Ok(Self { _folder: Some(folder) }),
                Err(TryLockError::WouldBlock) => sleep(PAUSE),
                Err(TryLockError::Error(_)) => return Ok(Self { _folder: None }),
            }
        }
        bail!("another canaryctl has been editing in {} for two minutes: wait for it or end it", path.display())
    }
}
