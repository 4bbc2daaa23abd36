//! State of a subtask, not of a key: lists that are shared out again when a job is rescaled, and maps that
//! every subtask has alike.
use std::any::{Any, type_name};
use std::marker::PhantomData;

use hurtig_core::types::codec::Reader;
use hurtig_core::{Error, Key, LogicalType, Result, TypeInformation};

use crate::columns::map::MapColumn;
use crate::columns::{FrozenColumn, StateColumn};
use crate::descriptor::{ListStateDescriptor, MapStateDescriptor};
use crate::index::RowId;
use crate::rows::RowHolds;
use crate::ttl::StateTime;

/// How the elements of an operator's list are shared out when the job is rescaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redistribution {
    /// Each element to one subtask, in turn. Flink's `getListState`.
    Split,
    /// All elements to every subtask. Flink's `getUnionListState`.
    Union,
    /// Every subtask has the same.
    Broadcast,
}

struct Registered {
    name: String,
    how: Redistribution,
    logical_type: LogicalType,
    rust_type: &'static str,
    state: Box<dyn OperatorStatePart>,
}

trait OperatorStatePart: Any + Send {
    fn len(&self) -> usize;
    fn freeze(&mut self) -> Box<dyn FrozenColumn>;
}

/// The operator state of one subtask.
#[derive(Default)]
pub struct OperatorStates {
    states: Vec<Registered>,
}

/// What is known of a registered operator state.
#[derive(Clone, Debug, PartialEq)]
pub struct OperatorStateInfo {
    /// Its name, its own within the operator.
    pub name: String,
    /// How it is shared out when the job is rescaled.
    pub redistribution: Redistribution,
    /// The type of its elements or entries.
    pub logical_type: LogicalType,
    /// Elements or entries held.
    pub len: usize,
}

impl OperatorStates {
    fn register<S: OperatorStatePart>(
        &mut self,
        name: &str,
        how: Redistribution,
        logical_type: LogicalType,
        state: impl FnOnce() -> S,
    ) -> Result<usize> {
        let rust_type = type_name::<S>();
        if let Some(place) = self.states.iter().position(|present| present.name == name) {
            let present = &self.states[place];
            if present.how != how || present.rust_type != rust_type {
                return Err(Error::user(format!(
                    "operator state '{name}' is registered twice: as {:?} of {}, and as {how:?} of \
                     {logical_type}",
                    present.how, present.logical_type,
                )));
            }
            return Ok(place);
        }
        let state = Box::new(state());
        self.states.push(Registered { name: name.to_owned(), how, logical_type, rust_type, state });
        Ok(self.states.len() - 1)
    }

    /// A list whose elements are shared out when the job is rescaled: each to one subtask.
    pub fn list_state<T: TypeInformation>(
        &mut self,
        descriptor: &ListStateDescriptor<T>,
    ) -> Result<OperatorListState<T>> {
        self.list(descriptor, Redistribution::Split)
    }

    /// A list whose elements go to every subtask when the job is rescaled.
    pub fn union_list_state<T: TypeInformation>(
        &mut self,
        descriptor: &ListStateDescriptor<T>,
    ) -> Result<OperatorListState<T>> {
        self.list(descriptor, Redistribution::Union)
    }

    fn list<T: TypeInformation>(
        &mut self,
        descriptor: &ListStateDescriptor<T>,
        how: Redistribution,
    ) -> Result<OperatorListState<T>> {
        if descriptor.ttl.is_some() {
            return Err(no_ttl(&descriptor.name));
        }
        let place = self.register(&descriptor.name, how, T::logical_type(), Elements::<T>::default)?;
        Ok(OperatorListState { place, types: PhantomData })
    }

    /// A map that is the same in every subtask. Flink's broadcast state.
    pub fn broadcast_state<K: Key, V: TypeInformation>(
        &mut self,
        descriptor: &MapStateDescriptor<K, V>,
    ) -> Result<BroadcastState<K, V>> {
        if descriptor.ttl.is_some() {
            return Err(no_ttl(&descriptor.name));
        }
        let make = || Entries { column: MapColumn::<K, V>::new(None), holds: RowHolds::default() };
        let entry = <(K, V)>::logical_type();
        let place = self.register(&descriptor.name, Redistribution::Broadcast, entry, make)?;
        Ok(BroadcastState { place, types: PhantomData })
    }

    fn part<S: OperatorStatePart>(&self, place: usize) -> Result<&S> {
        let part = self.states.get(place).and_then(|state| (state.state.as_ref() as &dyn Any).downcast_ref());
        part.ok_or_else(unregistered::<S>)
    }

    fn part_mut<S: OperatorStatePart>(&mut self, place: usize) -> Result<&mut S> {
        let state = self.states.get_mut(place);
        let part = state.and_then(|state| (state.state.as_mut() as &mut dyn Any).downcast_mut());
        part.ok_or_else(unregistered::<S>)
    }

    /// What is registered.
    pub fn infos(&self) -> Vec<OperatorStateInfo> {
        let info = |state: &Registered| OperatorStateInfo {
            name: state.name.clone(),
            redistribution: state.how,
            logical_type: state.logical_type.clone(),
            len: state.state.len(),
        };
        self.states.iter().map(info).collect()
    }

    /// All of it as it is now; row 0 of each holds all elements.
    pub fn freeze(&mut self) -> Vec<(OperatorStateInfo, Box<dyn FrozenColumn>)> {
        let infos = self.infos();
        infos.into_iter().zip(self.states.iter_mut().map(|state| state.state.freeze())).collect()
    }
}

#[cold]
fn no_ttl(name: &str) -> Error {
    Error::user(format!("operator state '{name}': only keyed state has a time to live"))
}

#[cold]
fn unregistered<S>() -> Error {
    Error::user(format!("an operator state was used that is not registered: {}", type_name::<S>()))
}

/// Where operator state is found: what a function's context gives.
pub trait OperatorStateAccess {
    /// The operator state.
    fn operator_states(&mut self) -> &mut OperatorStates;
}

impl OperatorStateAccess for OperatorStates {
    fn operator_states(&mut self) -> &mut OperatorStates {
        self
    }
}

/// A list of the subtask's own. Meant to be small: a snapshot encodes it at once.
pub struct OperatorListState<T> {
    place: usize,
    types: PhantomData<fn() -> T>,
}

impl<T> Clone for OperatorListState<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for OperatorListState<T> {}

impl<T> Default for OperatorListState<T> {
    fn default() -> Self {
        OperatorListState { place: usize::MAX, types: PhantomData }
    }
}

struct Elements<T>(Vec<T>);

impl<T> Default for Elements<T> {
    fn default() -> Self {
        Elements(Vec::new())
    }
}

impl<T: TypeInformation> OperatorStatePart for Elements<T> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn freeze(&mut self) -> Box<dyn FrozenColumn> {
        let mut bytes = Vec::new();
        hurtig_core::types::codec::write_varint(&mut bytes, self.0.len() as u64);
        self.0.iter().for_each(|element| element.encode(&mut bytes));
        Box::new(FrozenElements(bytes))
    }
}

struct FrozenElements(Vec<u8>);

impl FrozenColumn for FrozenElements {
    fn encode_row(&self, _: RowId, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(&self.0);
        Reader::new(&self.0).varint().is_ok_and(|count| count > 0)
    }
}

impl<T: TypeInformation> OperatorListState<T> {
    /// The elements in their order.
    pub fn get<'a>(&self, at: &'a mut impl OperatorStateAccess) -> Result<&'a [T]> {
        Ok(&at.operator_states().part::<Elements<T>>(self.place)?.0)
    }

    /// Appends an element.
    pub fn add(&self, at: &mut impl OperatorStateAccess, value: T) -> Result<()> {
        at.operator_states().part_mut::<Elements<T>>(self.place)?.0.push(value);
        Ok(())
    }

    /// Replaces the elements.
    pub fn update(
        &self,
        at: &mut impl OperatorStateAccess,
        values: impl IntoIterator<Item = T>,
    ) -> Result<()> {
        at.operator_states().part_mut::<Elements<T>>(self.place)?.0 = values.into_iter().collect();
        Ok(())
    }

    /// Forgets the elements.
    pub fn clear(&self, at: &mut impl OperatorStateAccess) -> Result<()> {
        self.update(at, [])
    }
}

/// A map that is the same in every subtask, because only what every subtask gets may change it. Flink's
/// `BroadcastState`.
pub struct BroadcastState<K, V> {
    place: usize,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for BroadcastState<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for BroadcastState<K, V> {}

impl<K, V> Default for BroadcastState<K, V> {
    fn default() -> Self {
        BroadcastState { place: usize::MAX, types: PhantomData }
    }
}

/// The map is that of one row.
struct Entries<K, V> {
    column: MapColumn<K, V>,
    holds: RowHolds,
}

const ROW: RowId = RowId(0);

impl<K: Key, V: TypeInformation> OperatorStatePart for Entries<K, V> {
    fn len(&self) -> usize {
        self.column.len()
    }

    fn freeze(&mut self) -> Box<dyn FrozenColumn> {
        self.column.freeze()
    }
}

impl<K: Key, V: TypeInformation> BroadcastState<K, V> {
    /// The value of an entry.
    pub fn get<'a>(&self, at: &'a mut impl OperatorStateAccess, key: &K) -> Result<Option<&'a V>> {
        let Entries { column, holds } = at.operator_states().part_mut::<Entries<K, V>>(self.place)?;
        Ok(column.get(ROW, key, &StateTime::default(), holds))
    }

    /// Whether there is such an entry.
    pub fn contains(&self, at: &mut impl OperatorStateAccess, key: &K) -> Result<bool> {
        Ok(self.get(at, key)?.is_some())
    }

    /// The entries, in the order in which they were added.
    pub fn entries<'a, A: OperatorStateAccess>(
        &self,
        at: &'a mut A,
    ) -> Result<impl Iterator<Item = (&'a K, &'a V)> + use<'a, A, K, V>> {
        let entries = at.operator_states().part::<Entries<K, V>>(self.place)?;
        Ok(entries.column.iter(ROW, StateTime::default()))
    }

    /// Sets the value of an entry.
    pub fn put(&self, at: &mut impl BroadcastStateAccess, key: K, value: V) -> Result<()> {
        let Entries { column, holds } = at.operator_states().part_mut::<Entries<K, V>>(self.place)?;
        column.put(ROW, key, value, &StateTime::default(), holds);
        Ok(())
    }

    /// Removes an entry and gives its value.
    pub fn remove(&self, at: &mut impl BroadcastStateAccess, key: &K) -> Result<Option<V>> {
        let Entries { column, holds } = at.operator_states().part_mut::<Entries<K, V>>(self.place)?;
        Ok(column.remove(ROW, key, &StateTime::default(), holds))
    }

    /// Forgets all entries.
    pub fn clear(&self, at: &mut impl BroadcastStateAccess) -> Result<()> {
        let Entries { column, holds } = at.operator_states().part_mut::<Entries<K, V>>(self.place)?;
        column.clear_row(ROW, holds);
        Ok(())
    }
}

/// Where broadcast state may be changed: for records that every subtask gets.
pub trait BroadcastStateAccess: OperatorStateAccess {}

impl BroadcastStateAccess for OperatorStates {}
