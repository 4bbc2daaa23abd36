//! Values that come and go, each with a place that stays its own while it lives.
use crate::segments::{FrozenSegments, Segments, Stored};

/// Values by place; places of removed values are used again.
#[derive(Debug)]
pub struct Slab<E> {
    slots: Segments<Slot<E>>,
    free: u32,
    live: usize,
}

/// A place of a [`Slab`].
#[derive(Clone, Debug)]
pub enum Slot<E> {
    /// A value.
    Used(E),
    /// None, and the next free place.
    Free(u32),
}

const END: u32 = u32::MAX;

impl<E: Stored> Stored for Slot<E> {
    const DEEP: bool = E::DEEP;
}

impl<E> Default for Slab<E> {
    fn default() -> Self {
        Slab { slots: Segments::default(), free: END, live: 0 }
    }
}

impl<E: Stored> Slab<E> {
    /// How many values live.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether none lives.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// One more than the highest place that was ever used since the slab was last empty.
    pub fn places(&self) -> usize {
        self.slots.len()
    }

    /// Adds a value and gives its place. `None` if all 2^32 - 1 places are taken.
    pub fn insert(&mut self, value: E) -> Option<u32> {
        let place = if self.free == END {
            let place = u32::try_from(self.slots.len()).ok().filter(|&place| place != END)?;
            self.slots.push(Slot::Used(value));
            place
        } else {
            let place = self.free;
            let slot = self.slots.get_mut(place as usize)?;
            if let Slot::Free(next) = slot {
                self.free = *next;
            }
            *slot = Slot::Used(value);
            place
        };
        self.live += 1;
        Some(place)
    }

    /// Takes a value out.
    pub fn remove(&mut self, place: u32) -> Option<E> {
        let free = self.free;
        let slot = self.slots.get_mut(place as usize)?;
        if matches!(slot, Slot::Free(_)) {
            return None;
        }
        let removed = std::mem::replace(slot, Slot::Free(free));
        self.free = place;
        self.live -= 1;
        if self.live == 0 {
            // Nothing lives here: the memory goes back.
            self.slots.clear();
            self.free = END;
        }
        match removed {
            Slot::Used(value) => Some(value),
            Slot::Free(_) => None,
        }
    }

    /// The value at `place`.
    #[inline]
    pub fn get(&self, place: u32) -> Option<&E> {
        match self.slots.get(place as usize) {
            Some(Slot::Used(value)) => Some(value),
            _ => None,
        }
    }

    /// The value at `place`, to be changed.
    #[inline]
    pub fn get_mut(&mut self, place: u32) -> Option<&mut E> {
        match self.slots.get_mut(place as usize) {
            Some(Slot::Used(value)) => Some(value),
            _ => None,
        }
    }

    /// All values with their places, in the order of these.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &E)> {
        (0..self.slots.len() as u32).filter_map(|place| Some((place, self.get(place)?)))
    }

    /// Bytes of the values themselves, with the room kept for more.
    pub fn bytes(&self) -> usize {
        self.slots.bytes()
    }

    /// The values as they are now.
    pub fn freeze(&mut self) -> FrozenSlab<E> {
        FrozenSlab { slots: self.slots.freeze() }
    }
}

/// A [`Slab`] as it was.
#[derive(Clone, Debug)]
pub struct FrozenSlab<E> {
    slots: FrozenSegments<Slot<E>>,
}

impl<E: Stored> FrozenSlab<E> {
    /// The value at `place`.
    pub fn get(&self, place: u32) -> Option<&E> {
        match self.slots.get(place as usize) {
            Some(Slot::Used(value)) => Some(value),
            _ => None,
        }
    }

    /// All values with their places.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &E)> {
        (0..self.slots.len() as u32).filter_map(|place| Some((place, self.get(place)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_used_again_and_memory_goes_back() {
        let mut slab = Slab::<u32>::default();
        let places: Vec<u32> = (0..100).map(|value| slab.insert(value).unwrap()).collect();
        assert_eq!(slab.remove(places[7]), Some(7));
        assert_eq!(slab.remove(places[7]), None);
        assert_eq!(slab.get(7), None);
        assert_eq!(slab.insert(1000), Some(7));
        assert_eq!(slab.len(), 100);
        let frozen = slab.freeze();
        places.iter().for_each(|&place| assert!(slab.remove(place).is_some()));
        assert!(slab.is_empty());
        assert_eq!((slab.bytes(), slab.places()), (slab.slots.bytes(), 0));
        assert_eq!(frozen.iter().count(), 100);
        assert_eq!(frozen.get(7), Some(&1000));
    }
}
