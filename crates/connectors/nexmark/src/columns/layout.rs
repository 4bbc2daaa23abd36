//! Which row each event of a run becomes, and filling the columns of one kind along it.
use std::ops::Range;
use std::sync::Arc;

use arrow_array::types::{Int64Type, TimestampMillisecondType};
use arrow_array::{ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use arrow_buffer::{NullBuffer, NullBufferBuilder};
use hurtig_core::EventTime;

use crate::columns::blocks::BlockColumn;
use crate::columns::strings::TextColumn;
use crate::config::GeneratorConfig;
use crate::fields::Fields;
use crate::generator::Generator;
use crate::model::Kind;
use crate::random::Draws;
use crate::range::EventRange;
use crate::span::{Span, Spans};
use crate::timeline::Timeline;

/// The spans of the wanted kinds and the rows where they begin.
pub(crate) struct Layout {
    spans: Vec<Placed>,
    rows: usize,
}

/// A span and its place among the rows.
pub(crate) struct Placed {
    pub(crate) span: Span,
    pub(crate) row: usize,
}

impl Layout {
    /// The rows that the events `numbers` of `range` become if only the kinds in `fields` are wanted.
    pub(crate) fn new(
        config: &GeneratorConfig,
        fields: Fields,
        range: &EventRange,
        numbers: Range<u64>,
    ) -> Layout {
        let (mut placed, mut rows) = (Vec::new(), 0);
        for span in Spans::new(config, range, numbers).filter(|span| fields.wants(span.kind)) {
            placed.push(Placed { span, row: rows });
            rows += span.count;
        }
        Layout { spans: placed, rows }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The column `event_type`.
    pub(crate) fn event_types(&self) -> Vec<i32> {
        let mut types = Vec::with_capacity(self.rows);
        for Placed { span, .. } in &self.spans {
            types.extend(std::iter::repeat_n(span.kind as i32, span.count));
        }
        types
    }

    /// The time of each row.
    pub(crate) fn times(&self, timeline: Timeline) -> Vec<EventTime> {
        let mut times = Vec::with_capacity(self.rows);
        for Placed { span, .. } in &self.spans {
            timeline.run(span.number, span.count).append(span.count, &mut times);
        }
        times
    }

    /// Which rows are of `kind`; `None` if all are.
    fn validity(&self, kind: Kind) -> Option<NullBuffer> {
        let mut validity = NullBufferBuilder::new(self.rows);
        for Placed { span, .. } in &self.spans {
            if span.kind == kind {
                validity.append_n_non_nulls(span.count);
            } else {
                validity.append_n_nulls(span.count);
            }
        }
        validity.finish()
    }
}

/// The rows of one kind, with the draws of each. Columns are NULL in the rows of other kinds.
pub(crate) struct KindRows<'a> {
    pub(crate) generator: &'a Generator,
    pub(crate) fields: Fields,
    rows: usize,
    validity: Option<NullBuffer>,
    spans: Vec<&'a Placed>,
    /// One per event of the kind, in order: most columns begin with them.
    draws: Vec<Draws>,
}

impl<'a> KindRows<'a> {
    pub(crate) fn new(
        generator: &'a Generator,
        fields: Fields,
        layout: &'a Layout,
        kind: Kind,
    ) -> KindRows<'a> {
        let spans: Vec<_> = layout.spans.iter().filter(|placed| placed.span.kind == kind).collect();
        let mut draws = Vec::with_capacity(spans.iter().map(|placed| placed.span.count).sum());
        let seed = generator.seed();
        for Placed { span, .. } in &spans {
            draws.extend((span.id..span.id + span.count as u64).map(|id| seed.draws_of(id)));
        }
        KindRows { generator, fields, rows: layout.rows, validity: layout.validity(kind), spans, draws }
    }

    /// All rows, of whatever kind.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Which rows are of the kind; `None` if all are.
    pub(crate) fn validity(&self) -> Option<NullBuffer> {
        self.validity.clone()
    }

    pub(crate) fn wants(&self, field: Fields) -> bool {
        self.fields.contains(field)
    }

    /// The draws of all events of the kind, in order.
    pub(crate) fn draws(&self) -> &[Draws] {
        &self.draws
    }

    /// The spans of the kind with their draws.
    pub(crate) fn spans(&self) -> impl Iterator<Item = (&'a Placed, &[Draws])> {
        let mut rest = self.draws.as_slice();
        self.spans.iter().map(move |&placed| {
            let (draws, behind) = rest.split_at(placed.span.count);
            rest = behind;
            (placed, draws)
        })
    }

    /// Appends a column of whole numbers, if it is wanted. `fill` gets a span, its draws and its place.
    pub(crate) fn longs(
        &self,
        field: Fields,
        columns: &mut Vec<ArrayRef>,
        fill: impl Fn(&Span, &[Draws], &mut [i64]),
    ) {
        self.numbers::<Int64Type>(field, columns, fill);
    }

    /// Appends a column of times in milliseconds likewise.
    pub(crate) fn times(
        &self,
        field: Fields,
        columns: &mut Vec<ArrayRef>,
        fill: impl Fn(&Span, &[Draws], &mut [i64]),
    ) {
        self.numbers::<TimestampMillisecondType>(field, columns, fill);
    }

    /// Appends the column of the events' own times, if it is wanted.
    pub(crate) fn date_times(&self, field: Fields, columns: &mut Vec<ArrayRef>) {
        let timeline = self.generator.timeline();
        self.times(field, columns, |span, _, places| {
            let times = timeline.run(span.number, span.count);
            for (offset, place) in places.iter_mut().enumerate() {
                *place = times.at(offset).as_millis();
            }
        });
    }

    /// A text column for the kind's rows, if it is wanted.
    pub(crate) fn texts(&self, field: Fields, bytes_per_row: usize) -> TextColumn {
        TextColumn::new(self.wants(field), self.rows, self.draws.len() * bytes_per_row)
    }

    /// A block column for the kind's rows.
    pub(crate) fn block_column(&self, bytes_per_row: usize) -> BlockColumn {
        // The last row is cut from a whole block.
        const SPARE_BYTES: usize = 1024;
        BlockColumn::new(self.rows, self.draws.len() * bytes_per_row + SPARE_BYTES)
    }

    fn numbers<T: ArrowPrimitiveType<Native = i64>>(
        &self,
        field: Fields,
        columns: &mut Vec<ArrayRef>,
        fill: impl Fn(&Span, &[Draws], &mut [i64]),
    ) {
        if !self.wants(field) {
            return;
        }
        let mut values = vec![0; self.rows];
        for (placed, draws) in self.spans() {
            fill(&placed.span, draws, &mut values[placed.row..placed.row + placed.span.count]);
        }
        columns.push(Arc::new(PrimitiveArray::<T>::new(values.into(), self.validity())));
    }
}

/// Puts the value of each draw in its place.
#[inline]
pub(crate) fn each(draws: &[Draws], places: &mut [i64], value: impl Fn(Draws) -> i64) {
    for (place, &draws) in places.iter_mut().zip(draws) {
        *place = value(draws);
    }
}
