//! One thread, one clock that only moves when everybody waits, and a choice by lot who goes on next.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::world::World;

/// Polls after which a world that has not come to rest never will.
const MOST_POLLS: usize = 2_000_000;

type Job = Pin<Box<dyn Future<Output = ()>>>;

/// Whether a task may go on.
#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Runs `tasks` until all of them end.
///
/// # Errors
/// What was wrong, when they never end.
pub fn run(world: &Arc<World>, tasks: Vec<Job>) -> Result<(), String> {
    let tasks: Vec<Rc<RefCell<Option<Job>>>> =
        tasks.into_iter().map(|task| Rc::new(RefCell::new(Some(task)))).collect();
    let flags: Vec<Arc<Flag>> = tasks.iter().map(|_| Arc::new(Flag(AtomicBool::new(true)))).collect();
    for _ in 0..MOST_POLLS {
        if let Some(violation) = world.violation() {
            return Err(violation);
        }
        let open: Vec<usize> = (0..tasks.len()).filter(|&at| tasks[at].borrow().is_some()).collect();
        if open.is_empty() {
            return Ok(());
        }
        let ready: Vec<usize> = open.iter().copied().filter(|&at| flags[at].0.load(Ordering::SeqCst)).collect();
        if ready.is_empty() {
            if !world.pass_time() {
                return Err("everybody waits for ever".into());
            }
            continue;
        }
        let chosen = ready[world.below(ready.len())];
        flags[chosen].0.store(false, Ordering::SeqCst);
        let waker = Waker::from(flags[chosen].clone());
        let mut task = tasks[chosen].borrow_mut();
        let polled = task.as_mut().map(|task| task.as_mut().poll(&mut Context::from_waker(&waker)));
        if matches!(polled, Some(Poll::Ready(()))) {
            *task = None;
        }
    }
    Err(format!("not at rest after {MOST_POLLS} steps"))
}

/// A process that ends wherever the world wants it to end.
pub struct Mortal {
    world: Arc<World>,
    process: usize,
    body: Pin<Box<dyn Future<Output = ()>>>,
}

impl Mortal {
    pub fn new(world: &Arc<World>, process: usize, body: impl Future<Output = ()> + 'static) -> Self {
        Self { world: world.clone(), process, body: Box::pin(body) }
    }
}

impl Future for Mortal {
    /// Whether it ended by itself.
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
        let polled = self.body.as_mut().poll(context);
        if self.world.take_death(self.process) {
            return Poll::Ready(false);
        }
        polled.map(|()| true)
    }
}
