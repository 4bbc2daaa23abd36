use std::marker::PhantomData;

use hurtig_core::{Key, Result, TypeInformation};

use crate::columns::StateColumn;
use crate::columns::map::MapColumn;
use crate::store::{StateAccess, StateId};

/// A map per key. Flink's `MapState`. The keys of the map are found by their logical value.
pub struct MapState<K, V> {
    pub(super) id: StateId,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for MapState<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for MapState<K, V> {}

impl<K, V> Default for MapState<K, V> {
    fn default() -> Self {
        MapState { id: StateId::NONE, types: PhantomData }
    }
}

impl<K: Key, V: TypeInformation> MapState<K, V> {
    pub(crate) fn new(id: StateId) -> Self {
        MapState { id, types: PhantomData }
    }

    /// The value of an entry.
    pub fn get<'a>(&self, at: &'a mut impl StateAccess, key: &K) -> Result<Option<&'a V>> {
        let row = at.row();
        let (column, time, holds) = at.states().column::<MapColumn<K, V>>(self.id)?;
        Ok(column.get(row, key, time, holds))
    }

    /// Whether there is such an entry.
    pub fn contains(&self, at: &mut impl StateAccess, key: &K) -> Result<bool> {
        Ok(self.get(at, key)?.is_some())
    }

    /// The value of an entry, to be changed; `make` makes it if there is none. It counts as written.
    pub fn get_or_insert_with<'a>(
        &self,
        at: &'a mut impl StateAccess,
        key: K,
        make: impl FnOnce() -> V,
    ) -> Result<&'a mut V> {
        let row = at.claim_row()?;
        let (column, time, holds) = at.states().column::<MapColumn<K, V>>(self.id)?;
        column
            .get_or_insert_with(row, key, time, holds, make)
            .ok_or_else(|| hurtig_core::Error::user("a subtask's map state holds 4 294 967 295 entries"))
    }

    /// Sets the value of an entry.
    pub fn put(&self, at: &mut impl StateAccess, key: K, value: V) -> Result<()> {
        let row = at.claim_row()?;
        let (column, time, holds) = at.states().column::<MapColumn<K, V>>(self.id)?;
        column.put(row, key, value, time, holds);
        Ok(())
    }

    /// Sets the values of many entries.
    pub fn put_all(
        &self,
        at: &mut impl StateAccess,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Result<()> {
        entries.into_iter().try_for_each(|(key, value)| self.put(at, key, value))
    }

    /// Removes an entry and gives its value.
    pub fn remove(&self, at: &mut impl StateAccess, key: &K) -> Result<Option<V>> {
        let row = at.row();
        let (column, time, holds) = at.states().column::<MapColumn<K, V>>(self.id)?;
        Ok(column.remove(row, key, time, holds))
    }

    /// Removes the entries that `keep` does not want.
    pub fn retain(&self, at: &mut impl StateAccess, keep: impl FnMut(&K, &V) -> bool) -> Result<()> {
        let row = at.row();
        let (column, time, holds) = at.states().column::<MapColumn<K, V>>(self.id)?;
        column.retain(row, time, holds, keep);
        Ok(())
    }

    /// The key's entries, in the order in which they were added.
    pub fn entries<'a, A: StateAccess>(
        &self,
        at: &'a mut A,
    ) -> Result<impl Iterator<Item = (&'a K, &'a V)> + use<'a, A, K, V>> {
        let row = at.row();
        let (column, time, holds) = at.states().column::<MapColumn<K, V>>(self.id)?;
        column.read_all(row, time, holds);
        Ok((*column).iter(row, *time))
    }

    /// The keys of the entries.
    pub fn keys<'a, A: StateAccess>(
        &self,
        at: &'a mut A,
    ) -> Result<impl Iterator<Item = &'a K> + use<'a, A, K, V>> {
        Ok(self.entries(at)?.map(|(key, _)| key))
    }

    /// The values of the entries.
    pub fn values<'a, A: StateAccess>(
        &self,
        at: &'a mut A,
    ) -> Result<impl Iterator<Item = &'a V> + use<'a, A, K, V>> {
        Ok(self.entries(at)?.map(|(_, value)| value))
    }

    /// Whether there are no entries.
    pub fn is_empty(&self, at: &mut impl StateAccess) -> Result<bool> {
        Ok(self.entries(at)?.next().is_none())
    }

    /// Forgets the key's entries.
    pub fn clear(&self, at: &mut impl StateAccess) -> Result<()> {
        let row = at.row();
        let (column, _, holds) = at.states().column::<MapColumn<K, V>>(self.id)?;
        column.clear_row(row, holds);
        Ok(())
    }
}
