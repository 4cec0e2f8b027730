//! Something that threads use one after the other, in an order that was fixed before.

use std::sync::{Condvar, Mutex, PoisonError};

/// A value that is lent out turn by turn: to whoever has turn 0, then turn 1, and so on.
///
/// With one turn a thread at most, and turns given out in order, whoever has the lowest turn never waits, so all come to
/// an end; unless a turn is never taken, which is what [`InTurn::abandon`] is for.
pub(crate) struct InTurn<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    next: u64,
    is_abandoned: bool,
    value: T,
}

impl<T> InTurn<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { state: Mutex::new(State { next: 0, is_abandoned: false, value }), changed: Condvar::new() }
    }

    /// Waits for its turn and works on the value; none if the rest of the turns was given up.
    pub(crate) fn take<R>(&self, turn: u64, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        let waits = |state: &mut State<T>| state.next != turn && !state.is_abandoned;
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.changed.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner);
        if state.is_abandoned {
            return None;
        }
        let result = work(&mut state.value);
        state.next += 1;
        self.changed.notify_all();
        Some(result)
    }

    /// Gives up all turns that were not taken yet.
    pub(crate) fn abandon(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_abandoned = true;
        self.changed.notify_all();
    }

    /// The value, after all turns.
    pub(crate) fn into_inner(self) -> T {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_taken_in_order_whoever_comes_first() {
        let seen = InTurn::new(Vec::new());
        std::thread::scope(|scope| {
            for turn in (0..8).rev() {
                let seen = &seen;
                scope.spawn(move || seen.take(turn, |seen| seen.push(turn)));
            }
        });
        assert_eq!(seen.into_inner(), [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn nobody_waits_for_a_turn_that_was_given_up() {
        let value = InTurn::new(());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| value.take(1, |()| ()));
            value.abandon();
            assert_eq!(waiting.join().unwrap(), None);
        });
    }
}
