//! Plans: the answers to the requests for a path.

use super::reply::Reply;
use std::fmt;

/// The answers for a path by the number of the request.
pub struct Plan(Box<dyn Fn(usize) -> Reply + Send>);

impl Plan {
    /// The first `count` requests get `reply`, later ones the file.
    #[must_use]
    pub fn first(count: usize, reply: Reply) -> Self {
        Self(Box::new(move |number| if number < count { reply.clone() } else { Reply::sound() }))
    }

    /// The `nth` request, counted from 1, and all after it get `reply`.
    #[must_use]
    pub fn from_nth(nth: usize, reply: Reply) -> Self {
        Self(Box::new(move |number| if number + 1 < nth { Reply::sound() } else { reply.clone() }))
    }

    /// One after the other, then again from the first.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[track_caller]
    #[must_use]
    pub fn alternating(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Vec<_> = replies.into_iter().collect();
        assert!(!replies.is_empty(), "no replies to alternate between");
        Self(Box::new(move |number| replies[number % replies.len()].clone()))
    }
}

impl From<Reply> for Plan {
    fn from(reply: Reply) -> Self {
        Self(Box::new(move |_| reply.clone()))
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plan")
    }
}

/// All plans, with the number of uses of each.
#[derive(Debug, Default)]
pub(super) struct Plans(Vec<(String, Plan, usize)>);

impl Plans {
    /// Replaces the plan of the same path.
    pub(super) fn set(&mut self, path: &str, plan: Plan) {
        self.0.retain(|(other, ..)| other != path);
        self.0.push((path.to_owned(), plan, 0));
    }

    /// The answer to one more request for `path`.
    pub(super) fn next(&mut self, path: &str) -> Reply {
        let Some((_, plan, used)) = self.0.iter_mut().rev().find(|(pattern, ..)| matches(pattern, path)) else {
            return Reply::sound();
        };
        *used += 1;
        plan.0(*used - 1)
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == path,
        Some((start, end)) => path.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
    }
}
