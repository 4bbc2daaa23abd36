//! How the values of an auction are drawn.
use hurtig_core::EventTime;

use crate::config::GeneratorConfig;
use crate::fields::Fields;
use crate::padding::{Padding, PaddingLength};
use crate::people::{ColdPeople, FIRST_AUCTION_ID, FIRST_PERSON_ID, HOT_EVERY};
use crate::price::price;
use crate::random::Draws;
use crate::span::Span;
use crate::text::{DRAWS_MAX, Text};
use crate::timeline::Timeline;

/// Draws of an auction, by number.
mod draw {
    use super::DRAWS_MAX;

    pub(super) const INITIAL_BID: u64 = 0;
    pub(super) const RESERVE: u64 = 1;
    pub(super) const CATEGORY: u64 = 2;
    pub(super) const EXPIRES: u64 = 3;
    pub(super) const SELLER: u64 = 4;
    pub(super) const EXTRA: u64 = 5;
    pub(super) const ITEM_NAME: u64 = 6;
    pub(super) const DESCRIPTION: u64 = ITEM_NAME + DRAWS_MAX;
}

const FIRST_CATEGORY: i64 = 10;
const CATEGORIES: u64 = 5;
const ITEM_NAME_BOUND: usize = 20;
const DESCRIPTION_BOUND: usize = 100;
/// An auction lives about as long as it takes to open so many more.
const AUCTIONS_IN_FLIGHT: u64 = 100;
/// What counts toward the average size beside the two texts.
const COUNTED_BYTES: u64 = 48;

/// What the auctions of one span choose from; persons stand still between two auctions of a span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuctionChoices {
    first_id: i64,
    seller_ratio: u64,
    hot_seller: i64,
    cold_sellers: ColdPeople,
    timeline: Timeline,
    events_in_flight: u64,
    average_size: u64,
}

impl AuctionChoices {
    pub(crate) fn new(config: &GeneratorConfig, timeline: Timeline, span: &Span) -> AuctionChoices {
        let proportion = u64::from(config.auction_proportion).max(1);
        AuctionChoices {
            first_id: FIRST_AUCTION_ID + span.auction,
            seller_ratio: config.auction_hot_ratio_sellers.into(),
            hot_seller: FIRST_PERSON_ID + span.person / HOT_EVERY * HOT_EVERY,
            cold_sellers: ColdPeople::new(FIRST_PERSON_ID, span.person),
            timeline,
            events_in_flight: AUCTIONS_IN_FLIGHT * config.total_proportion() / proportion,
            average_size: config.auction_avg_size,
        }
    }

    /// The id of the span's auction at `offset`.
    pub(crate) fn id(&self, offset: usize) -> i64 {
        self.first_id + offset as i64
    }

    pub(crate) fn seller(&self, draws: Draws) -> i64 {
        let mut digits = draws.digits(draw::SELLER);
        let hot = digits.is_hot(self.seller_ratio);
        let cold = self.cold_sellers.draw(digits);
        if hot { self.hot_seller } else { cold }
    }

    /// When the auction closes that opens as event `number`.
    pub(crate) fn expires(&self, draws: Draws, number: u64) -> EventTime {
        let opens = self.timeline.at(number).as_millis();
        let horizon = self.timeline.at(number + self.events_in_flight).as_millis() - opens;
        let choices = (2 * horizon).max(1) as u64;
        EventTime::from_millis(opens + 1 + draws.digits(draw::EXPIRES).below(choices) as i64)
    }

    /// The texts among `fields`.
    pub(crate) fn texts(&self, draws: Draws, fields: Fields) -> AuctionTexts {
        let text = |number, bound| Text::draw(draws, number, bound);
        let padded = fields.contains(Fields::AUCTION_EXTRA);
        let item_name = (padded || fields.contains(Fields::AUCTION_ITEM_NAME))
            .then(|| text(draw::ITEM_NAME, ITEM_NAME_BOUND));
        let description = (padded || fields.contains(Fields::AUCTION_DESCRIPTION))
            .then(|| text(draw::DESCRIPTION, DESCRIPTION_BOUND));
        let length = |text: &Option<Text>| text.as_ref().map_or(0, Text::len) as u64;
        let counted = COUNTED_BYTES + length(&item_name) + length(&description);
        let extra = padded.then(|| {
            Padding::draw(draws.digits(draw::EXTRA), PaddingLength::new(counted, self.average_size))
        });
        AuctionTexts { item_name, description, extra }
    }
}

/// The texts of an auction that are wanted. A padding needs the others for its length.
pub(crate) struct AuctionTexts {
    pub(crate) item_name: Option<Text>,
    pub(crate) description: Option<Text>,
    pub(crate) extra: Option<Padding>,
}

pub(crate) fn initial_bid(draws: Draws) -> i64 {
    price(draws.word(draw::INITIAL_BID))
}

pub(crate) fn reserve(draws: Draws) -> i64 {
    initial_bid(draws) + price(draws.word(draw::RESERVE))
}

pub(crate) fn category(draws: Draws) -> i64 {
    FIRST_CATEGORY + draws.digits(draw::CATEGORY).below(CATEGORIES) as i64
}
