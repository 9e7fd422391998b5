//! What came of a page view that somebody was led to, as the rows of what is remembered and of the page have it.

use crate::fault_site::FaultStage;
use serde_json::Value;

impl FaultStage {
    /// Loads the page and sees one arm, once, with these lines on the console.
    pub async fn leads_to(&self, arm: &str, codes: &[&str]) {
        self.leads_at("/", arm, codes).await;
    }

    /// The same at another path.
    pub async fn leads_at(&self, path: &str, arm: &str, codes: &[&str]) {
        self.open_at(path).await;
        self.shows(arm).await;
        self.says(codes).await;
        assert_eq!((self.ran(), self.views(), self.errors()), (vec![arm.to_owned()], 1, Vec::new()), "{path}");
        assert_eq!(self.events("ready").len(), 1);
    }

    /// The present decision's members, as one value.
    #[must_use]
    pub fn decided(&self, names: &[&str]) -> Value {
        let decision = self.decision();
        names.iter().map(|name| decision[*name].clone()).collect()
    }
}
