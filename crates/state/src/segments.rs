//! A long run of values in segments of at most 64 kB, which a snapshot can hold on to.
//!
//! [`Segments::freeze`] gives the values as they are now in O(segments); afterwards a write copies what it
//! needs, and never more than 64 kB: a whole segment of plain values, or one single value where values own
//! memory of their own and a segment's copy could be of any size. Once the snapshot is dropped, a segment is
//! taken back without a copy. While nothing is frozen a write costs one comparison more than to a `Vec`.
use std::sync::Arc;

/// What a segment holds at most, and so what one write copies at most, in bytes of the values themselves.
pub const SEGMENT_BYTES: usize = 64 * 1024;

/// Something that lies in segments.
pub trait Stored: Clone + Send + Sync + 'static {
    /// Whether a value may own memory beyond its own size, so that copying many at once has no bound.
    const DEEP: bool;
}

impl Stored for u32 {
    const DEEP: bool = false;
}

/// Values by their place, counted from 0.
#[derive(Debug)]
pub struct Segments<E> {
    segments: Vec<Segment<E>>,
    len: usize,
}

#[derive(Debug)]
enum Segment<E> {
    /// Ours alone.
    Owned(Vec<E>),
    /// A snapshot may be reading it.
    Shared(Arc<Vec<E>>),
    /// A snapshot may be reading it, and some values have changed since.
    Patched(Box<Patched<E>>),
}

#[derive(Debug)]
struct Patched<E> {
    frozen: Arc<Vec<E>>,
    /// The newer values, by their place; what was appended too.
    own: Vec<Option<E>>,
}

impl<E> Default for Segments<E> {
    fn default() -> Self {
        Segments { segments: Vec::new(), len: 0 }
    }
}

impl<E: Stored> Segments<E> {
    /// Binary logarithm of how many values a segment holds.
    const SHIFT: u32 = {
        let size = if size_of::<E>() == 0 { 1 } else { size_of::<E>() };
        let values = SEGMENT_BYTES / size;
        if values <= 1 { 0 } else { values.ilog2() }
    };
    const MASK: usize = (1 << Self::SHIFT) - 1;

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value at `place`, if there is one.
    #[inline]
    pub fn get(&self, place: usize) -> Option<&E> {
        self.segments.get(place >> Self::SHIFT)?.get(place & Self::MASK)
    }

    /// The value at `place`, to be changed.
    #[inline]
    pub fn get_mut(&mut self, place: usize) -> Option<&mut E> {
        match self.segments.get_mut(place >> Self::SHIFT)? {
            Segment::Owned(values) => values.get_mut(place & Self::MASK),
            shared => shared.thaw(place & Self::MASK),
        }
    }

    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: E) {
        let place = self.len & Self::MASK;
        if place == 0 {
            self.segments.push(Segment::Owned(Vec::new()));
        }
        if let Some(last) = self.segments.last_mut() {
            match last {
                Segment::Owned(values) => values.push(value),
                shared => shared.push(place, value),
            }
        }
        self.len += 1;
    }

    /// Appends copies of `value` until there are `len`.
    pub fn grow(&mut self, len: usize, value: &E) {
        while self.len < len {
            self.push(value.clone());
        }
    }

    /// Drops all values.
    pub fn clear(&mut self) {
        self.segments.clear();
        self.len = 0;
    }

    /// All values in their order.
    pub fn iter(&self) -> impl Iterator<Item = &E> {
        (0..self.len).filter_map(|place| self.get(place))
    }

    /// Bytes of the values themselves, with the room kept for more.
    pub fn bytes(&self) -> usize {
        let values: usize = self.segments.iter().map(Segment::capacity).sum();
        values * size_of::<E>() + self.segments.capacity() * size_of::<Segment<E>>()
    }

    /// The values as they are now; they stay so however these are changed.
    ///
    /// Takes time for each segment, not for each value; only segments that were changed since a snapshot
    /// which is still held are copied.
    pub fn freeze(&mut self) -> FrozenSegments<E> {
        FrozenSegments { segments: self.segments.iter_mut().map(Segment::freeze).collect(), len: self.len }
    }
}

impl<E: Stored> Segment<E> {
    #[inline]
    fn get(&self, place: usize) -> Option<&E> {
        match self {
            Segment::Owned(values) => values.get(place),
            Segment::Shared(values) => values.get(place),
            Segment::Patched(patched) => patched.get(place),
        }
    }

    fn capacity(&self) -> usize {
        match self {
            Segment::Owned(values) => values.capacity(),
            Segment::Shared(values) => values.capacity(),
            Segment::Patched(patched) => patched.frozen.capacity() + patched.own.capacity(),
        }
    }

    /// Makes the value at `place` ours, if possible the whole segment.
    #[cold]
    fn thaw(&mut self, place: usize) -> Option<&mut E> {
        self.reclaim();
        if let Segment::Shared(frozen) = self {
            *self = if E::DEEP {
                let frozen = Arc::clone(frozen);
                let own = vec![None; frozen.len()];
                Segment::Patched(Box::new(Patched { frozen, own }))
            } else {
                Segment::Owned(copy_with_room(frozen))
            };
        }
        match self {
            Segment::Owned(values) => values.get_mut(place),
            Segment::Patched(patched) => patched.get_mut(place),
            Segment::Shared(_) => None,
        }
    }

    #[cold]
    fn push(&mut self, place: usize, value: E) {
        self.reclaim();
        match self {
            Segment::Owned(values) => values.push(value),
            Segment::Patched(patched) => patched.own.push(Some(value)),
            Segment::Shared(frozen) => {
                *self = if E::DEEP {
                    let mut own = vec![None; place];
                    own.push(Some(value));
                    Segment::Patched(Box::new(Patched { frozen: Arc::clone(frozen), own }))
                } else {
                    let mut values = copy_with_room(frozen);
                    values.push(value);
                    Segment::Owned(values)
                };
            }
        }
    }

    /// Takes the segment back if no snapshot holds it any more. Moves values, and copies none.
    fn reclaim(&mut self) {
        match self {
            Segment::Owned(_) => {}
            Segment::Shared(values) => {
                if let Some(values) = Arc::get_mut(values) {
                    *self = Segment::Owned(std::mem::take(values));
                }
            }
            Segment::Patched(patched) => {
                if let Some(values) = Arc::get_mut(&mut patched.frozen) {
                    let mut values = std::mem::take(values);
                    for (place, own) in patched.own.drain(..).enumerate() {
                        match (own, values.get_mut(place)) {
                            (Some(own), Some(value)) => *value = own,
                            (Some(own), None) => values.push(own),
                            (None, _) => {}
                        }
                    }
                    *self = Segment::Owned(values);
                }
            }
        }
    }

    fn freeze(&mut self) -> Arc<Vec<E>> {
        self.reclaim();
        let shared = match self {
            Segment::Shared(values) => return Arc::clone(values),
            Segment::Owned(values) => Arc::new(std::mem::take(values)),
            // Two snapshots at once, and changes between them: rare, and the only copy of a whole segment.
            Segment::Patched(patched) => {
                let len = patched.own.len();
                Arc::new((0..len).filter_map(|place| patched.get(place).cloned()).collect())
            }
        };
        *self = Segment::Shared(Arc::clone(&shared));
        shared
    }
}

fn copy_with_room<E: Clone>(values: &[E]) -> Vec<E> {
    let mut copy = Vec::with_capacity(values.len() + 1);
    copy.extend_from_slice(values);
    copy
}

impl<E: Stored> Patched<E> {
    fn get(&self, place: usize) -> Option<&E> {
        self.own.get(place)?.as_ref().or_else(|| self.frozen.get(place))
    }

    fn get_mut(&mut self, place: usize) -> Option<&mut E> {
        let own = self.own.get_mut(place)?;
        if own.is_none() {
            *own = self.frozen.get(place).cloned();
        }
        own.as_mut()
    }
}

/// Values as they were when they were frozen, to be read on any thread.
#[derive(Clone, Debug)]
pub struct FrozenSegments<E> {
    segments: Vec<Arc<Vec<E>>>,
    len: usize,
}

impl<E: Stored> FrozenSegments<E> {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value at `place`, if there is one.
    pub fn get(&self, place: usize) -> Option<&E> {
        self.segments.get(place >> Segments::<E>::SHIFT)?.get(place & Segments::<E>::MASK)
    }

    /// All values in their order.
    pub fn iter(&self) -> impl Iterator<Item = &E> {
        self.segments.iter().flat_map(|segment| segment.iter())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use proptest::prelude::*;

    use super::*;

    impl Stored for u64 {
        const DEEP: bool = false;
    }

    static COPIED: AtomicUsize = AtomicUsize::new(0);

    /// Owns memory, and counts what is copied of it.
    #[derive(Debug, PartialEq)]
    struct Deep(Vec<u8>);

    impl Clone for Deep {
        fn clone(&self) -> Self {
            COPIED.fetch_add(self.0.len(), Ordering::Relaxed);
            Deep(self.0.clone())
        }
    }

    impl Stored for Deep {
        const DEEP: bool = true;
    }

    #[test]
    fn a_write_beside_a_snapshot_copies_one_deep_value() {
        let mut values = Segments::default();
        for _ in 0..10_000 {
            values.push(Deep(vec![7; 1000]));
        }
        let frozen = values.freeze();
        COPIED.store(0, Ordering::Relaxed);
        values.get_mut(5000).unwrap().0[0] = 1;
        values.push(Deep(vec![9; 10]));
        assert_eq!(COPIED.swap(0, Ordering::Relaxed), 1000);
        assert_eq!(frozen.get(5000).unwrap().0[0], 7);
        assert_eq!(frozen.iter().count(), 10_000);
        drop(frozen);
        values.get_mut(5001).unwrap().0[0] = 1;
        assert_eq!(COPIED.load(Ordering::Relaxed), 0, "taken back, not copied");
        assert_eq!(values.get(5000).unwrap().0[0], 1);
        assert_eq!(values.get(10_000).unwrap().0.len(), 10);
        assert_eq!(values.len(), 10_001);
    }

    #[test]
    fn segments_of_plain_values_hold_64_kb() {
        let mut values = Segments::default();
        (0..100_000_u64).for_each(|value| values.push(value));
        assert_eq!(values.segments.len(), 100_000_usize.div_ceil(SEGMENT_BYTES / 8));
        assert_eq!(values.iter().sum::<u64>(), (0..100_000).sum());
    }

    #[derive(Clone, Debug)]
    enum Step {
        Push(u8),
        Set(usize, u8),
        Freeze,
        Drop(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => any::<u8>().prop_map(Step::Push),
            6 => (any::<usize>(), any::<u8>()).prop_map(|(place, value)| Step::Set(place, value)),
            1 => Just(Step::Freeze),
            1 => any::<usize>().prop_map(Step::Drop),
        ];
        proptest::collection::vec(step, 0..400)
    }

    fn run<E: Stored + PartialEq + std::fmt::Debug>(steps: Vec<Step>, make: fn(u8) -> E) {
        let (mut values, mut model) = (Segments::default(), Vec::new());
        let mut snapshots: Vec<(FrozenSegments<E>, Vec<E>)> = Vec::new();
        for step in steps {
            match step {
                Step::Push(value) => {
                    values.push(make(value));
                    model.push(make(value));
                }
                Step::Set(place, value) if !model.is_empty() => {
                    let place = place % model.len();
                    *values.get_mut(place).unwrap() = make(value);
                    model[place] = make(value);
                }
                Step::Freeze => snapshots.push((values.freeze(), model.clone())),
                Step::Drop(place) if !snapshots.is_empty() => {
                    snapshots.swap_remove(place % snapshots.len());
                }
                _ => {}
            }
            assert!(values.iter().eq(model.iter()));
        }
        for (frozen, model) in &snapshots {
            assert!(frozen.iter().eq(model.iter()));
            assert_eq!(frozen.len(), model.len());
        }
    }

    /// So large that a segment holds few.
    #[derive(Clone, Debug, PartialEq)]
    struct Large([u64; 1000], u8);
    impl Stored for Large {
        const DEEP: bool = true;
    }
    #[derive(Clone, Debug, PartialEq)]
    struct Plain([u64; 1000], u8);
    impl Stored for Plain {
        const DEEP: bool = false;
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_snapshot_keeps_what_it_saw(steps in steps()) {
            run(steps.clone(), |value| Large([0; 1000], value));
            run(steps, |value| Plain([0; 1000], value));
        }
    }
}
