//! An event depends on its id alone: not on who makes it, in what order, in what form, after what.
#![allow(clippy::unwrap_used)]

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch};
use hurtig_connector_nexmark::{
    Auction, Bid, Event, Fields, Generator, GeneratorConfig, Kind, Person, Table,
};
use hurtig_core::types::{from_record_batch, record_schema};

fn config() -> GeneratorConfig {
    GeneratorConfig { seed: 7, events_num: 20_000, ..Default::default() }
}

fn generator(config: GeneratorConfig) -> Generator {
    Generator::new(config).unwrap()
}

fn rows(generator: &Generator, fields: Fields) -> Vec<Event> {
    let mut events = Vec::new();
    let mut rows = generator.rows(fields);
    for range in generator.ranges() {
        rows.append(&range, range.numbers(), &mut events);
    }
    events
}

#[test]
fn an_event_is_the_same_in_whatever_order() {
    let generator = generator(config());
    let events = rows(&generator, Fields::ALL);
    for (index, event) in events.iter().enumerate().rev().step_by(7) {
        assert_eq!(generator.event(index as u64 + 2).as_ref(), Some(event));
    }
    let range = generator.range(0);
    let mut made = generator.rows(Fields::ALL);
    for (first, count) in [(19_000, 1_000), (3, 1), (49, 3), (1, 0), (100, 77)] {
        let mut run = Vec::new();
        made.append(&range, first..first + count, &mut run);
        assert_eq!(run, events[first as usize - 1..(first + count) as usize - 1]);
    }
}

#[test]
fn a_data_set_ends_where_it_should() {
    let generator = generator(config());
    assert_eq!([0, 1, 20_002].map(|id| generator.event(id)), [None, None, None]);
    assert!(generator.event(2).is_some() && generator.event(20_001).is_some());
}

#[test]
fn another_seed_gives_other_values_of_the_same_events() {
    let [ours, theirs] =
        [7, 8].map(|seed| rows(&generator(GeneratorConfig { seed, ..config() }), Fields::ALL));
    let same = ours.iter().zip(&theirs).filter(|(ours, theirs)| ours == theirs).count();
    assert_eq!(same, 0);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!((ours.kind(), ours.date_time()), (theirs.kind(), theirs.date_time()));
    }
}

/// Whoever changes these lines changes every result that anyone has kept.
#[test]
fn events_of_seed_0_are_these() {
    let generator = generator(GeneratorConfig::default());
    let check = |id: u64, expected: &str| {
        let found = match generator.event(id) {
            Some(Event::Person(person)) => {
                let Person { id, name, email_address, credit_card, city, state, .. } = *person;
                format!("{id} {name} {email_address} {credit_card} {city} {state}")
            }
            Some(Event::Auction(auction)) => {
                let Auction { id, item_name, initial_bid, reserve, expires, seller, category, .. } = *auction;
                format!("{id} {item_name} {initial_bid} {reserve} {expires} {seller} {category}")
            }
            Some(Event::Bid(bid)) => {
                let Bid { auction, bidder, price, channel, url, date_time, extra } = bid;
                format!("{auction} {bidder} {price} {channel} {url} {date_time} {extra}")
            }
            None => String::new(),
        };
        assert_eq!(found, expected);
    };
    check(1_000_000, "21000 Saul Bartels egol@hyt.com 1243 0963 8662 6773 Kent WA");
    check(1_000_001, "61000 qisd d 67478 76526 1735689700148ms 20965 14");
    check(
        1_000_006,
        "61000 22001 1027 channel-2406 https://www.nexmark.com/qla/wcqa/ayx_/item.htm?query=1&channel_id=1720713216 1735689700000ms IOJ^R_XJLIUUPR`nvxxxlTaMQTZV[Z[a\\aIKOVa\\aQ\\VSvtcbmiLJPS`Sclppycpwnmnscnyhbkryayjt",
    );
}

#[test]
fn more_ranges_change_times_and_nothing_else() {
    let one = rows(&generator(config()), Fields::ALL);
    let two = generator(GeneratorConfig { ranges: 2, ..config() });
    let starts = two.ranges().map(|range| (range.first_id, range.events)).collect::<Vec<_>>();
    assert_eq!(starts, [(1, 10_000), (10_001, 10_000)]);
    let two = rows(&two, Fields::ALL);
    let base = config().base_time.as_millis();
    let mut auctions = 0;
    for (index, (one, two)) in one.iter().zip(&two).enumerate() {
        // At 10,000 events a second two ranges side by side have 0.2 ms from event to event.
        let number = index as i64 % 10_000 + 1;
        assert_eq!(two.date_time().as_millis(), base + number / 5);
        match (one, two) {
            (Event::Person(one), Event::Person(two)) => {
                assert_eq!(**one, Person { date_time: one.date_time, ..*two.clone() });
            }
            (Event::Auction(one), Event::Auction(two)) => {
                auctions += 1;
                assert!(two.expires > two.date_time);
                let times = (one.date_time, one.expires);
                assert_eq!(**one, Auction { date_time: times.0, expires: times.1, ..*two.clone() });
            }
            (Event::Bid(one), Event::Bid(two)) => {
                assert_eq!(*one, Bid { date_time: one.date_time, ..two.clone() });
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((one.len(), two.len(), auctions), (20_000, 20_000, 1_200));
}

#[test]
fn columns_hold_what_rows_hold() {
    let generator = generator(config());
    let events = rows(&generator, Fields::ALL);
    let batch = |kind, fields| {
        let range = generator.range(0);
        generator.columns(Table::Of(kind), fields).batch(&range, range.numbers()).unwrap()
    };
    let bids: Vec<Bid> = from_record_batch(&batch(Kind::Bid, Fields::ALL)).unwrap();
    let auctions: Vec<Auction> = from_record_batch(&batch(Kind::Auction, Fields::ALL)).unwrap();
    let persons: Vec<Person> = from_record_batch(&batch(Kind::Person, Fields::ALL)).unwrap();
    let (mut bids, mut auctions, mut persons) = (bids.into_iter(), auctions.into_iter(), persons.into_iter());
    for event in events {
        let found = match event.kind() {
            Kind::Person => persons.next().map(Box::new).map(Event::Person),
            Kind::Auction => auctions.next().map(Box::new).map(Event::Auction),
            Kind::Bid => bids.next().map(Event::Bid),
        };
        assert_eq!(found.as_ref(), Some(&event));
    }
    assert_eq!((bids.len(), auctions.len(), persons.len()), (0, 0, 0));
}

#[test]
fn rust_types_name_the_published_columns() {
    let generator = generator(config());
    let names = |schema: arrow_schema::SchemaRef| -> Vec<String> {
        schema.fields().iter().map(|field| field.name().clone()).collect()
    };
    let table = |kind| names(generator.columns(Table::Of(kind), Fields::ALL).schema());
    assert_eq!(names(record_schema::<Person>()), table(Kind::Person));
    assert_eq!(names(record_schema::<Auction>()), table(Kind::Auction));
    assert_eq!(names(record_schema::<Bid>()), table(Kind::Bid));
}

#[test]
fn what_is_not_asked_for_is_left_out_and_nothing_else_changes() {
    let generator = generator(config());
    let range = generator.range(0);
    for kind in Kind::ALL {
        let all = generator.columns(Table::Of(kind), Fields::ALL).batch(&range, range.numbers()).unwrap();
        for (index, field) in all.schema().fields().iter().enumerate() {
            let fields = Fields::of(kind, &[field.name()]).unwrap();
            let one = generator.columns(Table::Of(kind), fields).batch(&range, range.numbers()).unwrap();
            assert_eq!(one, all.project(&[index]).unwrap(), "{kind:?} {}", field.name());
            assert_eq!(rows(&generator, fields).len(), all.num_rows());
        }
    }
}

#[test]
fn rows_hold_defaults_for_what_is_not_asked_for() {
    let generator = generator(config());
    let fields =
        Fields::of(Kind::Bid, &["price"]).unwrap() | Fields::of(Kind::Auction, &["description"]).unwrap();
    let all = rows(&generator, Fields::ALL).into_iter().filter(|event| event.kind() != Kind::Person);
    let needed = rows(&generator, fields);
    assert!(needed.iter().all(|event| event.kind() != Kind::Person));
    for (all, needed) in all.zip(needed) {
        match (all, needed) {
            (Event::Bid(all), Event::Bid(needed)) => {
                assert_eq!(
                    (all.price, needed.auction, needed.extra.as_str(), &*needed.url),
                    (needed.price, 0, "", "")
                );
            }
            (Event::Auction(all), Event::Auction(needed)) => {
                let needed = (needed.description, needed.item_name.as_str(), needed.id);
                assert_eq!(needed, (all.description, "", 0));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_combined_table_holds_each_event_in_the_row_of_its_kind() {
    let generator = generator(config());
    let range = generator.range(0);
    let events = rows(&generator, Fields::ALL);
    let batch = generator.columns(Table::Combined, Fields::ALL).batch(&range, range.numbers()).unwrap();
    assert_eq!(batch.num_rows(), events.len());
    let types = batch.column(0).as_primitive::<Int32Type>();
    let times = batch.column(4).as_primitive::<TimestampMillisecondType>();
    for (row, event) in events.iter().enumerate() {
        assert_eq!(types.value(row), event.kind() as i32);
        assert_eq!(times.value(row), event.date_time().as_millis());
    }
    for kind in Kind::ALL {
        let nested = batch.column_by_name(kind.name()).unwrap().as_struct();
        let view = generator.columns(Table::Of(kind), Fields::ALL).batch(&range, range.numbers()).unwrap();
        // The rows of the kind are those of its view; all others are NULL, and so is each of their columns.
        let mut next = 0;
        let nested_rows = RecordBatch::from(nested.slice(0, 0)).schema();
        assert_eq!(nested_rows, view.schema());
        for (row, event) in events.iter().enumerate() {
            assert_eq!(nested.is_valid(row), event.kind() == kind);
            for column in nested.columns() {
                assert_eq!(column.is_valid(row), event.kind() == kind);
            }
            if event.kind() == kind && next % 97 == 0 {
                for (column, expected) in nested.columns().iter().zip(view.columns()) {
                    assert_eq!(column.slice(row, 1).to_data(), expected.slice(next, 1).to_data());
                }
            }
            next += usize::from(event.kind() == kind);
        }
        assert_eq!(next, view.num_rows());
    }
}

#[test]
fn kinds_can_be_counted_without_any_column() {
    let generator = generator(config());
    let range = generator.range(0);
    let count =
        |table, fields| generator.columns(table, fields).batch(&range, range.numbers()).unwrap().num_rows();
    assert_eq!(count(Table::Of(Kind::Bid), Fields::kind(Kind::Bid)), 18_400);
    assert_eq!(count(Table::Combined, Fields::kind(Kind::Bid) | Fields::kind(Kind::Person)), 18_800);
    assert_eq!(count(Table::Combined, Fields::NONE), 0);
}

#[test]
fn a_batch_beyond_2_gib_is_refused() {
    let generator = generator(GeneratorConfig { bid_avg_size: 500_000, ..config() });
    let range = generator.range(0);
    let error = generator.columns(Table::Combined, Fields::ALL).batch(&range, range.numbers()).unwrap_err();
    assert!(error.to_string().starts_with("20000 rows with texts of up to 600001 bytes"), "{error}");
}

#[test]
fn other_proportions_and_sizes_work() {
    let odd = GeneratorConfig {
        person_proportion: 0,
        auction_proportion: 2,
        bid_proportion: 3,
        bid_avg_size: 1_000,
        person_avg_size: 0,
        auction_avg_size: 10,
        bid_hot_ratio_auctions: 1,
        ..config()
    };
    for config in [odd.clone(), GeneratorConfig { person_proportion: 4, auction_proportion: 0, ..odd }] {
        let generator = generator(config);
        let events = rows(&generator, Fields::ALL);
        let range = generator.range(0);
        let bids =
            generator.columns(Table::Of(Kind::Bid), Fields::ALL).batch(&range, range.numbers()).unwrap();
        let bids: Vec<Bid> = from_record_batch(&bids).unwrap();
        let of_rows =
            events.iter().filter_map(|event| if let Event::Bid(bid) = event { Some(bid) } else { None });
        assert!(of_rows.eq(&bids));
        assert!(bids.iter().all(|bid| (774..1_162).contains(&bid.extra.len())));
        for event in events {
            match event {
                Event::Person(person) => assert_eq!(person.extra, ""),
                Event::Auction(auction) => assert_eq!(auction.extra, ""),
                Event::Bid(_) => {}
            }
        }
    }
}
