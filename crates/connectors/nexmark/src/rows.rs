//! Events as Rust rows.
use std::ops::Range;
use std::sync::Arc;

use compact_str::CompactString;
use hurtig_core::EventTime;

use crate::auction::{AuctionChoices, category, initial_bid, reserve};
use crate::bid::{BidChoices, bid_channel, bid_padding, bid_padding_length, bid_price};
use crate::fields::Fields;
use crate::generator::Generator;
use crate::model::{Auction, Bid, Event, Kind, Person};
use crate::padding::Padding;
use crate::person::{MAIL_END, PersonTexts, credit_card, person_id};
use crate::random::Draws;
use crate::range::EventRange;
use crate::span::{Span, Spans};
use crate::text::Text;

/// Makes runs of events as rows. From [`Generator::rows`]; each reader has its own.
pub struct RowGenerator {
    generator: Generator,
    fields: Fields,
    channels: RowChannels,
}

impl RowGenerator {
    pub(crate) fn new(generator: Generator, fields: Fields) -> RowGenerator {
        RowGenerator { channels: RowChannels::new(&generator), generator, fields }
    }

    /// Appends the wanted events among `numbers` of `range`, in order.
    pub fn append(&mut self, range: &EventRange, numbers: Range<u64>, rows: &mut Vec<Event>) {
        self.channels.append(&self.generator, self.fields, range, numbers, rows);
    }

    /// Appends the times of the events that [`RowGenerator::append`] appends.
    pub fn append_times(&self, range: &EventRange, numbers: Range<u64>, times: &mut Vec<EventTime>) {
        for span in Spans::new(self.generator.config(), range, numbers) {
            if self.fields.wants(span.kind) {
                self.generator.timeline().run(span.number, span.count).append(span.count, times);
            }
        }
    }
}

/// Channel names and urls as rows hold them.
///
/// A url is shared by all bids of its channel, so making and dropping a bid counts references. Readers on
/// several threads must not count in the same place: each row generator has its own table.
pub(crate) struct RowChannels {
    channels: Vec<(CompactString, Arc<str>)>,
    no_url: Arc<str>,
}

impl RowChannels {
    pub(crate) fn new(generator: &Generator) -> RowChannels {
        let copy = |channel: &crate::channels::Channel| {
            (CompactString::from(channel.name.as_str()), Arc::from(channel.url.as_str()))
        };
        RowChannels { channels: generator.channels().iter().map(copy).collect(), no_url: Arc::from("") }
    }

    pub(crate) fn append(
        &self,
        generator: &Generator,
        fields: Fields,
        range: &EventRange,
        numbers: Range<u64>,
        rows: &mut Vec<Event>,
    ) {
        let maker = RowMaker { generator, channels: self, fields };
        for span in Spans::new(generator.config(), range, numbers) {
            match span.kind {
                kind if !fields.wants(kind) => {}
                Kind::Person => maker.persons(&span, rows),
                Kind::Auction => maker.auctions(&span, rows),
                // The usual case gets code of its own, without a question per column.
                Kind::Bid if fields.contains(Fields::all_of(Kind::Bid)) => maker.bids::<true>(&span, rows),
                Kind::Bid => maker.bids::<false>(&span, rows),
            }
        }
    }
}

struct RowMaker<'a> {
    generator: &'a Generator,
    channels: &'a RowChannels,
    fields: Fields,
}

impl RowMaker<'_> {
    fn bids<const ALL: bool>(&self, span: &Span, rows: &mut Vec<Event>) {
        let wants = |field| ALL || self.fields.contains(field);
        let config = self.generator.config();
        let choices = BidChoices::new(config, span);
        let length = bid_padding_length(config);
        let times = self.generator.timeline().run(span.number, span.count);
        let seed = self.generator.seed();
        rows.extend((0..span.count).map(|offset| {
            let draws = seed.draws_of(span.id + offset as u64);
            let (channel, url) = if wants(Fields::BID_CHANNEL) || wants(Fields::BID_URL) {
                let (channel, url) = &self.channels.channels[bid_channel(draws)];
                (
                    if wants(Fields::BID_CHANNEL) { channel.clone() } else { CompactString::const_new("") },
                    Arc::clone(if wants(Fields::BID_URL) { url } else { &self.channels.no_url }),
                )
            } else {
                (CompactString::const_new(""), Arc::clone(&self.channels.no_url))
            };
            Event::Bid(Bid {
                auction: if wants(Fields::BID_AUCTION) { choices.auction(draws) } else { 0 },
                bidder: if wants(Fields::BID_BIDDER) { choices.bidder(draws) } else { 0 },
                price: if wants(Fields::BID_PRICE) { bid_price(draws) } else { 0 },
                channel,
                url,
                date_time: if wants(Fields::BID_DATE_TIME) { times.at(offset) } else { NO_TIME },
                extra: if wants(Fields::BID_EXTRA) {
                    self.generator.padding().text(bid_padding(draws, length)).to_owned()
                } else {
                    String::new()
                },
            })
        }));
    }

    fn auctions(&self, span: &Span, rows: &mut Vec<Event>) {
        let wants = |field| self.fields.contains(field);
        let choices = AuctionChoices::new(self.generator.config(), self.generator.timeline(), span);
        let long = |field, value: fn(Draws) -> i64, draws| if wants(field) { value(draws) } else { 0 };
        for offset in 0..span.count {
            let draws = self.draws(span, offset);
            let texts = choices.texts(draws, self.fields);
            let number = span.number + offset as u64;
            rows.push(Event::Auction(Box::new(Auction {
                id: if wants(Fields::AUCTION_ID) { choices.id(offset) } else { 0 },
                item_name: text(texts.item_name.filter(|_| wants(Fields::AUCTION_ITEM_NAME))),
                description: text(texts.description.filter(|_| wants(Fields::AUCTION_DESCRIPTION))),
                initial_bid: long(Fields::AUCTION_INITIAL_BID, initial_bid, draws),
                reserve: long(Fields::AUCTION_RESERVE, reserve, draws),
                date_time: self.time(Fields::AUCTION_DATE_TIME, number),
                expires: if wants(Fields::AUCTION_EXPIRES) {
                    choices.expires(draws, number)
                } else {
                    NO_TIME
                },
                seller: if wants(Fields::AUCTION_SELLER) { choices.seller(draws) } else { 0 },
                category: long(Fields::AUCTION_CATEGORY, category, draws),
                extra: self.padding(texts.extra),
            })));
        }
    }

    fn persons(&self, span: &Span, rows: &mut Vec<Event>) {
        let wants = |field| self.fields.contains(field);
        let average_size = self.generator.config().person_avg_size;
        for offset in 0..span.count {
            let draws = self.draws(span, offset);
            let texts = PersonTexts::draw(draws, self.fields, average_size);
            let mail_address = texts.mail_address.filter(|_| wants(Fields::PERSON_EMAIL_ADDRESS));
            rows.push(Event::Person(Box::new(Person {
                id: if wants(Fields::PERSON_ID) { person_id(span, offset) } else { 0 },
                name: if wants(Fields::PERSON_NAME) { texts.name.join(" ") } else { String::new() },
                email_address: mail_address.map_or_else(String::new, |[mailbox, domain]| {
                    [mailbox.as_str(), "@", domain.as_str(), MAIL_END].concat()
                }),
                credit_card: if wants(Fields::PERSON_CREDIT_CARD) {
                    credit_card(draws).into_string()
                } else {
                    String::new()
                },
                city: if wants(Fields::PERSON_CITY) { texts.city.to_owned() } else { String::new() },
                state: if wants(Fields::PERSON_STATE) { texts.state.to_owned() } else { String::new() },
                date_time: self.time(Fields::PERSON_DATE_TIME, span.number + offset as u64),
                extra: self.padding(texts.extra),
            })));
        }
    }

    fn draws(&self, span: &Span, offset: usize) -> Draws {
        self.generator.seed().draws_of(span.id + offset as u64)
    }

    fn time(&self, field: Fields, number: u64) -> EventTime {
        if self.fields.contains(field) { self.generator.timeline().at(number) } else { NO_TIME }
    }

    fn padding(&self, padding: Option<Padding>) -> String {
        padding.map_or_else(String::new, |padding| self.generator.padding().text(padding).to_owned())
    }
}

/// The default of a time that was not asked for.
const NO_TIME: EventTime = EventTime::from_millis(0);

fn text(text: Option<Text>) -> String {
    text.map_or_else(String::new, |text| text.as_str().to_owned())
}
