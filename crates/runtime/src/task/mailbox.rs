//! The mailbox: everything that reaches a task from outside of its streams, taken on the task's own thread.
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Context;

use atomic_waker::AtomicWaker;
use hurtig_connector::VersionedBytes;
use hurtig_core::Watermark;

/// A letter to a task.
#[derive(Debug)]
pub enum Mail {
    /// Stop; nothing more is to be put out.
    Cancel,
    /// Splits for the source.
    AddSplits(Vec<VersionedBytes>),
    /// No split will follow.
    NoMoreSplits,
    /// A word of the source connector's own.
    SourceEvent(VersionedBytes),
    /// The alignment group's limit.
    Align(Watermark),
}

/// Takes mail for one task. Cheap to clone.
#[derive(Clone, Default)]
pub struct Mailbox(Arc<Shared>);

#[derive(Default)]
struct Shared {
    letters: Mutex<VecDeque<Mail>>,
    any: AtomicBool,
    waker: AtomicWaker,
}

impl Mailbox {
    fn letters(&self) -> MutexGuard<'_, VecDeque<Mail>> {
        self.0.letters.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Puts a letter in and wakes the task.
    pub fn send(&self, mail: Mail) {
        self.letters().push_back(mail);
        self.0.any.store(true, Ordering::Release);
        self.0.waker.wake();
    }

    /// Whether there is mail: one load, looked at between any two calls into operators.
    #[inline]
    pub fn has_mail(&self) -> bool {
        self.0.any.load(Ordering::Acquire)
    }

    /// The next letter.
    pub fn take(&self) -> Option<Mail> {
        let mut letters = self.letters();
        let mail = letters.pop_front();
        if letters.is_empty() {
            self.0.any.store(false, Ordering::Release);
        }
        mail
    }

    /// Wakes `cx` at the next letter; `true` if there is one already.
    pub fn register(&self, cx: &mut Context<'_>) -> bool {
        self.0.waker.register(cx.waker());
        self.has_mail()
    }
}
