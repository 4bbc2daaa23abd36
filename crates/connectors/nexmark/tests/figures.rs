//! The generator against the figures of the published one: naive counts over its first million events at
//! 10,000,000 events per second, one range.
//!
//! The published generator is random, so its figures agree with ours only within some bounds: 1 % as a rule,
//! 10 % where a few hot keys decide. Our data are the same in every run: nothing here passes by luck.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use hurtig_connector_nexmark::{Auction, Bid, Event, Fields, Generator, GeneratorConfig, Kind, Person};

const EVENTS: u64 = 1_000_000;

fn generator(first_event_rate: u64, events_num: u64) -> Generator {
    Generator::new(GeneratorConfig { first_event_rate, events_num, ..Default::default() }).unwrap()
}

fn events(generator: &Generator, fields: Fields) -> Vec<Event> {
    let range = generator.range(0);
    let mut events = Vec::with_capacity(range.events as usize);
    generator.rows(fields).append(&range, range.numbers(), &mut events);
    events
}

/// The first million events, without the texts that no figure needs.
struct Data {
    persons: Vec<Person>,
    auctions: Vec<Auction>,
    bids: Vec<Bid>,
    last_time: i64,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    let generator = generator(10_000_000, EVENTS);
    let fields = Fields::of(Kind::Person, &["id", "name", "city", "state", "dateTime"]).unwrap()
        | Fields::of(Kind::Auction, &["id", "initialBid", "dateTime", "expires", "seller", "category"])
            .unwrap()
        | Fields::of(Kind::Bid, &["auction", "bidder", "price", "channel", "dateTime"]).unwrap();
    let (mut persons, mut auctions, mut bids, mut last) = (Vec::new(), Vec::new(), Vec::new(), i64::MIN);
    for event in events(&generator, fields) {
        let time = event.date_time().as_millis();
        assert!(time >= last, "time goes back from {last} to {time}");
        last = time;
        match event {
            Event::Person(person) => persons.push(*person),
            Event::Auction(auction) => auctions.push(*auction),
            Event::Bid(bid) => bids.push(bid),
        }
    }
    Data { persons, auctions, bids, last_time: last - generator.config().base_time.as_millis() }
});

impl Data {
    fn auction(&self, id: i64) -> Option<&Auction> {
        self.auctions.get(usize::try_from(id - self.auctions[0].id).ok()?)
    }

    fn person(&self, id: i64) -> Option<&Person> {
        self.persons.get(usize::try_from(id - self.persons[0].id).ok()?)
    }
}

/// Checks that `found` is `expected` to within `percent`.
fn check(what: &str, found: impl TryInto<i64>, expected: f64, percent: f64) {
    let found = found.try_into().unwrap_or(i64::MAX) as f64;
    check_mean(what, found, expected, percent);
}

fn check_mean(what: &str, found: f64, expected: f64, percent: f64) {
    let bound = expected * percent / 100.0;
    assert!((found - expected).abs() <= bound, "{what}: {found}, expected {expected} within {percent} %");
}

fn share(count: usize, of: usize) -> f64 {
    count as f64 / of as f64
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> usize {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.dedup();
    values.len()
}

#[test]
fn kinds_ids_and_times() {
    let data = &*DATA;
    assert_eq!([data.persons.len(), data.auctions.len(), data.bids.len()], [20_000, 60_000, 920_000]);
    assert!(data.persons.iter().zip(1001..).all(|(person, id)| person.id == id));
    assert!(data.auctions.iter().zip(1001..).all(|(auction, id)| auction.id == id));
    assert_eq!(data.last_time, 100);
}

#[test]
fn a_stream_starts_with_auctions_1001_and_1002() {
    let events = events(&generator(10_000, 100), Fields::ALL);
    let own_id = |event: &Event| match event {
        Event::Person(person) => person.id,
        Event::Auction(auction) => auction.id,
        Event::Bid(_) => 0,
    };
    let ids: Vec<i64> = events.iter().map(own_id).collect();
    let mut expected = vec![1001, 1002];
    expected.extend([0; 46]);
    expected.extend([1001, 1003, 1004, 1005]);
    expected.extend([0; 46]);
    expected.extend([1002, 1006]);
    assert_eq!(ids, expected);
}

#[test]
fn bids_go_to_hot_auctions_and_to_some_that_open_later() {
    let data = &*DATA;
    // By position: 46 bids follow each three auctions, the first 46 come after two.
    let last_auction = |index: usize| 1002 + 3 * (index / 46) as i64;
    let later =
        data.bids.iter().enumerate().filter(|(index, bid)| bid.auction > last_auction(*index)).count();
    check_mean("for a later auction", 100.0 * share(later, data.bids.len()), 4.5, 2.0);
    let hot = data
        .bids
        .iter()
        .enumerate()
        .filter(|(index, bid)| bid.auction == (last_auction(*index) - 1000) / 100 * 100 + 1000);
    check_mean("hot", share(hot.count(), data.bids.len()), 0.5 + 0.5 / 111.0, 1.0);
    check("for auction 1000", data.bids.iter().filter(|bid| bid.auction == 1000).count(), 764.0, 6.0);
}

#[test]
fn bidders_register_later() {
    let data = &*DATA;
    let last_person = |index: usize| 1000 + (index / 46) as i64;
    assert!(data.bids.iter().enumerate().all(|(index, bid)| bid.bidder > last_person(index)));
    assert_eq!(data.bids.iter().map(|bid| bid.bidder).min(), Some(2000));
    let hot = data
        .bids
        .iter()
        .enumerate()
        .filter(|(index, bid)| bid.bidder == (last_person(*index) - 1000) / 100 * 100 + 2001);
    check_mean("hot", share(hot.count(), data.bids.len()), 0.75, 1.0);
}

#[test]
fn sellers() {
    let data = &*DATA;
    let hot = data.auctions.iter().filter(|auction| auction.seller % 100 == 0).count();
    check_mean("hot", share(hot, data.auctions.len()), 0.75 + 0.0025, 1.0);
    let never = data.auctions.iter().filter(|auction| data.person(auction.seller).is_none()).count();
    check("never come", never, 231.0, 6.0);
}

#[test]
fn small_choices_are_even() {
    let data = &*DATA;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for person in &data.persons {
        *counts.entry(&person.city).or_default() += 10;
        *counts.entry(&person.state).or_default() += 6;
        for (name, choices) in person.name.split(' ').zip([11, 9]) {
            *counts.entry(name).or_default() += choices;
        }
    }
    assert_eq!(counts.len(), 10 + 6 + 11 + 9);
    for (choice, count) in counts {
        check(choice, count, 20_000.0, 9.0);
    }
    for category in 10..15 {
        let count = data.auctions.iter().filter(|auction| auction.category == category).count();
        check("category", count, 12_000.0, 3.0);
    }
    for channel in ["Google", "Facebook", "Baidu", "Apple"] {
        let count = data.bids.iter().filter(|bid| bid.channel == channel).count();
        check(channel, count, 115_000.0, 1.0);
    }
    assert_eq!(distinct(data.bids.iter().map(|bid| &bid.channel)), 10_004);
}

#[test]
fn prices_are_log_uniform() {
    let data = &*DATA;
    let between =
        |range: RangeInclusive<i64>| data.bids.iter().filter(|bid| range.contains(&bid.price)).count();
    check("low", between(100..=9_999), 306_667.0, 1.0);
    check("middle", between(10_000..=999_999), 306_667.0, 1.0);
    check("high", between(1_000_000..=100_000_000), 306_667.0, 1.0);
    assert!(data.auctions.iter().all(|auction| (100..=100_000_000).contains(&auction.initial_bid)));
}

#[test]
fn texts_have_the_published_lengths() {
    let events = events(&generator(10_000_000, 100_000), Fields::ALL);
    let mean = |lengths: Vec<usize>| lengths.iter().sum::<usize>() as f64 / lengths.len() as f64;
    let bids = |length: fn(&Bid) -> usize| -> Vec<usize> {
        events
            .iter()
            .filter_map(|event| if let Event::Bid(bid) = event { Some(length(bid)) } else { None })
            .collect()
    };
    let auctions = |length: fn(&Auction) -> usize| -> Vec<usize> {
        let length =
            |event: &Event| if let Event::Auction(auction) = event { Some(length(auction)) } else { None };
        events.iter().filter_map(length).collect()
    };
    let persons = |length: fn(&Person) -> usize| -> Vec<usize> {
        let length =
            |event: &Event| if let Event::Person(person) = event { Some(length(person)) } else { None };
        events.iter().filter_map(length).collect()
    };
    let extra = bids(|bid| bid.extra.len());
    assert_eq!((extra.iter().min(), extra.iter().max()), (Some(&54), Some(&81)));
    check_mean("bid.extra", mean(extra), 67.5, 0.5);
    let url = bids(|bid| bid.url.len());
    assert!(url.iter().all(|length| (52..=78).contains(length)));
    check_mean("bid.url", mean(url), 63.0, 2.0);
    check_mean("auction.itemName", mean(auctions(|auction| auction.item_name.len())), 10.8, 1.5);
    check_mean("auction.description", mean(auctions(|auction| auction.description.len())), 50.9, 1.5);
    check_mean("auction.extra", mean(auctions(|auction| auction.extra.len())), 390.0, 1.0);
    check_mean("person.extra", mean(persons(|person| person.extra.len())), 139.0, 1.0);
    assert!(persons(|person| person.credit_card.len()).iter().all(|&length| length == 19));
}

#[test]
fn auctions_live_as_long_as_the_rate_says() {
    let fields = Fields::of(Kind::Auction, &["dateTime", "expires"]).unwrap();
    for (rate, longest, mean) in [(10_000_000, 2, 1.08), (1_000_000, 4, 2.2), (10_000, 332, 167.0)] {
        let lives: Vec<i64> = events(&generator(rate, 500_000), fields)
            .iter()
            .filter_map(|event| if let Event::Auction(auction) = event { Some(auction) } else { None })
            .map(|auction| auction.expires.as_millis() - auction.date_time.as_millis())
            .collect();
        assert_eq!((lives.iter().min(), lives.iter().max()), (Some(&1), Some(&longest)), "at {rate}/s");
        check_mean("mean life", lives.iter().sum::<i64>() as f64 / lives.len() as f64, mean, 2.5);
    }
}

#[test]
fn stateless_queries() {
    let bids = &DATA.bids;
    // Nearly half of them are the bids for four hot auctions, which are 767 each, give or take 20.
    check("q2", bids.iter().filter(|bid| bid.auction % 123 == 0).count(), 6_822.0, 3.0);
    let q14 = bids.iter().filter(|bid| (1_000_000_001..50_000_000_000).contains(&(bid.price * 908)));
    check_mean("q14", 100.0 * share(q14.count(), bids.len()), 28.33, 1.0);
}

#[test]
fn q21_keeps_the_channels_with_an_id() {
    let generator = generator(10_000_000, 200_000);
    let bids = events(&generator, Fields::of(Kind::Bid, &["channel", "url"]).unwrap());
    let kept = bids.iter().filter(|event| {
        let Event::Bid(bid) = event else { return false };
        !bid.channel.starts_with("channel-") || bid.url.contains("&channel_id=")
    });
    check_mean("q21", 100.0 * share(kept.count(), bids.len()), 95.0, 0.5);
}

#[test]
fn joins_of_auctions_and_people() {
    let data = &*DATA;
    let q3 = data
        .auctions
        .iter()
        .filter(|auction| auction.category == 10)
        .filter_map(|auction| data.person(auction.seller));
    check(
        "q3",
        q3.filter(|person| ["OR", "ID", "CA"].contains(&person.state.as_str())).count(),
        5_945.0,
        10.0,
    );
    let sellers = data.auctions.iter().map(|auction| auction.seller);
    check("q8", distinct(sellers.filter(|&seller| data.person(seller).is_some())), 10_494.0, 1.0);
}

#[test]
fn joins_of_bids_and_auctions() {
    let data = &*DATA;
    let (mut in_time, mut q20) = (0, 0);
    let mut highest = vec![None; data.auctions.len()];
    for bid in &data.bids {
        let Some(auction) = data.auction(bid.auction) else { continue };
        q20 += usize::from(auction.category == 10);
        if (auction.date_time..=auction.expires).contains(&bid.date_time) {
            in_time += 1;
            let best = &mut highest[(auction.id - 1001) as usize];
            *best = (*best).max(Some(bid.price));
        }
    }
    check("q4: bids in time", in_time, 918_747.0, 0.1);
    check("q20", q20, 184_804.0, 10.0);
    check("q9", highest.iter().flatten().count(), 59_965.0, 0.1);
    for category in 10..15 {
        let prices = data.auctions.iter().zip(&highest).filter(|(auction, _)| auction.category == category);
        let prices: Vec<i64> = prices.filter_map(|(_, price)| *price).collect();
        let mean = prices.iter().sum::<i64>() as f64 / prices.len() as f64;
        check_mean("q4", mean, 36_200_000.0, 2.0);
    }
}

#[test]
fn groups_of_bids() {
    let data = &*DATA;
    let mut per_auction = vec![0_u64; data.auctions.len() + 20];
    for bid in &data.bids {
        per_auction[(bid.auction - 1000) as usize] += 1;
    }
    check("q17", per_auction.iter().filter(|&&count| count > 0).count(), 59_970.0, 0.1);
    check("q19", per_auction.iter().map(|&count| count.min(10)).sum::<u64>(), 440_949.0, 1.0);
    check("q5", per_auction.iter().copied().max().unwrap_or(0), 841.0, 4.0);
    check("q11", distinct(data.bids.iter().map(|bid| bid.bidder)), 19_912.0, 0.1);
    check("q18", distinct(data.bids.iter().map(|bid| bid.bidder << 32 | bid.auction)), 292_300.0, 1.0);
}

#[test]
fn bidders_that_also_sell() {
    let data = &*DATA;
    let mut sales = vec![0_u64; data.persons.len()];
    for auction in &data.auctions {
        if let Some(person) = data.person(auction.seller) {
            sales[(person.id - 1001) as usize] += 1;
        }
    }
    let q23 = data
        .bids
        .iter()
        .filter_map(|bid| data.person(bid.bidder))
        .map(|person| sales[(person.id - 1001) as usize]);
    check("q23", q23.sum::<u64>(), 1_153_801.0, 10.0);
}
