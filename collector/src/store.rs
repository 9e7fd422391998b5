//! Windows that are complete or may be lost: 48 hours of them, in memory or in a file.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use redb::{Database, DatabaseError, ReadableDatabase, TableDefinition};
use serde::{Deserialize, Serialize};

use crate::collector::Snapshot;
use crate::gaps::Gaps;
use crate::group::Row;
use crate::labels::Labels;
use crate::timing::Timing;
use crate::windows::Windows;

/// The compressed rows of each minute, as JSON lines.
const MINUTES: TableDefinition<u64, &[u8]> = TableDefinition::new("minutes");
/// The [`State`], as JSON.
const STATE: TableDefinition<(), &[u8]> = TableDefinition::new("state");
const FILE: &str = "windows.redb";
/// What the pages of the file may take of memory.
const CACHE_BYTES: usize = 4 << 20;
/// What windows may take of memory where there is no file. Beyond, the oldest are forgotten.
const MEMORY_BYTES: usize = 24 << 20;
/// Minutes that stay longer than they are answered for, for answers that have begun.
const SPARE: u64 = 10;

/// The place where windows are kept.
#[derive(Debug)]
pub struct Store {
    backend: Backend,
    collector: String,
    timing: Timing,
}

#[derive(Debug)]
enum Backend {
    Memory(Mutex<Memory>),
    File(Box<Database>),
}

#[derive(Debug, Default)]
struct Memory {
    minutes: BTreeMap<u64, Vec<u8>>,
    bytes: usize,
    forgotten: u64,
}

/// What a process must know of the one before.
#[derive(Debug, Deserialize, Serialize)]
struct State {
    /// A name for all processes that use this file.
    collector: String,
    window: u64,
    horizon: u64,
    /// The time of this write.
    time: f64,
    through: u64,
    /// Whether the process ended after this write, by itself.
    is_clean: bool,
    gaps: Vec<(u64, u64)>,
    labels: Labels,
}

impl Store {
    /// Opens the folder, or memory, and returns what an earlier process has counted. What it may have lost is a gap.
    ///
    /// # Errors
    ///
    /// The folder cannot be written, another process uses it, or its windows have another length. A damaged file is no
    /// error: it is put aside.
    pub fn open(folder: Option<&Path>, timing: Timing, now: f64) -> anyhow::Result<(Self, Windows, Labels)> {
        let Some(folder) = folder else {
            let backend = Backend::Memory(Mutex::default());
            let store = Self { backend, collector: new_name()?, timing };
            return Ok((store, fresh(timing, now), Labels::default()));
        };
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let path = folder.join(FILE);
        let (database, state) = match open(&path) {
            Err(error) if is_damage(&error) => {
                put_aside(&path)?;
                open(&path)?
            }
            opened => opened?,
        };
        let backend = Backend::File(Box::new(database));
        let Some(state) = state else {
            let store = Self { backend, collector: new_name()?, timing };
            return Ok((store, fresh(timing, now), Labels::default()));
        };
        if (state.window, state.horizon) != (timing.window_seconds(), timing.horizon_seconds()) {
            let State { window, horizon, .. } = state;
            let path = path.display();
            bail!("{path} was written with --window {window} --horizon {horizon}; use these, or another --data");
        }
        let store = Self { backend, collector: state.collector.clone(), timing };
        let windows = store.restore(&state, now)?;
        Ok((store, windows, state.labels))
    }

    /// The windows that are still counted, with the gaps until now.
    fn restore(&self, state: &State, now: f64) -> anyhow::Result<Windows> {
        let timing = self.timing;
        if timing.minute(now) < timing.first_kept(state.time) {
            // The clock was days ahead: nothing that is stored can be told from what is to come.
            self.clear()?;
            return Ok(fresh(timing, now));
        }
        let mut gaps = Gaps::new(state.gaps.iter().copied());
        let (from, to) = (state.time.min(now), state.time.max(now));
        let lost = if state.is_clean && state.time <= now { timing.minute(from) } else { timing.first_open(from) };
        gaps.add(lost, timing.minute(to));
        let through = state.through.max(timing.last_final(now));
        let mut windows = Windows::new(timing, gaps, through);
        for minute in self.minutes_from(through.saturating_add(1))? {
            windows.restore(parse(&self.text(minute)?)?);
        }
        Ok(windows)
    }

    /// Returns the name of the collector.
    #[must_use]
    pub fn collector(&self) -> &str {
        &self.collector
    }

    /// Whether minutes that are not final should be written as well, because they outlive the process.
    #[must_use]
    pub const fn is_file(&self) -> bool {
        matches!(self.backend, Backend::File(_))
    }

    /// Writes a snapshot, and forgets what is too old. `is_clean` says that nothing will be counted after it.
    ///
    /// # Errors
    ///
    /// The file cannot be written; it is as before.
    pub fn write(&self, snapshot: &Snapshot, is_clean: bool) -> anyhow::Result<()> {
        let old = self.timing.first_kept(snapshot.time).saturating_sub(SPARE);
        let compressed = |(minute, rows): &(u64, Vec<Row>)| anyhow::Ok((*minute, compress(&lines(rows)?)?));
        let minutes = snapshot.minutes.iter().map(compressed);
        match &self.backend {
            Backend::Memory(memory) => {
                let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
                for minute in minutes {
                    let (minute, bytes) = minute?;
                    memory.insert(minute, bytes, old);
                }
                Ok(())
            }
            Backend::File(database) => {
                let state = State {
                    collector: self.collector.clone(),
                    window: self.timing.window_seconds(),
                    horizon: self.timing.horizon_seconds(),
                    time: snapshot.time,
                    through: snapshot.through,
                    is_clean,
                    gaps: snapshot.gaps.clone(),
                    labels: snapshot.labels.clone(),
                };
                let writing = database.begin_write()?;
                {
                    let mut table = writing.open_table(MINUTES)?;
                    for minute in minutes {
                        let (minute, bytes) = minute?;
                        table.insert(minute, bytes.as_slice())?;
                    }
                    table.retain_in(..old, |_, _| false)?;
                    writing.open_table(STATE)?.insert((), serde_json::to_vec(&state)?.as_slice())?;
                }
                writing.commit()?;
                Ok(())
            }
        }
    }

    /// Returns the rows of a minute, as JSON lines.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn text(&self, minute: u64) -> anyhow::Result<String> {
        let bytes = match &self.backend {
            Backend::Memory(memory) => {
                memory.lock().unwrap_or_else(PoisonError::into_inner).minutes.get(&minute).cloned()
            }
            Backend::File(database) => {
                let reading = database.begin_read()?;
                match reading.open_table(MINUTES) {
                    Ok(table) => table.get(minute)?.map(|bytes| bytes.value().to_vec()),
                    Err(redb::TableError::TableDoesNotExist(_)) => None,
                    Err(error) => return Err(error.into()),
                }
            }
        };
        let mut text = String::new();
        if let Some(bytes) = bytes {
            DeflateDecoder::new(bytes.as_slice()).read_to_string(&mut text)?;
        }
        Ok(text)
    }

    /// Returns the first minute that is kept.
    #[must_use]
    pub fn first_kept(&self, now: f64) -> u64 {
        let forgotten = match &self.backend {
            Backend::Memory(memory) => memory.lock().unwrap_or_else(PoisonError::into_inner).forgotten,
            Backend::File(_) => 0,
        };
        self.timing.first_kept(now).max(forgotten)
    }

    /// The minutes that are stored, from one on.
    fn minutes_from(&self, from: u64) -> anyhow::Result<Vec<u64>> {
        let Backend::File(database) = &self.backend else { return Ok(Vec::new()) };
        let reading = database.begin_read()?;
        let table = match reading.open_table(MINUTES) {
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            table => table?,
        };
        table.range(from..)?.map(|entry| Ok(entry?.0.value())).collect()
    }

    fn clear(&self) -> anyhow::Result<()> {
        let Backend::File(database) = &self.backend else { return Ok(()) };
        let writing = database.begin_write()?;
        writing.delete_table(MINUTES)?;
        writing.commit()?;
        Ok(())
    }
}

impl Memory {
    fn insert(&mut self, minute: u64, bytes: Vec<u8>, old: u64) {
        self.bytes = self.bytes.saturating_add(bytes.len());
        let replaced = self.minutes.insert(minute, bytes);
        self.bytes = self.bytes.saturating_sub(replaced.map_or(0, |bytes| bytes.len()));
        while let Some(oldest) = self.minutes.first_entry() {
            let is_large = self.bytes > MEMORY_BYTES;
            if !is_large && *oldest.key() >= old {
                break;
            }
            if is_large {
                self.forgotten = oldest.key().saturating_add(1);
            }
            self.bytes = self.bytes.saturating_sub(oldest.remove().len());
        }
    }
}

/// Windows of a process that knows of none before it.
fn fresh(timing: Timing, now: f64) -> Windows {
    let is_begun = timing.start(timing.minute(now)) < now;
    let first = timing.minute(now).saturating_add(u64::from(is_begun));
    Windows::new(timing, Gaps::new(first.checked_sub(1).map(|last| (0, last))), timing.last_final(now))
}

fn open(path: &Path) -> anyhow::Result<(Database, Option<State>)> {
    // Where the process was killed the file is checked anyhow; a small one takes milliseconds.
    let mut builder = Database::builder();
    let builder = builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    let database = builder.create(path).with_context(|| format!("cannot open {}", path.display()))?;
    let reading = database.begin_read()?;
    let state = match reading.open_table(STATE) {
        Err(redb::TableError::TableDoesNotExist(_)) => None,
        table => {
            let bytes = table?.get(())?.map(|bytes| bytes.value().to_vec());
            bytes.map(|bytes| serde_json::from_slice(&bytes)).transpose()?
        }
    };
    drop(reading);
    Ok((database, state))
}

/// Whether a file is no database of ours, or was changed by something else.
fn is_damage(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<DatabaseError>() {
        Some(DatabaseError::Storage(redb::StorageError::Io(error))) => error.kind() == std::io::ErrorKind::InvalidData,
        Some(DatabaseError::Storage(_) | DatabaseError::RepairAborted) => true,
        Some(_) => false,
        None => error.is::<serde_json::Error>() || error.is::<redb::TableError>() || error.is::<redb::StorageError>(),
    }
}

/// Renames a damaged file, so that somebody can look at it.
fn put_aside(path: &Path) -> anyhow::Result<PathBuf> {
    let aside = path.with_extension("damaged");
    fs::rename(path, &aside).with_context(|| format!("cannot rename the damaged {}", path.display()))?;
    Ok(aside)
}

/// Returns rows as JSON lines.
///
/// # Errors
///
/// None in practice.
pub fn lines(rows: &[Row]) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut text, row)?;
        text.push(b'\n');
    }
    Ok(text)
}

fn parse(text: &str) -> anyhow::Result<Vec<Row>> {
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

fn compress(text: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text)?;
    Ok(encoder.finish()?)
}

fn new_name() -> anyhow::Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).context("no random bytes")?;
    Ok(format!("{:016x}", u64::from_ne_bytes(bytes)))
}
