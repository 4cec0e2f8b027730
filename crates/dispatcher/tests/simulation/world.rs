//! Everything that outlives a process: time, chance, the trace, and the faults that are left.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Looks whether something that is about to happen may.
pub type Check<T> = Box<dyn Fn(&T) -> Result<(), String> + Send + Sync>;

/// What a call meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing unusual.
    None,
    /// It fails and has done nothing: refused, throttled, a conflict (409), a connection that never was.
    FailBefore,
    /// It has done its work, and the answer is lost.
    FailAfter,
    /// A conditional write has done its work, its answer was lost, and the client's own second try finds it done (412).
    Echo,
    /// The process ends before the call reaches anybody.
    DieBefore,
    /// The process ends before it hears the answer.
    DieAfter,
}

/// How likely what is, in this world. Worlds differ, so that rare things meet each other in some of them.
#[derive(Debug, Clone)]
pub struct Climate {
    pub fail: f64,
    pub echo: f64,
    pub die: f64,
    /// A call takes minutes instead of milliseconds.
    pub slow: f64,
    /// A message is delivered while it is in flight already.
    pub duplicate: f64,
    /// An event never comes.
    pub lost_event: f64,
    /// Executions fail.
    pub failed_run: f64,
}

struct State {
    rng: ChaCha8Rng,
    now: Duration,
    sleepers: BTreeMap<(Duration, u64), Waker>,
    next_sleeper: u64,
    faults_left: usize,
    dying: BTreeSet<usize>,
    trace: Vec<String>,
    violation: Option<String>,
}

/// A world, from its seed.
pub struct World {
    pub climate: Climate,
    traced: bool,
    state: Mutex<State>,
}

impl World {
    pub fn new(seed: u64, traced: bool) -> Arc<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut any = |choices: &[f64]| choices[rng.random_range(0..choices.len())];
        let climate = Climate {
            fail: any(&[0.0, 0.01, 0.05, 0.2]),
            echo: any(&[0.0, 0.05, 0.3]),
            die: any(&[0.0, 0.005, 0.03, 0.1]),
            slow: any(&[0.0, 0.0, 0.01, 0.1]),
            duplicate: any(&[0.0, 0.1, 0.5]),
            lost_event: any(&[0.0, 0.0, 0.2]),
            failed_run: any(&[0.0, 0.3]),
        };
        let faults_left = rng.random_range(0..60);
        let state = State {
            rng,
            now: Duration::ZERO,
            sleepers: BTreeMap::new(),
            next_sleeper: 0,
            faults_left,
            dying: BTreeSet::new(),
            trace: Vec::new(),
            violation: None,
        };
        Arc::new(Self { climate, traced, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn now(&self) -> Duration {
        self.state().now
    }

    pub fn below(&self, end: usize) -> usize {
        self.state().rng.random_range(0..end)
    }

    pub fn chance(&self, probability: f64) -> bool {
        probability > 0.0 && self.state().rng.random_bool(probability)
    }

    pub fn bits(&self) -> u64 {
        self.state().rng.next_u64()
    }

    pub fn pick<T: Clone>(&self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    /// From here on nothing fails, so that the world can come to rest.
    pub fn calm_down(&self) {
        self.state().faults_left = 0;
    }

    pub fn is_calm(&self) -> bool {
        self.state().faults_left == 0
    }

    pub fn tell(&self, line: impl FnOnce() -> String) {
        if self.traced {
            let mut state = self.state();
            let now = state.now.as_secs_f64();
            state.trace.push(format!("{now:>12.3} {}", line()));
        }
    }

    pub fn trace(&self) -> Vec<String> {
        self.state().trace.clone()
    }

    /// Something happened that never may.
    pub fn violate(&self, what: impl Into<String>) {
        let what = what.into();
        self.tell(|| format!("VIOLATION {what}"));
        self.state().violation.get_or_insert(what);
    }

    pub fn violation(&self) -> Option<String> {
        self.state().violation.clone()
    }

    /// Moves the clock to the next moment for which somebody waits; false if nobody does.
    pub fn pass_time(&self) -> bool {
        let mut state = self.state();
        let Some(((moment, _), waker)) = state.sleepers.pop_first() else { return false };
        state.now = state.now.max(moment);
        drop(state);
        waker.wake();
        true
    }

    pub fn sleep(self: &Arc<Self>, duration: Duration) -> Sleep {
        Sleep { world: self.clone(), until: self.now() + duration, registered: None }
    }

    /// Lets others go first, maybe.
    pub async fn step_aside(&self) {
        let mut has_yielded = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut has_yielded, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Draws what a call of `process` meets, and lets time pass for it.
    pub async fn meet(self: &Arc<Self>, process: usize, conditional: bool) -> Fault {
        let slow = self.chance(self.climate.slow) && !self.is_calm();
        let millis = if slow { 1_000 * (30 + self.below(400) as u64) } else { self.below(50) as u64 };
        self.sleep(Duration::from_millis(millis)).await;
        self.step_aside().await;
        let fault = self.draw(conditional);
        if fault == Fault::DieBefore {
            self.die(process).await;
        }
        fault
    }

    /// A call is over: a process that should end with it ends here.
    pub async fn part(self: &Arc<Self>, process: usize, fault: Fault) {
        if fault == Fault::DieAfter {
            self.die(process).await;
        }
        self.step_aside().await;
    }

    fn draw(&self, conditional: bool) -> Fault {
        if self.is_calm() {
            return Fault::None;
        }
        let Climate { fail, echo, die, .. } = self.climate;
        let fault = if self.chance(die) {
            self.pick(&[Fault::DieBefore, Fault::DieAfter])
        } else if conditional && self.chance(echo) {
            Fault::Echo
        } else if self.chance(fail) {
            self.pick(&[Fault::FailBefore, Fault::FailAfter])
        } else {
            return Fault::None;
        };
        self.state().faults_left -= 1;
        fault
    }

    /// Ends a process: it is dropped before it does anything else.
    async fn die(&self, process: usize) {
        self.tell(|| format!("p{process} dies"));
        self.state().dying.insert(process);
        std::future::pending::<()>().await;
    }

    pub fn take_death(&self, process: usize) -> bool {
        self.state().dying.remove(&process)
    }
}

/// Waits until a moment.
pub struct Sleep {
    world: Arc<World>,
    until: Duration,
    registered: Option<(Duration, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let world = self.world.clone();
        let mut state = world.state();
        if state.now >= self.until {
            return Poll::Ready(());
        }
        if let Some(key) = self.registered.take() {
            state.sleepers.remove(&key);
        }
        let key = (self.until, state.next_sleeper);
        state.next_sleeper += 1;
        state.sleepers.insert(key, context.waker().clone());
        self.registered = Some(key);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.registered.take() {
            self.world.state().sleepers.remove(&key);
        }
    }
}
