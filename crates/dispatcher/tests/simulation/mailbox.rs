//! A standard queue: messages come late, twice, in any order, and back until they are deleted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tamiz_ports::{Message, Receipt};

use crate::world::{Check, World};

/// How long the queue itself hides what it has delivered.
const VISIBILITY: Duration = Duration::from_secs(180);
/// The most messages that one call answers.
const AT_ONCE: usize = 10;

/// A message that is not deleted.
struct Letter {
    body: String,
    visible_at: Duration,
    receive_count: u32,
    newest_receipt: String,
}

#[derive(Default)]
struct State {
    letters: BTreeMap<String, Letter>,
    owners: BTreeMap<String, String>,
    sent: usize,
    deliveries: usize,
}

/// SQS, as far as its promises go.
pub struct Mailbox {
    world: Arc<World>,
    state: Mutex<State>,
    /// Looks at what must hold of a body at the moment when its message is deleted.
    check: Check<str>,
}

impl Mailbox {
    pub fn new(world: &Arc<World>, check: Check<str>) -> Self {
        Self { world: world.clone(), state: Mutex::default(), check }
    }

    /// Takes a message that can be seen after `delay`.
    pub fn send(&self, body: String, delay: Duration) {
        let mut state = self.state.lock().unwrap();
        state.sent += 1;
        let id = format!("m{}", state.sent);
        let visible_at = self.world.now() + delay;
        state.letters.insert(id, Letter { body, visible_at, receive_count: 0, newest_receipt: String::new() });
    }

    pub fn is_empty(&self) -> bool {
        self.state.lock().unwrap().letters.is_empty()
    }

    pub fn has_visible(&self) -> bool {
        let now = self.world.now();
        self.state.lock().unwrap().letters.values().any(|letter| letter.visible_at <= now)
    }

    /// Some of what can be seen, in any order. What is delivered is hidden, or sometimes not.
    pub fn receive(&self) -> Vec<Message> {
        let mut state = self.state.lock().unwrap();
        let now = self.world.now();
        let mut visible: Vec<String> =
            state.letters.iter().filter(|(_, letter)| letter.visible_at <= now).map(|(id, _)| id.clone()).collect();
        let wanted = if visible.is_empty() { 0 } else { 1 + self.world.below(visible.len().min(AT_ONCE)) };
        let mut messages = Vec::new();
        while messages.len() < wanted {
            let id = visible.swap_remove(self.world.below(visible.len()));
            state.deliveries += 1;
            let receipt = format!("{id}#{}", state.deliveries);
            state.owners.insert(receipt.clone(), id.clone());
            let is_hidden = !self.world.chance(self.world.climate.duplicate);
            let Some(letter) = state.letters.get_mut(&id) else { continue };
            letter.receive_count += 1;
            letter.newest_receipt = receipt.clone();
            letter.visible_at = if is_hidden { now + VISIBILITY } else { now };
            let (body, receive_count) = (letter.body.clone(), letter.receive_count);
            messages.push(Message { id, receipt: Receipt(receipt), body, receive_count });
        }
        messages
    }

    /// Deletes a message, if the receipt is its newest one; an older one may or may not do.
    pub fn delete(&self, receipt: &Receipt) {
        let mut state = self.state.lock().unwrap();
        let Some(id) = state.owners.get(&receipt.0).cloned() else { return };
        let Some(letter) = state.letters.get(&id) else { return };
        if letter.newest_receipt != receipt.0 && self.world.chance(0.5) {
            return;
        }
        if let Err(why) = (self.check)(&letter.body) {
            self.world.violate(format!("{id} is deleted, and {why}"));
        }
        state.letters.remove(&id);
    }

    /// Hides a message for `timeout`; false for one that is not in flight any more.
    pub fn extend(&self, receipt: &Receipt, timeout: Duration) -> bool {
        let mut state = self.state.lock().unwrap();
        let now = self.world.now();
        let Some(id) = state.owners.get(&receipt.0).cloned() else { return false };
        match state.letters.get_mut(&id) {
            Some(letter) if letter.visible_at > now && letter.newest_receipt == receipt.0 => {
                letter.visible_at = now + timeout;
                true
            }
            _ => false,
        }
    }
}
