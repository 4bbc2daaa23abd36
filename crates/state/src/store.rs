//! The states that an operator has registered, and how a function gets at them.
use std::any::{Any, type_name};

use hurtig_core::{Error, Key, LogicalType, Result, TypeInformation};

use crate::columns::list::ListColumn;
use crate::columns::map::MapColumn;
use crate::columns::sorted::SortedColumn;
use crate::columns::value::ValueColumn;
use crate::columns::{FrozenColumn, StateColumn};
use crate::descriptor::{
    AggregatingStateDescriptor, ListStateDescriptor, MapStateDescriptor, ReducingStateDescriptor,
    ValueStateDescriptor,
};
use crate::functions::{AggregateFunction, ReduceFunction};
use crate::handles::{AggregatingState, ListState, MapState, ReducingState, ValueState};
use crate::index::RowId;
use crate::rows::RowHolds;
use crate::ttl::{StateTime, StateTtlConfig, TtlTimeCharacteristic};

/// Which of an operator's states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateId(pub(crate) u32);

impl StateId {
    /// No state: what a handle has before it was registered.
    pub const NONE: StateId = StateId(u32::MAX);
}

/// What kind of state it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateKind {
    /// One value.
    Value,
    /// A list.
    List,
    /// A map.
    Map,
    /// One value of all that were added.
    Reducing,
    /// One accumulator of all that was added.
    Aggregating,
    /// Elements by their times.
    Sorted,
}

struct Registered {
    name: String,
    kind: StateKind,
    logical_type: LogicalType,
    rust_type: &'static str,
    column: Box<dyn StateColumn>,
    /// Whether the present round of sweeping is through with it.
    swept: bool,
}

/// What is known of a registered state.
#[derive(Clone, Debug, PartialEq)]
pub struct StateInfo {
    /// Its name, its own within the operator.
    pub name: String,
    /// Its kind.
    pub kind: StateKind,
    /// The type of its values; of a map, of its entries.
    pub logical_type: LogicalType,
    /// Values, elements or entries held.
    pub len: usize,
    /// Bytes held, without what values own elsewhere.
    pub bytes: usize,
}

/// The states of one operator's subtask, by row.
#[derive(Default)]
pub struct StateStore {
    states: Vec<Registered>,
    /// What holds the rows.
    pub holds: RowHolds,
    /// The time that time to live looks at.
    pub time: StateTime,
}

/// Where a function's states are found: the row of the key at hand.
pub trait StateAccess {
    /// The row of the key at hand, [`RowId::NONE`] if it has no state yet.
    fn row(&self) -> RowId;

    /// The row of the key at hand; it gets one if it has none.
    fn claim_row(&mut self) -> Result<RowId>;

    /// The states.
    fn states(&mut self) -> &mut StateStore;
}

impl StateStore {
    fn register<C: StateColumn>(
        &mut self,
        name: &str,
        kind: StateKind,
        logical_type: LogicalType,
        column: C,
    ) -> Result<StateId> {
        let rust_type = type_name::<C>();
        if let Some(place) = self.states.iter().position(|state| state.name == name) {
            let present = &self.states[place];
            if present.kind != kind || present.rust_type != rust_type {
                return Err(Error::user(format!(
                    "state '{name}' is registered twice: as {:?} of {}, and as {kind:?} of {logical_type}{}",
                    present.kind,
                    present.logical_type,
                    if present.logical_type == logical_type { " in another Rust type" } else { "" },
                )));
            }
            if present.column.ttl() != column.ttl() {
                return Err(Error::user(format!(
                    "state '{name}' is registered twice, with different times to live"
                )));
            }
            return Ok(StateId(place as u32));
        }
        let id = StateId(self.states.len() as u32);
        let (name, column) = (name.to_owned(), Box::new(column));
        self.states.push(Registered { name, kind, logical_type, rust_type, column, swept: false });
        Ok(id)
    }

    /// Registers one value per key. The same descriptor again gives the same state.
    pub fn value<T: TypeInformation>(
        &mut self,
        descriptor: &ValueStateDescriptor<T>,
    ) -> Result<ValueState<T>> {
        let column = ValueColumn::<T>::new(descriptor.ttl);
        let id = self.register(&descriptor.name, StateKind::Value, T::logical_type(), column)?;
        Ok(ValueState::new(id))
    }

    /// Registers a list per key.
    pub fn list<T: TypeInformation>(&mut self, descriptor: &ListStateDescriptor<T>) -> Result<ListState<T>> {
        let column = ListColumn::<T>::new(descriptor.ttl);
        let id = self.register(&descriptor.name, StateKind::List, T::logical_type(), column)?;
        Ok(ListState::new(id))
    }

    /// Registers a map per key.
    pub fn map<K: Key, V: TypeInformation>(
        &mut self,
        descriptor: &MapStateDescriptor<K, V>,
    ) -> Result<MapState<K, V>> {
        let column = MapColumn::<K, V>::new(descriptor.ttl);
        let entry = <(K, V)>::logical_type();
        let id = self.register(&descriptor.name, StateKind::Map, entry, column)?;
        Ok(MapState::new(id))
    }

    /// Registers one value per key of all that are added.
    pub fn reducing<T: TypeInformation, F: ReduceFunction<T>>(
        &mut self,
        descriptor: &ReducingStateDescriptor<T, F>,
    ) -> Result<ReducingState<T, F>> {
        let column = ValueColumn::<T>::new(descriptor.ttl);
        let id = self.register(&descriptor.name, StateKind::Reducing, T::logical_type(), column)?;
        Ok(ReducingState::new(id, descriptor.reduce.clone()))
    }

    /// Registers one accumulator per key.
    pub fn aggregating<I, A: AggregateFunction<I>>(
        &mut self,
        descriptor: &AggregatingStateDescriptor<I, A>,
    ) -> Result<AggregatingState<I, A>> {
        let column = ValueColumn::<A::Accumulator>::new(descriptor.ttl);
        let accumulator = A::Accumulator::logical_type();
        let id = self.register(&descriptor.name, StateKind::Aggregating, accumulator, column)?;
        Ok(AggregatingState::new(id, descriptor.aggregate.clone()))
    }

    /// Registers elements by their times, for operators that join.
    pub fn sorted<T: TypeInformation>(&mut self, name: &str) -> Result<StateId> {
        self.register(name, StateKind::Sorted, T::logical_type(), SortedColumn::<T>::default())
    }

    /// The columns of two states at once.
    pub fn pair<A: StateColumn, B: StateColumn>(
        &mut self,
        first: StateId,
        second: StateId,
    ) -> Result<(&mut A, &mut B, &mut RowHolds)> {
        let ids = [first.0 as usize, second.0 as usize];
        let [a, b] = self.states.get_disjoint_mut(ids).map_err(|_| foreign::<(A, B)>(first))?;
        let a = (a.column.as_mut() as &mut dyn Any).downcast_mut();
        let b = (b.column.as_mut() as &mut dyn Any).downcast_mut();
        match (a, b) {
            (Some(a), Some(b)) => Ok((a, b, &mut self.holds)),
            _ => Err(foreign::<(A, B)>(first)),
        }
    }

    /// The same states without any values: handles fit both.
    pub fn twin(&self) -> StateStore {
        let twin = |state: &Registered| Registered {
            name: state.name.clone(),
            kind: state.kind,
            logical_type: state.logical_type.clone(),
            rust_type: state.rust_type,
            column: state.column.twin(),
            swept: false,
        };
        StateStore { states: self.states.iter().map(twin).collect(), ..StateStore::default() }
    }

    /// The column of a state, with what it needs. One check of its type.
    #[inline]
    pub fn column<C: StateColumn>(&mut self, id: StateId) -> Result<(&mut C, &StateTime, &mut RowHolds)> {
        let column = match self.states.get_mut(id.0 as usize) {
            Some(state) => (state.column.as_mut() as &mut dyn Any).downcast_mut(),
            None => None,
        };
        match column {
            Some(column) => Ok((column, &self.time, &mut self.holds)),
            None => Err(foreign::<C>(id)),
        }
    }

    /// The column of a state, whatever its type.
    pub(crate) fn any_column(&self, id: StateId) -> Result<&dyn StateColumn> {
        let state = self.states.get(id.0 as usize).ok_or_else(|| foreign::<dyn StateColumn>(id))?;
        Ok(state.column.as_ref())
    }

    /// Whether nothing is registered.
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// What is registered.
    pub fn infos(&self) -> Vec<StateInfo> {
        let info = |state: &Registered| StateInfo {
            name: state.name.clone(),
            kind: state.kind,
            logical_type: state.logical_type.clone(),
            len: state.column.len(),
            bytes: state.column.bytes(),
        };
        self.states.iter().map(info).collect()
    }

    /// Looks at the rows of keys that are about to be used.
    #[inline]
    pub fn touch(&self, rows: &[RowId]) {
        for state in &self.states {
            std::hint::black_box(state.column.touch(rows));
        }
    }

    /// Values, elements and entries of all states.
    pub fn len(&self) -> usize {
        self.states.iter().map(|state| state.column.len()).sum()
    }

    /// Whether no state holds anything.
    pub fn is_all_empty(&self) -> bool {
        self.states.iter().all(|state| state.column.is_empty())
    }

    /// Bytes of all states.
    pub fn bytes(&self) -> usize {
        self.states.iter().map(|state| state.column.bytes()).sum()
    }

    /// Forgets all states of a row.
    pub fn clear_row(&mut self, row: RowId) {
        for state in &mut self.states {
            state.column.clear_row(row, &mut self.holds);
        }
    }

    /// Gives all memory back, when there is no row.
    pub fn reset(&mut self) {
        self.states.iter_mut().for_each(|state| state.column.reset());
        self.holds.reset();
    }

    /// Whether some state has a time to live that is cleaned up in the background.
    pub fn has_ttl(&self) -> bool {
        self.states.iter().any(|state| swept(state).is_some())
    }

    /// Looks at values with a time to live, so many per record of `records`, and removes what is over.
    pub fn sweep_for_records(&mut self, records: usize) {
        for state in &mut self.states {
            if let Some(per_record) = swept(state) {
                state.column.sweep(per_record.saturating_mul(records), &self.time, &mut self.holds);
            }
        }
    }

    /// Looks at up to `budget` values of each state with a time to live. `true` if the round is not over: some
    /// state has values that this round has not come to.
    pub fn sweep(&mut self, budget: usize) -> bool {
        let mut more = false;
        for state in &mut self.states {
            if swept(state).is_some() && !state.swept {
                state.swept = state.column.sweep(budget, &self.time, &mut self.holds) < budget;
                more |= !state.swept;
            }
        }
        if !more {
            self.states.iter_mut().for_each(|state| state.swept = false);
        }
        more
    }

    /// The shortest time to live of states that are cleaned up in the background, in milliseconds; by this time
    /// or by any.
    pub fn shortest_ttl(&self, time: Option<TtlTimeCharacteristic>) -> Option<i64> {
        self.states
            .iter()
            .filter(|state| swept(state).is_some())
            .filter_map(|state| state.column.ttl())
            .filter(|ttl| time.is_none_or(|time| ttl.time == time))
            .map(|ttl| ttl.ttl)
            .min()
    }

    /// All states as they are now.
    pub fn freeze(&mut self) -> Vec<(StateInfo, Box<dyn FrozenColumn>)> {
        let infos = self.infos();
        infos.into_iter().zip(self.states.iter_mut().map(|state| state.column.freeze())).collect()
    }
}

fn swept(state: &Registered) -> Option<usize> {
    state.column.ttl().and_then(|ttl: &StateTtlConfig| ttl.incremental)
}

#[cold]
fn foreign<C: ?Sized>(id: StateId) -> Error {
    if id == StateId::NONE {
        Error::user("a state was used before it was registered: do so in `open`, with its descriptor")
    } else {
        Error::user(format!("a state of {} was used that this operator has not registered", type_name::<C>()))
    }
}
