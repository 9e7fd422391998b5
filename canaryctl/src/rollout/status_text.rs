//! The state of a rollout in the terminal, at most 80 columns wide.

use std::fmt::Write as _;

use canary_rollout::time;

use crate::rollout::metric_table::{WIDTH, table, wrap};
use crate::rollout::status::Status;
use crate::terminal::chart::Style;
use crate::terminal::format::{thousands, truncate};

/// Columns before a fact: two spaces, its name, a space.
const LABEL: usize = 11;

impl Status {
    /// One line: the sentence. It is what `--wait` and the controller's log append at each change.
    pub(crate) fn line(&self) -> String {
        let error = self.error.as_ref().map(|error| format!(" The last step failed: {error}.")).unwrap_or_default();
        format!("{}{error}", self.sentence)
    }

    /// The whole state.
    pub(crate) fn text(&self, style: Style) -> String {
        let mut text = self.title();
        let line = self.line();
        let line = line.strip_prefix(&self.state).unwrap_or(&line);
        for part in wrap(&format!("{}{line}", self.state.to_uppercase()), WIDTH) {
            let _ = writeln!(text, "{part}");
        }
        if self.run.is_some() {
            let _ = writeln!(text, "\n{}", self.steps_line(style));
        }
        for (name, value) in self.facts() {
            self::fact(&mut text, name, &value);
        }
        if let Some(verdict) = self.judged.as_ref().filter(|verdict| !verdict.metrics.is_empty()) {
            let _ = write!(text, "\n{}", table(verdict, style));
        }
        text.push('\n');
        if let Some(commit) = self.commits.last() {
            let hash = commit.hash.get(..7).unwrap_or_default();
            self::fact(&mut text, "commit", &format!("{hash}  {}", commit.subject));
            let signed = if commit.signed { "signed" } else { "not signed" };
            let seen = match &commit.seen {
                Some(seen) => format!("{} first seen in browsers", self.clock(seen)),
                None => "not yet seen in browsers".to_owned(),
            };
            self::fact(&mut text, "", &format!("{} {signed}, {seen}", self.clock(&commit.at)));
        }
        let stop = self.phase != "Succeeded" && self.phase != "Failed" && self.run.is_some();
        let next = match (&self.command, stop) {
            (Some(command), _) => command.clone(),
            (None, true) => "nothing to do; stop with  canaryctl rollout abort".to_owned(),
            (None, false) => "nothing to do".to_owned(),
        };
        self::fact(&mut text, "next", &next);
        text
    }

    fn title(&self) -> String {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let left = format!("{}  {} stable, {} canary", self.name, or_none(&self.stable), or_none(&self.version));
        let time = self.at.get(11..19).unwrap_or_default();
        let right = match &self.run {
            Some(run) => format!("run {run}  step {} of {}   {time}", self.step, self.steps),
            None => time.to_owned(),
        };
        let used = left.chars().count().saturating_add(right.chars().count());
        match WIDTH.checked_sub(used).filter(|gap| *gap >= 2) {
            Some(gap) => format!("{left}{}{right}\n", " ".repeat(gap)),
            None => format!("{}\n{}\n", truncate(&left, WIDTH), truncate(&right, WIDTH)),
        }
    }

    /// `1 % ✓ ── 5 % ● ── 10 % ○ ── promote ○`
    fn steps_line(&self, style: Style) -> String {
        let (done, now, next, dash) = if style.ascii { ("+", "*", "o", "--") } else { ("✓", "●", "○", "──") };
        let mut parts: Vec<_> = self
            .ladder
            .iter()
            .map(|rung| {
                let glyph = match rung.state {
                    "done" => done,
                    "now" => now,
                    _ => next,
                };
                format!("{} % {glyph}", rung.weight)
            })
            .collect();
        let promotion = match self.state.as_str() {
            "Promoted" => done,
            "Promoting" => now,
            _ => next,
        };
        parts.push(format!("promote {promotion}"));
        let mut lines = vec![String::from(" ")];
        for (part, index) in parts.iter().zip(0_usize..) {
            let Some(line) = lines.last_mut() else { continue };
            let joint = if index == 0 { " ".to_owned() } else { format!(" {dash} ") };
            let length = [&*line, &joint, part].map(|text| text.chars().count()).iter().sum::<usize>();
            if length > WIDTH {
                lines.push(format!("  {dash} {part}"));
            } else {
                line.push_str(&joint);
                line.push_str(part);
            }
        }
        lines.join("\n")
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = Vec::new();
        if let Some(clock) = &self.time {
            let [covered, needed] = [clock.covered, clock.needed].map(|it| i64::try_from(it).unwrap_or_default());
            let mut words = format!("{} of {} in this step", short(covered), time::length(needed));
            match (clock.step_left, &clock.run_ends) {
                (Some(left), Some(end)) => {
                    let _ = write!(words, ", {} left; promotion about {}", time::length(left), self.clock(end));
                }
                _ => words.push_str("; the clock stands still"),
            }
            facts.push(("time", words));
        }
        if let (Some(canary), Some(stable)) = (self.views.canary, self.views.stable) {
            let mut words = format!(
                "{} canary (needs {}), {} stable",
                thousands(canary),
                thousands(self.views.needed),
                thousands(stable)
            );
            if let Some(rate) = self.views.per_second {
                let _ = write!(words, "; {rate:.1}/s on the site");
            }
            facts.push(("views", words));
        }
        if let Some(ratio) = &self.share.sample_ratio {
            let seen = self.share.seen.map_or_else(|| "none".to_owned(), |seen| format!("{seen:.1} %"));
            let words = if ratio.ok {
                "sample ratio ok".to_owned()
            } else {
                format!("sample ratio alarm: {} canary views, expected {:.0}", ratio.canary, ratio.expected)
            };
            facts.push(("share", format!("{} % set, {seen} seen; {words}", self.share.set)));
        }
        if let (Some(through), Some(collectors)) = (&self.data.through, &self.data.collectors) {
            let gap = match self.data.gaps.as_slice() {
                [] => "no gap".to_owned(),
                [one] => format!("a gap from {} to {}", self.clock(&one.0), self.clock(&one.1)),
                several => format!("{} gaps", several.len()),
            };
            let stale = if self.data.stale { " (stale)" } else { "" };
            let words = format!(
                "final to {}{stale}, {} of {} collectors, {gap}",
                self.clock(through),
                collectors.seen,
                collectors.expected
            );
            facts.push(("data", words));
        }
        for missing in &self.data.missing {
            facts.push(("", missing.clone()));
        }
        facts
    }

    /// The time of day, with the date where it is not that of the look.
    fn clock(&self, at: &str) -> String {
        let day = at.get(..10).filter(|day| Some(*day) != self.at.get(..10));
        let day = day.map(|day| format!("{day} ")).unwrap_or_default();
        format!("{day}{}", at.get(11..16).unwrap_or_default())
    }
}

/// A length without its unit where that is minutes.
fn short(seconds: i64) -> String {
    let text = time::length(seconds);
    text.strip_suffix(" min").filter(|rest| !rest.contains(' ')).map_or_else(|| text.clone(), str::to_owned)
}

fn fact(text: &mut String, name: &str, value: &str) {
    for (line, index) in wrap(value, WIDTH.saturating_sub(LABEL)).iter().zip(0..) {
        let label = if index == 0 { name } else { "" };
        let _ = writeln!(text, "  {label:8} {}", truncate(line, WIDTH.saturating_sub(LABEL)));
    }
}
