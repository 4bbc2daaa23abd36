//! Hurtig: a stateful stream processor. The library that programs depend on.
