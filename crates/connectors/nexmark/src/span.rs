//! Runs of events of one kind. The kinds repeat: persons, auctions, bids, by their proportions.
use std::ops::Range;

use crate::config::GeneratorConfig;
use crate::model::Kind;
use crate::range::EventRange;

/// Neighbouring events of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) kind: Kind,
    /// The id of the first event.
    pub(crate) id: u64,
    /// The event number of the first event in its range.
    pub(crate) number: u64,
    pub(crate) count: usize,
    /// The last person at the first event, counted from 0; that event itself if it is one. -1: none so far.
    pub(crate) person: i64,
    /// The last auction likewise.
    pub(crate) auction: i64,
}

/// Cuts a run of event numbers into [`Span`]s. Divides once, then counts.
#[derive(Clone, Debug)]
pub(crate) struct Spans {
    persons: u64,
    auctions: u64,
    bids: u64,
    /// The first event of `id`'s repetition has this person and auction number, counted from 0.
    first_person: i64,
    first_auction: i64,
    /// Events of the repetition before `id`.
    offset: u64,
    id: u64,
    numbers: Range<u64>,
}

impl Spans {
    /// The spans of the events `numbers` of `range`.
    pub(crate) fn new(config: &GeneratorConfig, range: &EventRange, numbers: Range<u64>) -> Spans {
        let id = range.first_id + numbers.start;
        let epoch = (id / config.total_proportion()) as i64;
        Spans {
            persons: config.person_proportion.into(),
            auctions: config.auction_proportion.into(),
            bids: config.bid_proportion.into(),
            first_person: epoch * i64::from(config.person_proportion),
            first_auction: epoch * i64::from(config.auction_proportion),
            offset: id % config.total_proportion(),
            id,
            numbers,
        }
    }
}

impl Iterator for Spans {
    type Item = Span;

    #[inline]
    fn next(&mut self) -> Option<Span> {
        if self.numbers.is_empty() {
            return None;
        }
        let (persons, auctions) = (self.persons as i64, self.auctions as i64);
        let (offset, bids_from) = (self.offset as i64, self.persons + self.auctions);
        let (kind, end, person, auction) = if self.offset < self.persons {
            (Kind::Person, self.persons, self.first_person + offset, self.first_auction - 1)
        } else if self.offset < bids_from {
            let auction = self.first_auction + offset - persons;
            (Kind::Auction, bids_from, self.first_person + persons - 1, auction)
        } else {
            let (person, auction) = (self.first_person + persons - 1, self.first_auction + auctions - 1);
            (Kind::Bid, bids_from + self.bids, person, auction)
        };
        let count = (end - self.offset).min(self.numbers.end - self.numbers.start);
        let span =
            Span { kind, id: self.id, number: self.numbers.start, count: count as usize, person, auction };
        self.id += count;
        self.numbers.start += count;
        self.offset += count;
        if self.offset == bids_from + self.bids {
            self.offset = 0;
            self.first_person += persons;
            self.first_auction += auctions;
        }
        Some(span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(config: &GeneratorConfig, numbers: Range<u64>) -> Vec<Span> {
        Spans::new(config, &EventRange::new(config, 0), numbers).collect()
    }

    #[test]
    fn a_stream_starts_with_two_auctions() {
        let found = spans(&GeneratorConfig::default(), 1..100);
        let span =
            |kind, id, count, person, auction| Span { kind, id, number: id - 1, count, person, auction };
        let expected = [
            span(Kind::Auction, 2, 2, 0, 1),
            span(Kind::Bid, 4, 46, 0, 2),
            span(Kind::Person, 50, 1, 1, 2),
            span(Kind::Auction, 51, 3, 1, 3),
            span(Kind::Bid, 54, 46, 1, 5),
            span(Kind::Person, 100, 1, 2, 5),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn any_cut_gives_the_same_events() {
        let proportions = [(1, 3, 46), (2, 5, 7), (0, 3, 4), (1, 0, 4), (1, 2, 0), (0, 0, 3)];
        for (person_proportion, auction_proportion, bid_proportion) in proportions {
            let config = GeneratorConfig {
                person_proportion,
                auction_proportion,
                bid_proportion,
                ..Default::default()
            };
            let single = |number| spans(&config, number..number + 1)[0];
            for span in spans(&config, 1..300) {
                for offset in 0..span.count {
                    let event = single(span.number + offset as u64);
                    assert_eq!((event.kind, event.id), (span.kind, span.id + offset as u64));
                    let own = |kind| if kind == span.kind { offset as i64 } else { 0 };
                    assert_eq!(event.person, span.person + own(Kind::Person));
                    assert_eq!(event.auction, span.auction + own(Kind::Auction));
                }
            }
        }
    }
}
