//! Cycles in the dependencies between flags, and chains that are too long to evaluate.

use alloc::vec::Vec;

/// The maximum number of flags in a chain of dependencies, which is the depth of an evaluation.
const MAX_CHAIN: usize = 64;

/// Tarjan's algorithm for strongly connected components, without recursion because a chain may be long.
struct Search<Edges, Iter> {
    edges: Edges,
    states: Vec<State>,
    /// The flags whose component is not complete.
    stack: Vec<usize>,
    visits: Vec<Visit<Iter>>,
}

/// The progress of the search at a flag.
#[derive(Clone, Copy, Debug)]
enum State {
    Unvisited,
    /// On the stack, with the lowest stack index that it is known to reach.
    Open(usize),
    /// Complete, with the length of the longest chain that starts here; 0 if the flag is in a cycle, because those are
    /// not evaluated.
    Done(usize),
}

/// A flag whose dependencies are being visited.
struct Visit<Iter> {
    flag: usize,
    /// The dependencies that have not been visited.
    rest: Iter,
    stack_index: usize,
    /// The lowest stack index that its dependencies reach.
    low: usize,
    /// The length of the longest chain that starts here.
    chain: usize,
}

/// The progress of a search at all flags, which a later search over more flags goes on from.
#[derive(Debug)]
pub(crate) struct Progress(Vec<State>);

impl Progress {
    /// Creates the progress of a search that has visited no flag.
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }
}

/// Returns the flags that are in a cycle or start too long a chain, without those that an earlier search has visited. There
/// are `count` flags, and `edges` returns the dependencies of one.
pub(crate) fn find<Iter: Iterator<Item = usize> + Clone>(
    progress: &mut Progress,
    count: usize,
    edges: impl Fn(usize) -> Iter,
) -> Vec<usize> {
    let first = progress.0.len();
    let mut states = core::mem::take(&mut progress.0);
    states.resize(count, State::Unvisited);
    let mut search = Search { edges, states, stack: Vec::new(), visits: Vec::new() };
    let mut found = Vec::new();
    for flag in first..count {
        if matches!(search.states.get(flag), Some(State::Unvisited)) {
            search.enter(flag);
        }
        while search.visit_dependencies() {
            search.leave(&mut found);
        }
    }
    progress.0 = search.states;
    found
}

impl<Edges: Fn(usize) -> Iter, Iter: Iterator<Item = usize> + Clone> Search<Edges, Iter> {
    fn enter(&mut self, flag: usize) {
        let (rest, stack_index) = ((self.edges)(flag), self.stack.len());
        self.set_state(flag, State::Open(stack_index));
        self.stack.push(flag);
        self.visits.push(Visit { flag, rest, stack_index, low: usize::MAX, chain: 1 });
    }

    /// Enters flags until all dependencies of the last one have been visited. Returns false if no flag is left.
    fn visit_dependencies(&mut self) -> bool {
        while let Some(last) = self.visits.last_mut() {
            let mut rest = last.rest.clone();
            let Some(next) = rest.next() else { return true };
            match self.states.get(next) {
                // It is looked at again when it has been left.
                Some(State::Unvisited) => {
                    self.enter(next);
                    continue;
                }
                Some(State::Open(low)) => last.low = last.low.min(*low),
                Some(State::Done(chain)) => last.chain = last.chain.max(chain.saturating_add(1)),
                None => {}
            }
            last.rest = rest;
        }
        false
    }

    fn leave(&mut self, found: &mut Vec<usize>) {
        let Some(Visit { flag, stack_index, low, chain, .. }) = self.visits.pop() else { return };
        if low < stack_index {
            return self.set_state(flag, State::Open(low));
        }
        let is_cycle = low == stack_index;
        for flag in self.stack.split_off(stack_index) {
            self.set_state(flag, State::Done(if is_cycle { 0 } else { chain }));
            if is_cycle || chain > MAX_CHAIN {
                found.push(flag);
            }
        }
    }

    fn set_state(&mut self, flag: usize, state: State) {
        if let Some(before) = self.states.get_mut(flag) {
            *before = state;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    /// Checks a graph such as `1,2;2;`: flag 0 requires 1 and 2, flag 1 requires 2, flag 2 requires nothing.
    #[track_caller]
    fn check(graph: &str, expected: &[usize]) {
        let edges: Vec<Vec<usize>> = graph
            .split(';')
            .map(|edges| edges.split(',').filter(|edge| !edge.is_empty()).map(|edge| edge.parse().unwrap()).collect())
            .collect();
        check_edges(&edges, expected);
    }

    #[track_caller]
    fn check_edges(edges: &[Vec<usize>], expected: &[usize]) {
        let mut found = find(&mut Progress::new(), edges.len(), |flag| edges[flag].iter().copied());
        found.sort_unstable();
        assert_eq!(found, expected);
    }

    /// A chain in which each flag requires the next one.
    fn chain(length: usize) -> Vec<Vec<usize>> {
        (1..=length).map(|next| if next < length { vec![next] } else { vec![] }).collect()
    }

    #[test]
    fn finds_cycles() {
        check("", &[]);
        check("7", &[]);
        check("0", &[0]);
        check("1;0", &[0, 1]);
        check("1;2;0", &[0, 1, 2]);
        check("1,2;0;0", &[0, 1, 2]);
        check("1,2;;1", &[]);
    }

    #[test]
    fn a_flag_that_only_leads_to_a_cycle_or_away_from_one_is_not_in_it() {
        check("1;2;1", &[1, 2]);
        check("1;0,2;", &[0, 1]);
        check("1;0,2;3;4;3", &[0, 1, 3, 4]);
        // Reached twice from outside, the second time when the cycle is complete.
        check("1,2;2;1", &[1, 2]);
        check("1,3;2;0;2", &[0, 1, 2, 3]);
    }

    #[test]
    fn a_search_goes_on_with_more_flags() {
        let (edges, mut progress) = ([vec![], vec![0], vec![3, 1], vec![2], vec![3]], Progress::new());
        let mut find = |count| find(&mut progress, count, |flag| edges[flag].iter().copied());
        assert_eq!((find(2), find(4), find(5)), (vec![], vec![2, 3], vec![]));
    }

    #[test]
    fn chains_are_limited() {
        check_edges(&chain(64), &[]);
        check_edges(&chain(65), &[0]);
        check_edges(&chain(66), &[0, 1]);
        let mut to_itself = chain(65);
        to_itself[64] = vec![64];
        check_edges(&to_itself, &[64]);
        let mut cycle = chain(65);
        cycle[64] = vec![1];
        check_edges(&cycle, &(1..65).collect::<Vec<_>>());
        check_edges(&chain(10_000), &(0..9_936).collect::<Vec<_>>());
    }
}
