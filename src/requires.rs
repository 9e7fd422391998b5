//! Flags that require each other in a circle.

use alloc::vec;
use alloc::vec::Vec;

/// The nodes of a graph that lie on a circle, or between two. `targets[node]` are those to which it leads.
///
/// What leads nowhere is taken away until nothing is left to take, then what nothing leads to: linear in the edges.
#[must_use]
pub(crate) fn find_circles(targets: &[Vec<usize>]) -> Vec<usize> {
    let mut sources = vec![Vec::new(); targets.len()];
    for (node, targets) in targets.iter().enumerate() {
        for target in targets {
            if let Some(sources) = sources.get_mut(*target) {
                sources.push(node);
            }
        }
    }
    let mut left = vec![true; targets.len()];
    peel(&mut left, targets, &sources);
    peel(&mut left, &sources, targets);
    left.iter().zip(0..).filter_map(|(left, node)| left.then_some(node)).collect()
}

/// Takes away every node without a way `out` to another that is left, and then those that only had a way there.
fn peel(left: &mut [bool], out: &[Vec<usize>], back: &[Vec<usize>]) {
    let is_left = |left: &[bool], node: &usize| left.get(*node) == Some(&true);
    let mut ways: Vec<usize> =
        out.iter().map(|out| out.iter().filter(|node| is_left(left, node)).count()).collect();
    let mut ends: Vec<usize> =
        ways.iter().zip(0..).filter_map(|(ways, node)| (*ways == 0 && is_left(left, &node)).then_some(node)).collect();
    while let Some(end) = ends.pop() {
        if let Some(left) = left.get_mut(end) {
            *left = false;
        }
        for node in back.get(end).into_iter().flatten() {
            if let Some(ways) = ways.get_mut(*node).filter(|_| is_left(left, node)) {
                *ways = ways.saturating_sub(1);
                if *ways == 0 {
                    ends.push(*node);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(targets: &[&[usize]], circles: &[usize]) {
        let targets: Vec<_> = targets.iter().map(|targets| targets.to_vec()).collect();
        assert_eq!(find_circles(&targets), circles);
    }

    #[test]
    fn finds_what_goes_round() {
        check(&[], &[]);
        check(&[&[]], &[]);
        check(&[&[0]], &[0]);
        check(&[&[1], &[2], &[]], &[]);
        check(&[&[1], &[0]], &[0, 1]);
        // A diamond is none; two edges to the same node are none.
        check(&[&[1, 2], &[3], &[3], &[]], &[]);
        check(&[&[1, 1], &[]], &[]);
        // What leads to a circle, and what a circle leads to, are not on it.
        check(&[&[1], &[2], &[1, 3], &[]], &[1, 2]);
        check(&[&[1], &[2, 4], &[3], &[1], &[]], &[1, 2, 3]);
        check(&[&[0, 1], &[2], &[2]], &[0, 1, 2]);
    }

    #[test]
    fn long_chains_are_no_matter() {
        let mut chain: Vec<_> = (1..=100_000).map(|next| vec![next]).collect();
        chain.push(Vec::new());
        assert!(find_circles(&chain).is_empty());
        chain[100_000].push(0);
        assert_eq!(find_circles(&chain).len(), 100_001);
    }
}
