//! The open windows of each key, where windows merge: most often one.
use hurtig_state::RowId;

/// Rows of windows by the row of their key.
#[derive(Debug, Default)]
pub struct OpenWindows {
    of_keys: Vec<Open>,
}

#[derive(Clone, Debug, Default)]
enum Open {
    #[default]
    None,
    One(RowId),
    Many(Vec<RowId>),
}

impl OpenWindows {
    /// The open windows of a key.
    #[inline]
    pub fn of(&self, key: RowId) -> &[RowId] {
        match self.of_keys.get(key.place()) {
            Some(Open::One(row)) => std::slice::from_ref(row),
            Some(Open::Many(rows)) => rows,
            _ => &[],
        }
    }

    /// One more.
    pub fn add(&mut self, key: RowId, window: RowId) {
        if self.of_keys.len() <= key.place() {
            self.of_keys.resize(key.place() + 1, Open::None);
        }
        let open = &mut self.of_keys[key.place()];
        match open {
            Open::None => *open = Open::One(window),
            Open::One(first) => *open = Open::Many(vec![*first, window]),
            Open::Many(rows) => rows.push(window),
        }
    }

    /// One less.
    pub fn remove(&mut self, key: RowId, window: RowId) {
        let Some(open) = self.of_keys.get_mut(key.place()) else { return };
        match open {
            Open::One(row) if *row == window => *open = Open::None,
            Open::Many(rows) => {
                rows.retain(|row| *row != window);
                if let [last] = rows.as_slice() {
                    *open = Open::One(*last);
                } else if rows.is_empty() {
                    *open = Open::None;
                }
            }
            _ => {}
        }
    }

    /// Gives the memory back, when there is no window.
    pub fn reset(&mut self) {
        self.of_keys = Vec::new();
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.of_keys.capacity() * size_of::<Open>()
    }
}
