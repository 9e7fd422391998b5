//! Flags that require each other in a circle, or too many in a row: nothing that they could be would be right.

use alloc::vec::Vec;

use crate::config::Config;
use crate::evaluation::flag::Flag;
use crate::json::document::Members;

/// How many flags may require each other in a row, which is how deep an evaluation goes.
const MAX_CHAIN: usize = 64;

/// Tarjan's search for strongly connected components, without recursion because a row may be long.
struct Search<'a> {
    config: &'a Config,
    states: Vec<State>,
    /// The flags that are not done.
    open: Vec<usize>,
    visits: Vec<Visit<'a>>,
}

/// How far the search is with a flag.
#[derive(Clone, Copy)]
enum State {
    Unseen,
    /// The lowest place among the open ones to which it leads back.
    Open(usize),
    /// How many flags are in a row from here; none where it is in a circle, for those are not followed.
    Done(usize),
}

/// A flag that waits for those which it requires.
struct Visit<'a> {
    flag: usize,
    requires: Members<'a>,
    place: usize,
    low: usize,
    height: usize,
}

/// The places, among the sorted keys, of all such flags.
pub(crate) fn find(config: &Config) -> Vec<usize> {
    let state = |flag| if config.flag(flag).is_some() { State::Unseen } else { State::Done(0) };
    let states = (0..config.flag_count()).map(state).collect();
    let mut search = Search { config, states, open: Vec::new(), visits: Vec::new() };
    let mut found = Vec::new();
    for flag in 0..config.flag_count() {
        if matches!(search.states.get(flag), Some(State::Unseen)) {
            search.enter(flag);
        }
        while search.follow() {
            search.leave(&mut found);
        }
    }
    found
}

impl Search<'_> {
    fn enter(&mut self, flag: usize) {
        let place = self.open.len();
        if let Some(requires) = self.config.flag(flag).map(Flag::requires) {
            self.set(flag, State::Open(place));
            self.open.push(flag);
            self.visits.push(Visit { flag, requires, place, low: usize::MAX, height: 1 });
        }
    }

    /// Goes on until all that the last flag requires has been seen; not, if there is no flag left.
    fn follow(&mut self) -> bool {
        while let Some(last) = self.visits.last_mut() {
            let mut rest = last.requires.clone();
            let Some((name, _)) = rest.next() else { return true };
            let other = self.config.find(name.as_text()).and_then(|other| Some((other, self.states.get(other)?)));
            match other {
                // Which is looked at again when it has been left.
                Some((other, State::Unseen)) => {
                    self.enter(other);
                    continue;
                }
                Some((_, State::Open(low))) => last.low = last.low.min(*low),
                Some((_, State::Done(height))) => last.height = last.height.max(height.saturating_add(1)),
                None => {}
            }
            last.requires = rest;
        }
        false
    }

    fn leave(&mut self, found: &mut Vec<usize>) {
        let Some(Visit { flag, place, low, height, .. }) = self.visits.pop() else { return };
        if low < place {
            return self.set(flag, State::Open(low));
        }
        let circle = low == place;
        for flag in self.open.split_off(place) {
            self.set(flag, State::Done(if circle { 0 } else { height }));
            if circle || height > MAX_CHAIN {
                found.push(flag);
            }
        }
    }

    fn set(&mut self, flag: usize, state: State) {
        if let Some(before) = self.states.get_mut(flag) {
            *before = state;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::string::String;
    use std::vec;

    /// `a>b,c;b>` stands for a flag `a` that requires `b` and `c`, and a flag `b`.
    #[track_caller]
    fn check(graph: &str, expected: &[&str]) {
        let flags: Vec<String> = graph
            .split(';')
            .map(|flag| {
                let (key, others) = flag.split_once('>').unwrap();
                let others: Vec<_> = others
                    .split(',')
                    .filter(|other| !other.is_empty())
                    .map(|other| format!("\"{other}\": true"))
                    .collect();
                format!("\"{key}\": {{\"requires\": {{{}}}}}", others.join(", "))
            })
            .collect();
        let text = format!(r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{{}}}}}"#, flags.join(", "));
        let (config, warnings) = Config::parse(text.as_bytes()).unwrap();
        let (keys, mut found): (Vec<_>, Vec<_>) = (config.flag_keys().collect(), vec![]);
        for (index, key) in keys.iter().enumerate() {
            if config.flag(index).is_none() {
                found.push(*key);
            }
        }
        assert_eq!(found, expected, "{graph}");
        assert_eq!(warnings.len(), expected.len(), "{graph}");
    }

    fn row(length: usize, last: &str) -> String {
        let flags: Vec<_> = (1..length).map(|flag| format!("f{flag:05}>f{:05}", flag.saturating_add(1))).collect();
        format!("{};f{length:05}>{last}", flags.join(";"))
    }

    #[test]
    fn finds_circles() {
        check("a>", &[]);
        check("a>none", &[]);
        check("a>a", &["a"]);
        check("a>b;b>a", &["a", "b"]);
        check("a>b;b>c;c>a", &["a", "b", "c"]);
        check("a>b,c;b>a;c>a", &["a", "b", "c"]);
        check("a>b,c;b>;c>b", &[]);
    }

    #[test]
    fn what_leads_to_a_circle_or_comes_from_one_is_in_none() {
        check("a>b;b>c;c>b", &["b", "c"]);
        check("a>b;b>a,c;c>", &["a", "b"]);
        check("a>b;b>a,c;c>d;d>e;e>d", &["a", "b", "d", "e"]);
        // Seen twice from outside, the second time when its circle is done.
        check("a>b,c;b>c;c>b", &["b", "c"]);
        check("a>b,d;b>c;c>a;d>c", &["a", "b", "c", "d"]);
    }

    #[test]
    fn a_row_has_an_end() {
        check(&row(64, ""), &[]);
        check(&row(65, ""), &["f00001"]);
        check(&row(66, "f00067"), &["f00001", "f00002"]);
        check(&row(64, "x;x>x"), &["x"]);
        check(
            &row(65, "f00002"),
            &row(65, "").split(';').skip(1).map(|flag| flag.split_once('>').unwrap().0).collect::<Vec<_>>(),
        );
    }
}
