//! Windows: finite pieces of an endless stream.
//!
//! An [`assigner`] says which windows an element belongs to; the [`operator`] keeps them by key ([`table`],
//! [`sessions`]) and what they hold ([`contents`]); a [`trigger`] says when one fires, an [`evictor`] what
//! leaves it then, a [`function`] what comes out. [`panes`] is the faster way for windows that slide.
pub mod assigner;
pub mod contents;
pub mod engine;
pub mod evictor;
pub mod function;
pub mod join;
pub mod operator;
pub mod panes;
pub mod sessions;
pub mod table;
pub mod trigger;
#[allow(clippy::module_inception)]
pub mod window;
