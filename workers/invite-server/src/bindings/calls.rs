//! Counts calls of bindings in the local build, so that a test can hold the hot path to its one read.

/// What is called.
#[derive(Debug, Clone, Copy)]
pub enum Binding {
    /// KV.
    Kv,
    /// D1.
    D1,
    /// Any object.
    Object,
}

#[cfg(feature = "local")]
mod counters {
    use std::sync::atomic::{AtomicU32, Ordering};

    static KV: AtomicU32 = AtomicU32::new(0);
    static D1: AtomicU32 = AtomicU32::new(0);
    static OBJECT: AtomicU32 = AtomicU32::new(0);

    /// Notes a call.
    pub fn count(binding: super::Binding) {
        let counter = match binding {
            super::Binding::Kv => &KV,
            super::Binding::D1 => &D1,
            super::Binding::Object => &OBJECT,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// All calls so far: KV, D1, objects.
    pub fn counted() -> [u32; 3] {
        [&KV, &D1, &OBJECT].map(|counter| counter.load(Ordering::Relaxed))
    }
}

#[cfg(feature = "local")]
pub use counters::{count, counted};

/// Nothing, outside of the local build.
#[cfg(not(feature = "local"))]
pub fn count(_: Binding) {}
