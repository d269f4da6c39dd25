//! What the doctor found last.

use crate::doctor::{Doctor, Finding};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The doctor asks buses and reads many files, so many viewers share what it found.
const FRESH: Duration = Duration::from_secs(30);

/// The last findings of the doctor.
#[derive(Default)]
pub(super) struct Checkup(Mutex<Option<(Instant, Vec<Finding>)>>);

impl Checkup {
    /// What the doctor finds; none: nobody looks.
    pub(super) async fn findings(&self, doctor: Option<&Arc<Doctor>>) -> Option<Vec<Finding>> {
        let doctor = doctor?;
        let mut last = self.0.lock().await;
        if let Some((at, found)) = &*last
            && at.elapsed() < FRESH
        {
            return Some(found.clone());
        }
        let doctor = Arc::clone(doctor);
        let found = tokio::task::spawn_blocking(move || doctor.findings()).await.ok()?;
        *last = Some((Instant::now(), found.clone()));
        Some(found)
    }
}
