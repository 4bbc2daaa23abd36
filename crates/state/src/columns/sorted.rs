//! Elements of a row in the order of their times, each with a mark: what a join holds of one of its sides.
//!
//! A row that holds little is one leaf. One that holds much is a tree with leaves of at most 16 kB: neither
//! finding a time in it nor a write beside a snapshot costs more for a million elements than for ten.
//! Elements come anywhere and go from the front alone, so nodes are split but never merged.
use std::collections::VecDeque;

use hurtig_core::types::codec::write_varint;
use hurtig_core::{Error, Result, TypeInformation};

use crate::columns::{FrozenColumn, StateColumn};
use crate::index::RowId;
use crate::rows::RowHolds;
use crate::segments::{FrozenSegments, Segments, Stored};
use crate::slab::{FrozenSlab, Slab};
use crate::ttl::{StateTime, StateTtlConfig};

const LEAF_BYTES: usize = 16 * 1024;
/// Children of a branch: 8 kB. Few in tests, so that branches are split there too.
const FAN_OUT: usize = if cfg!(test) { 8 } else { 512 };
const NONE: u32 = u32::MAX;

/// What is known of a row without a look at its elements.
#[derive(Clone, Copy, Debug)]
struct Head {
    root: u32,
    len: u32,
    first: i64,
    last: i64,
}

const EMPTY: Head = Head { root: NONE, len: 0, first: i64::MAX, last: i64::MIN };

impl Stored for Head {
    const DEEP: bool = false;
}

/// An element with its time, in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Element<T> {
    /// What it is ordered by.
    pub time: i64,
    /// Whether it was marked, for example as one that found a partner.
    pub marked: bool,
    /// What it is.
    pub value: T,
}

#[derive(Clone, Debug)]
enum Node<T> {
    Leaf(Leaf<T>),
    /// By the times that they begin with. What is before the first one's belongs to that too.
    Branch(VecDeque<Child>),
}

#[derive(Clone, Debug)]
struct Leaf<T> {
    elements: VecDeque<Element<T>>,
    /// What the values own elsewhere, about.
    heap_bytes: usize,
    /// The leaf with the times that follow.
    next: u32,
}

#[derive(Clone, Copy, Debug)]
struct Child {
    from: i64,
    node: u32,
}

impl<T: TypeInformation> Stored for Node<T> {
    const DEEP: bool = true;
}

impl<T: TypeInformation> Leaf<T> {
    fn new(elements: VecDeque<Element<T>>, next: u32) -> Self {
        let heap_bytes = elements.iter().map(|element| element.value.heap_bytes()).sum();
        Leaf { elements, heap_bytes, next }
    }

    fn one(element: Element<T>, next: u32) -> Self {
        // Most rows of most joins hold one element or two.
        let mut elements = VecDeque::with_capacity(1);
        elements.push_back(element);
        Leaf::new(elements, next)
    }

    fn is_full(&self) -> bool {
        self.elements.len() * size_of::<Element<T>>() + self.heap_bytes >= LEAF_BYTES
    }

    fn insert(&mut self, place: usize, element: Element<T>) {
        self.heap_bytes += element.value.heap_bytes();
        self.elements.insert(place, element);
    }

    /// Behind all that are as early.
    fn place_of(&self, time: i64) -> usize {
        match self.elements.back() {
            Some(last) if last.time <= time => self.elements.len(),
            _ => self.elements.partition_point(|element| element.time <= time),
        }
    }
}

/// A place between the elements of a row. It is good until elements of the row come or go.
#[derive(Clone, Copy, Debug)]
pub struct Cursor {
    leaf: u32,
    place: u32,
}

impl Cursor {
    /// Behind all elements.
    const END: Cursor = Cursor { leaf: NONE, place: 0 };

    /// Goes to the next element.
    #[inline]
    pub fn advance(&mut self) {
        self.place += 1;
    }
}

/// The elements of one state by row.
#[derive(Debug)]
pub struct SortedColumn<T> {
    heads: Segments<Head>,
    nodes: Slab<Node<T>>,
    live: usize,
    /// The way down to a leaf: each branch with the child that was taken.
    path: Vec<(u32, usize)>,
}

impl<T> Default for SortedColumn<T> {
    fn default() -> Self {
        SortedColumn { heads: Segments::default(), nodes: Slab::default(), live: 0, path: Vec::new() }
    }
}

impl<T: TypeInformation> SortedColumn<T> {
    #[inline]
    fn head(&self, row: RowId) -> Head {
        self.heads.get(row.place()).copied().unwrap_or(EMPTY)
    }

    fn set_head(&mut self, row: RowId, head: Head) {
        if row.place() >= self.heads.len() {
            self.heads.grow(row.place() + 1, &EMPTY);
        }
        if let Some(present) = self.heads.get_mut(row.place()) {
            *present = head;
        }
    }

    /// How many elements the row has.
    pub fn row_len(&self, row: RowId) -> usize {
        self.head(row).len as usize
    }

    /// The time of the row's first element.
    #[inline]
    pub fn first_time(&self, row: RowId) -> Option<i64> {
        let head = self.head(row);
        (head.len > 0).then_some(head.first)
    }

    /// Adds an element, behind those of the same time. `true` if it is the first of the row now.
    pub fn insert(&mut self, row: RowId, element: Element<T>, holds: &mut RowHolds) -> Result<bool> {
        let mut head = self.head(row);
        let time = element.time;
        if head.len == 0 {
            head.root = self.add_node(Node::Leaf(Leaf::one(element, NONE)))?;
            holds.hold(row);
        } else {
            head.root = self.insert_into(head.root, element)?;
        }
        let is_first = time < head.first;
        head.first = head.first.min(time);
        head.last = head.last.max(time);
        head.len += 1;
        self.live += 1;
        self.set_head(row, head);
        Ok(is_first)
    }

    /// Adds an element below `root` and gives the root afterwards.
    fn insert_into(&mut self, root: u32, element: Element<T>) -> Result<u32> {
        let leaf_at = self.descend(root, |from| from <= element.time);
        let Some(Node::Leaf(leaf)) = self.nodes.get_mut(leaf_at) else { return Ok(root) };
        let place = leaf.place_of(element.time);
        if !leaf.is_full() {
            leaf.insert(place, element);
            return Ok(root);
        }
        let from;
        let upper = if place == leaf.elements.len() {
            // As most come in their order, leaves are left full.
            from = element.time;
            Leaf::one(element, leaf.next)
        } else {
            let half = leaf.elements.len() / 2;
            let mut upper = Leaf::new(leaf.elements.split_off(half), leaf.next);
            leaf.heap_bytes = leaf.heap_bytes.saturating_sub(upper.heap_bytes);
            from = upper.elements.front().map_or(element.time, |first| first.time);
            match place.checked_sub(half) {
                None | Some(0) => leaf.insert(place, element),
                Some(place) => upper.insert(place, element),
            }
            upper
        };
        let node = self.add_node(Node::Leaf(upper))?;
        if let Some(Node::Leaf(leaf)) = self.nodes.get_mut(leaf_at) {
            leaf.next = node;
        }
        self.add_child(root, Child { from, node })
    }

    /// The leaf below `node` on the way that goes to the last child of each branch whose beginning is `before`
    /// what is looked for, or to the first.
    fn descend(&mut self, mut node: u32, before: impl Fn(i64) -> bool) -> u32 {
        self.path.clear();
        while let Some(Node::Branch(children)) = self.nodes.get(node) {
            let child = children.partition_point(|child| before(child.from)).saturating_sub(1);
            self.path.push((node, child));
            node = children.get(child).map_or(NONE, |child| child.node);
        }
        node
    }

    /// Adds a child beside the end of the last way down and gives the root afterwards.
    fn add_child(&mut self, root: u32, mut child: Child) -> Result<u32> {
        while let Some((branch, before)) = self.path.pop() {
            let Some(Node::Branch(children)) = self.nodes.get_mut(branch) else { continue };
            let is_last = before + 1 == children.len();
            children.insert(before + 1, child);
            if children.len() <= FAN_OUT {
                return Ok(root);
            }
            let upper = children.split_off(if is_last { FAN_OUT } else { FAN_OUT / 2 });
            child.from = upper.front().map_or(child.from, |first| first.from);
            child.node = self.add_node(Node::Branch(upper))?;
        }
        let first = Child { from: i64::MIN, node: root };
        self.add_node(Node::Branch([first, child].into()))
    }

    fn add_node(&mut self, node: Node<T>) -> Result<u32> {
        self.nodes.insert(node).ok_or_else(|| {
            Error::user("a subtask's join holds 4 294 967 295 leaves of elements: raise the parallelism")
        })
    }

    /// Takes out the first element of the row if its time is not after `until`.
    pub fn pop_until(&mut self, row: RowId, until: i64, holds: &mut RowHolds) -> Option<Element<T>> {
        let mut head = self.head(row);
        if head.len == 0 || head.first > until {
            return None;
        }
        let leaf_at = self.descend(head.root, |_| false);
        let Some(Node::Leaf(leaf)) = self.nodes.get_mut(leaf_at) else { return None };
        let element = leaf.elements.pop_front()?;
        leaf.heap_bytes = leaf.heap_bytes.saturating_sub(element.value.heap_bytes());
        head.len -= 1;
        self.live -= 1;
        if head.len == 0 {
            self.remove_below(head.root);
            holds.release(row);
            head = EMPTY;
        } else {
            let next = match leaf.elements.front() {
                Some(next) => next.time,
                None => {
                    let next = leaf.next;
                    head.root = self.remove_first_leaf(head.root, leaf_at);
                    self.leaf(next)?.elements.front()?.time
                }
            };
            head.first = next;
        }
        self.set_head(row, head);
        Some(element)
    }

    /// Removes the leaf at the end of the last way down, the first of its tree, and what has become useless
    /// above it. Gives the root afterwards.
    fn remove_first_leaf(&mut self, mut root: u32, leaf: u32) -> u32 {
        self.nodes.remove(leaf);
        while let Some((branch, _)) = self.path.pop() {
            let Some(Node::Branch(children)) = self.nodes.get_mut(branch) else { continue };
            children.pop_front();
            if !children.is_empty() {
                break;
            }
            self.nodes.remove(branch);
        }
        while let Some(Node::Branch(children)) = self.nodes.get(root)
            && let (1, Some(&only)) = (children.len(), children.front())
        {
            self.nodes.remove(root);
            root = only.node;
        }
        root
    }

    fn remove_below(&mut self, root: u32) {
        let mut left = vec![root];
        while let Some(node) = left.pop() {
            match self.nodes.remove(node) {
                Some(Node::Branch(children)) => left.extend(children.iter().map(|child| child.node)),
                Some(Node::Leaf(leaf)) => self.live -= leaf.elements.len(),
                None => {}
            }
        }
    }

    #[inline]
    fn leaf(&self, node: u32) -> Option<&Leaf<T>> {
        match self.nodes.get(node) {
            Some(Node::Leaf(leaf)) => Some(leaf),
            _ => None,
        }
    }

    /// The place of the row's first element between the times `from` and `to`, both included; behind all
    /// elements if it is easily seen that there is none.
    #[inline]
    pub fn seek(&mut self, row: RowId, from: i64, to: i64) -> Cursor {
        let head = self.head(row);
        if head.last < from || head.first > to || from > to {
            return Cursor::END;
        }
        if from <= head.first {
            let leaf = self.descend(head.root, |_| false);
            return Cursor { leaf, place: 0 };
        }
        // Elements of one time may lie in several leaves: the way goes to the leaf before.
        let at = self.descend(head.root, |begin| begin < from);
        let Some(leaf) = self.leaf(at) else { return Cursor::END };
        Cursor { leaf: at, place: leaf.elements.partition_point(|element| element.time < from) as u32 }
    }

    /// The element at the cursor, which goes on to the next leaf where one is at its end.
    #[inline]
    pub fn get(&self, cursor: &mut Cursor) -> Option<&Element<T>> {
        loop {
            let leaf = self.leaf(cursor.leaf)?;
            match leaf.elements.get(cursor.place as usize) {
                Some(element) => return Some(element),
                None => *cursor = Cursor { leaf: leaf.next, place: 0 },
            }
        }
    }

    /// Calls `change` with the first element of this time, which `make` makes if there is none.
    #[inline]
    pub fn upsert<R>(
        &mut self,
        row: RowId,
        time: i64,
        holds: &mut RowHolds,
        make: impl FnOnce() -> T,
        change: impl FnOnce(&mut T) -> R,
    ) -> Result<R> {
        let head = self.head(row);
        if head.first <= time && time <= head.last {
            let leaf_at = self.descend(head.root, |from| from <= time);
            if let Some(Node::Leaf(leaf)) = self.nodes.get_mut(leaf_at) {
                let place = match leaf.elements.back() {
                    Some(last) if last.time == time => leaf.elements.len() - 1,
                    _ => leaf.elements.partition_point(|element| element.time < time),
                };
                if let Some(element) = leaf.elements.get_mut(place).filter(|element| element.time == time) {
                    return Ok(change(&mut element.value));
                }
            }
        }
        let mut value = make();
        let result = change(&mut value);
        self.insert(row, Element { time, marked: false, value }, holds)?;
        Ok(result)
    }

    /// Marks the element at the cursor.
    pub fn mark(&mut self, cursor: Cursor) {
        if let Some(Node::Leaf(leaf)) = self.nodes.get_mut(cursor.leaf)
            && let Some(element) = leaf.elements.get_mut(cursor.place as usize)
        {
            element.marked = true;
        }
    }
}

impl<T: TypeInformation> StateColumn for SortedColumn<T> {
    fn touch(&self, rows: &[RowId]) -> usize {
        let first = |&row: &RowId| self.leaf(self.head(row).root)?.elements.front();
        rows.iter().filter_map(first).filter(|element| element.marked).count()
    }

    fn holds_row(&self, row: RowId) -> bool {
        self.row_len(row) > 0
    }

    fn len(&self) -> usize {
        self.live
    }

    fn bytes(&self) -> usize {
        let node = |node: &Node<T>| match node {
            Node::Leaf(leaf) => leaf.elements.capacity() * size_of::<Element<T>>(),
            Node::Branch(children) => children.capacity() * size_of::<Child>(),
        };
        let nodes: usize = self.nodes.iter().map(|(_, present)| node(present)).sum();
        self.heads.bytes() + self.nodes.bytes() + nodes
    }

    fn clear_row(&mut self, row: RowId, holds: &mut RowHolds) {
        let head = self.head(row);
        if head.len > 0 {
            self.remove_below(head.root);
            self.set_head(row, EMPTY);
            holds.release(row);
        }
    }

    fn twin(&self) -> Box<dyn StateColumn> {
        Box::new(SortedColumn::<T>::default())
    }

    fn reset(&mut self) {
        *self = SortedColumn::default();
    }

    fn ttl(&self) -> Option<&StateTtlConfig> {
        None
    }

    fn sweep(&mut self, _: usize, _: &StateTime, _: &mut RowHolds) -> usize {
        0
    }

    fn freeze(&mut self) -> Box<dyn FrozenColumn> {
        Box::new(FrozenSorted { heads: self.heads.freeze(), nodes: self.nodes.freeze() })
    }
}

struct FrozenSorted<T> {
    heads: FrozenSegments<Head>,
    nodes: FrozenSlab<Node<T>>,
}

impl<T: TypeInformation> FrozenColumn for FrozenSorted<T> {
    /// The number of elements, then time, mark and value of each in their order.
    fn encode_row(&self, row: RowId, out: &mut Vec<u8>) -> bool {
        let Some(head) = self.heads.get(row.place()).filter(|head| head.len > 0) else { return false };
        write_varint(out, u64::from(head.len));
        let mut node = head.root;
        while let Some(Node::Branch(children)) = self.nodes.get(node) {
            node = children.front().map_or(NONE, |first| first.node);
        }
        while let Some(Node::Leaf(leaf)) = self.nodes.get(node) {
            for element in &leaf.elements {
                element.time.encode(out);
                element.marked.encode(out);
                element.value.encode(out);
            }
            node = leaf.next;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use hurtig_core::types::codec::Reader;
    use proptest::prelude::*;

    use super::*;

    const ROWS: u32 = 3;

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u32, i64),
        /// So many from a time on, so far apart.
        Many(u32, i64, usize, i64),
        Pop(u32, i64),
        Mark(u32, i64),
        Range(u32, i64, i64),
        Clear(u32),
        Freeze,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let (row, time) = (|| 0..ROWS, || -50..200_i64);
        let step = prop_oneof![
            8 => (row(), time()).prop_map(|(row, time)| Step::Insert(row, time)),
            2 => (row(), time(), 1..200_usize, 0..3_i64)
                .prop_map(|(row, time, count, apart)| Step::Many(row, time, count, apart)),
            2 => (row(), time()).prop_map(|(row, time)| Step::Pop(row, time)),
            2 => (row(), time()).prop_map(|(row, time)| Step::Mark(row, time)),
            4 => (row(), time(), 0..60_i64).prop_map(|(row, from, length)| Step::Range(row, from, from + length)),
            1 => row().prop_map(Step::Clear),
            1 => Just(Step::Freeze),
        ];
        proptest::collection::vec(step, 0..60)
    }

    /// So large that a leaf holds few, and with memory of its own.
    type Value = ([u8; 16], Vec<u8>);

    fn value(number: usize) -> Value {
        let mut own = [0; 16];
        own[..8].copy_from_slice(&number.to_le_bytes());
        (own, vec![7; if number.is_multiple_of(50) { 40_000 } else { 1500 }])
    }

    type Model = Vec<Vec<Element<Value>>>;

    fn insert(model: &mut Model, row: u32, element: Element<Value>) {
        let elements = &mut model[row as usize];
        let place = elements.partition_point(|present| present.time <= element.time);
        elements.insert(place, element);
    }

    fn range(column: &mut SortedColumn<Value>, row: u32, from: i64, to: i64) -> Vec<Element<Value>> {
        let mut cursor = column.seek(RowId(row), from, to);
        let mut found = Vec::new();
        while let Some(element) = column.get(&mut cursor).filter(|element| element.time <= to) {
            found.push(element.clone());
            cursor.advance();
        }
        found
    }

    fn check_frozen(frozen: &dyn FrozenColumn, model: &Model) {
        for (row, elements) in model.iter().enumerate() {
            let mut bytes = Vec::new();
            assert_eq!(frozen.encode_row(RowId(row as u32), &mut bytes), !elements.is_empty());
            if elements.is_empty() {
                continue;
            }
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.varint().unwrap(), elements.len() as u64);
            for element in elements {
                assert_eq!(i64::decode(&mut reader).unwrap(), element.time);
                assert_eq!(bool::decode(&mut reader).unwrap(), element.marked);
                assert_eq!(Value::decode(&mut reader).unwrap(), element.value);
            }
        }
    }

    fn run(steps: Vec<Step>) {
        let (mut column, mut holds) = (SortedColumn::default(), RowHolds::default());
        let mut model: Model = vec![Vec::new(); ROWS as usize];
        let mut snapshots = Vec::new();
        let mut number = 0;
        for step in steps {
            match step {
                Step::Insert(row, time) => {
                    number += 1;
                    let element = Element { time, marked: number % 7 == 0, value: value(number) };
                    let is_first = model[row as usize].first().is_none_or(|first| time < first.time);
                    insert(&mut model, row, element.clone());
                    assert_eq!(column.insert(RowId(row), element, &mut holds).unwrap(), is_first);
                }
                Step::Many(row, from, count, apart) => {
                    for step in 0..count as i64 {
                        number += 1;
                        let element =
                            Element { time: from + step * apart, marked: false, value: value(number) };
                        insert(&mut model, row, element.clone());
                        column.insert(RowId(row), element, &mut holds).unwrap();
                    }
                }
                Step::Pop(row, until) => {
                    let elements = &mut model[row as usize];
                    let gone: Vec<_> =
                        elements.drain(..elements.partition_point(|element| element.time <= until)).collect();
                    let popped = std::iter::from_fn(|| column.pop_until(RowId(row), until, &mut holds));
                    assert!(popped.eq(gone));
                }
                Step::Mark(row, time) => {
                    let mut cursor = column.seek(RowId(row), time, i64::MAX);
                    if column.get(&mut cursor).is_some() {
                        column.mark(cursor);
                    }
                    let first = model[row as usize].iter_mut().find(|element| element.time >= time);
                    first.into_iter().for_each(|element| element.marked = true);
                }
                Step::Range(row, from, to) => {
                    let inside = |element: &&Element<Value>| (from..=to).contains(&element.time);
                    let expect: Vec<_> = model[row as usize].iter().filter(inside).cloned().collect();
                    assert_eq!(range(&mut column, row, from, to), expect);
                }
                Step::Clear(row) => {
                    column.clear_row(RowId(row), &mut holds);
                    model[row as usize].clear();
                }
                Step::Freeze => snapshots.push((column.freeze(), model.clone())),
            }
            for (row, elements) in model.iter().enumerate() {
                let row = RowId(row as u32);
                assert_eq!(column.row_len(row), elements.len());
                assert_eq!(column.first_time(row), elements.first().map(|first| first.time));
                assert_eq!(holds.count(row), u32::from(!elements.is_empty()));
            }
            assert_eq!(column.len(), model.iter().map(Vec::len).sum::<usize>());
        }
        check_frozen(column.freeze().as_ref(), &model);
        snapshots.iter().for_each(|(frozen, model)| check_frozen(frozen.as_ref(), model));
        for row in 0..ROWS {
            while column.pop_until(RowId(row), i64::MAX, &mut holds).is_some() {}
        }
        assert_eq!((column.len(), column.nodes.len()), (0, 0), "nothing is left behind");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(150))]
        #[test]
        fn it_is_a_sorted_list_a_row(steps in steps()) {
            run(steps);
        }
    }

    fn number(time: i64) -> Element<i64> {
        Element { time, marked: false, value: time }
    }

    #[test]
    fn a_long_row_is_a_tree_of_full_leaves() {
        let (mut column, mut holds) = (SortedColumn::default(), RowHolds::default());
        let row = RowId(0);
        (0..1_000_000).for_each(|time| {
            column.insert(row, number(time), &mut holds).unwrap();
        });
        let leaves = 1_000_000_usize.div_ceil(LEAF_BYTES.div_ceil(size_of::<Element<i64>>()));
        let branches = leaves / (FAN_OUT - 1) + 8;
        assert!(column.nodes.len() <= leaves + branches, "{} nodes for {leaves} leaves", column.nodes.len());
        column.seek(row, 500_000, 500_000);
        assert_eq!(column.path.len(), leaves.ilog(FAN_OUT) as usize + 1, "no deeper than it must be");
        for time in (0..1_000_000).step_by(99_991) {
            let mut cursor = column.seek(row, time, time);
            assert_eq!(column.get(&mut cursor), Some(&number(time)));
        }
        for time in 0..999_990 {
            assert_eq!(column.pop_until(row, 999_989, &mut holds), Some(number(time)));
        }
        assert_eq!(column.pop_until(row, 999_989, &mut holds), None);
        assert_eq!(column.nodes.len(), 1, "ten elements are one leaf");
        column.clear_row(row, &mut holds);
        assert_eq!((column.len(), holds.count(row)), (0, 0));
    }

    #[test]
    fn times_that_come_backwards_and_again_find_their_place() {
        let (mut column, mut holds) = (SortedColumn::default(), RowHolds::default());
        let row = RowId(0);
        for time in (0..100_000).rev() {
            assert!(column.insert(row, number(time), &mut holds).unwrap());
        }
        for again in 0..5000 {
            let element = Element { time: 77, marked: false, value: -again };
            assert!(!column.insert(row, element, &mut holds).unwrap());
        }
        let mut cursor = column.seek(row, 77, 77);
        let mut found = Vec::new();
        while let Some(element) = column.get(&mut cursor).filter(|element| element.time == 77) {
            found.push(element.value);
            cursor.advance();
        }
        assert!(found.into_iter().eq(std::iter::once(77).chain((0..5000).map(|again| -again))));
    }
}
