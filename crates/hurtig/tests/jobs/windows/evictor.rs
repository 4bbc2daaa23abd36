//! What is taken out of a window when it fires.
use super::outcome::Element;

/// Which elements go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eviction {
    /// `CountEvictor`: all but the last so many.
    Count(usize),
    /// `DeltaEvictor`: all whose value is at least so far from the last element's.
    Delta(i64),
    /// `TimeEvictor`: all that are so many milliseconds older than the latest, or more.
    Time(i64),
}

/// When they go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Before the function sees the window.
    Before,
    /// After it has: for the window's next firing.
    After,
}

/// An evictor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evictor {
    /// Which elements go.
    pub eviction: Eviction,
    /// When they go.
    pub when: When,
}

impl Eviction {
    /// Takes them out.
    pub fn evict(self, elements: &mut Vec<Element>) {
        let Some(last) = elements.last().copied() else { return };
        let latest = elements.iter().map(|element| element.timestamp).fold(i64::MIN, i64::max);
        match self {
            Eviction::Count(count) => {
                elements.drain(..elements.len().saturating_sub(count));
            }
            Eviction::Delta(threshold) => {
                elements.retain(|element| (element.value - last.value).abs() < threshold);
            }
            Eviction::Time(size) => elements.retain(|element| element.timestamp > latest - size),
        }
    }

    /// Whether it asks in which order the elements arrived.
    pub fn depends_on_order(self) -> bool {
        match self {
            Eviction::Count(_) | Eviction::Delta(_) => true,
            Eviction::Time(_) => false,
        }
    }
}
