//! The workflow engine: runs that start once, end somehow, and are forgotten.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tamiz_domain::RunId;
use tamiz_ports::{ExecutionStatus, Started};

use crate::world::{Check, World};

/// An execution that the engine remembers.
struct Execution {
    ends_at: Duration,
    succeeds: bool,
}

/// Step Functions, as far as its promises go.
pub struct Engine {
    world: Arc<World>,
    remembered: Mutex<BTreeMap<RunId, Execution>>,
    started: Mutex<BTreeMap<RunId, usize>>,
    /// Looks at what must hold at the moment of a start.
    check: Check<RunId>,
}

impl Engine {
    pub fn new(world: &Arc<World>, check: Check<RunId>) -> Self {
        Self { world: world.clone(), remembered: Mutex::default(), started: Mutex::default(), check }
    }

    /// Every run that ever was started.
    pub fn started(&self) -> Vec<RunId> {
        self.started.lock().unwrap().keys().cloned().collect()
    }

    pub fn was_started(&self, run_id: &RunId) -> bool {
        self.started.lock().unwrap().contains_key(run_id)
    }

    pub fn start(&self, run_id: &RunId) -> Started {
        if self.status(run_id).is_some() {
            return Started::Exists;
        }
        if let Err(why) = (self.check)(run_id) {
            self.world.violate(format!("run {} starts, and {why}", run_id.short()));
        }
        let mut started = self.started.lock().unwrap();
        let times = started.entry(run_id.clone()).or_default();
        *times += 1;
        if *times > 1 {
            self.world.violate(format!("run {} is started again", run_id.short()));
        }
        let lasts = Duration::from_secs(10 + self.world.below(600) as u64);
        let succeeds = !self.world.chance(self.world.climate.failed_run);
        let execution = Execution { ends_at: self.world.now() + lasts, succeeds };
        self.remembered.lock().unwrap().insert(run_id.clone(), execution);
        Started::New
    }

    pub fn status(&self, run_id: &RunId) -> Option<ExecutionStatus> {
        let now = self.world.now();
        self.remembered.lock().unwrap().get(run_id).map(|execution| match execution {
            Execution { ends_at, .. } if *ends_at > now => ExecutionStatus::Running,
            Execution { succeeds: true, .. } => ExecutionStatus::Succeeded,
            Execution { succeeds: false, .. } => ExecutionStatus::Failed,
        })
    }

    pub fn num_running(&self) -> usize {
        let now = self.world.now();
        self.remembered.lock().unwrap().values().filter(|execution| execution.ends_at > now).count()
    }

    /// Ninety days have passed: what is closed is gone.
    pub fn forget(&self) {
        let now = self.world.now();
        self.world.tell(|| "the engine forgets what is closed".into());
        self.remembered.lock().unwrap().retain(|_, execution| execution.ends_at > now);
    }
}
