//! One execution of a target: its memory, and its panics.
//!
//! libFuzzer sees what the whole process has taken, corpus and coverage included, and single allocations only with a sanitizer; neither
//! would notice a file of ten bytes that takes a hundred megabytes. So allocations are counted here.
//!
//! Some panics are caught on purpose, where a decoder of others falls over. `libfuzzer_sys` aborts at any, so here those alone count that
//! come out of the execution.

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::process::abort;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes taken, and not given back yet.
static TAKEN: AtomicIsize = AtomicIsize::new(0);
/// How many there may be.
static LIMIT: AtomicIsize = AtomicIsize::new(isize::MAX);

/// The first panic since the execution began, caught or not: those after it are mostly its consequences.
static PANIC: Mutex<Option<String>> = Mutex::new(None);
static HOOK: Once = Once::new();

/// Runs one execution, and aborts the process where it panics or takes more than `megabytes` beside what was taken before, on all threads
/// together. Without the memory that C libraries take: of that, `-rss_limit_mb` is the limit.
pub fn within<T>(megabytes: isize, execute: impl FnOnce() -> T) -> T {
    HOOK.call_once(remember_panics);
    PANIC.lock().unwrap_or_else(PoisonError::into_inner).take();
    LIMIT.store(TAKEN.load(Ordering::Relaxed) + (megabytes << 20), Ordering::Relaxed);
    let result = catch_unwind(AssertUnwindSafe(execute));
    LIMIT.store(isize::MAX, Ordering::Relaxed);
    result.unwrap_or_else(|_| {
        let panic = PANIC.lock().unwrap_or_else(PoisonError::into_inner).take();
        eprintln!("{}", panic.unwrap_or_default());
        abort();
    })
}

fn remember_panics() {
    set_hook(Box::new(|panic| {
        let limit = LIMIT.swap(isize::MAX, Ordering::Relaxed);
        let mut first = PANIC.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| format!("{panic}\n{}", Backtrace::force_capture()));
        LIMIT.store(limit, Ordering::Relaxed);
    }));
}

struct Counting;

impl Counting {
    fn take(size: usize) {
        let size = isize::try_from(size).unwrap_or(isize::MAX);
        let taken = TAKEN.fetch_add(size, Ordering::Relaxed).saturating_add(size);
        if taken > LIMIT.load(Ordering::Relaxed) {
            // What is told takes memory, too.
            LIMIT.store(isize::MAX, Ordering::Relaxed);
            eprintln!("too much memory, at an allocation of {size} bytes:\n{}", Backtrace::force_capture());
            abort();
        }
    }

    fn give_back(size: usize) {
        TAKEN.fetch_sub(isize::try_from(size).unwrap_or(isize::MAX), Ordering::Relaxed);
    }
}

// SAFETY: the system's allocator does all the work; counting changes neither what it gets nor what it answers.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::take(layout.size());
        // SAFETY: the caller's promises are the system's conditions.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::take(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        Self::give_back(layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::take(size);
        Self::give_back(layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
