//! How the values of a bid are drawn.
use crate::channels::draw_channel;
use crate::config::GeneratorConfig;
use crate::padding::{Padding, PaddingLength};
use crate::people::{ColdPeople, FIRST_AUCTION_ID, FIRST_PERSON_ID, HOT_EVERY};
use crate::price::price;
use crate::random::Draws;
use crate::span::Span;

/// Draws of a bid, by number.
mod draw {
    pub(super) const AUCTION: u64 = 0;
    pub(super) const BIDDER: u64 = 1;
    pub(super) const PRICE: u64 = 2;
    pub(super) const CHANNEL: u64 = 3;
    pub(super) const EXTRA: u64 = 4;
}

/// Cold bids go to the last auctions of this number, the newest,
const AUCTIONS_IN_FLIGHT: i64 = 100;
/// and this many that are not yet open.
const AUCTIONS_AHEAD: i64 = 10;
/// What counts toward the average size: auction, bidder, price and time. Channel and url do not.
const COUNTED_BYTES: u64 = 32;

/// What the bids of one span choose from; persons and auctions stand still between two bids of a span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BidChoices {
    auction_ratio: u64,
    hot_auction: i64,
    cold_auction: i64,
    cold_auctions: u64,
    bidder_ratio: u64,
    hot_bidder: i64,
    cold_bidders: ColdPeople,
}

impl BidChoices {
    pub(crate) fn new(config: &GeneratorConfig, span: &Span) -> BidChoices {
        let oldest = (span.auction - AUCTIONS_IN_FLIGHT).max(0);
        // Bidders count from 1000 twice, so each belongs to a person that registers later.
        let first_bidder = 2 * FIRST_PERSON_ID;
        BidChoices {
            auction_ratio: config.bid_hot_ratio_auctions.into(),
            hot_auction: FIRST_AUCTION_ID + span.auction / HOT_EVERY * HOT_EVERY,
            cold_auction: FIRST_AUCTION_ID + oldest,
            cold_auctions: (span.auction + AUCTIONS_AHEAD - oldest + 1) as u64,
            bidder_ratio: config.bid_hot_ratio_bidders.into(),
            hot_bidder: first_bidder + span.person / HOT_EVERY * HOT_EVERY + 1,
            cold_bidders: ColdPeople::new(first_bidder, span.person),
        }
    }

    #[inline]
    pub(crate) fn auction(&self, draws: Draws) -> i64 {
        let mut digits = draws.digits(draw::AUCTION);
        let hot = digits.is_hot(self.auction_ratio);
        let cold = self.cold_auction + digits.below(self.cold_auctions) as i64;
        if hot { self.hot_auction } else { cold }
    }

    #[inline]
    pub(crate) fn bidder(&self, draws: Draws) -> i64 {
        let mut digits = draws.digits(draw::BIDDER);
        let hot = digits.is_hot(self.bidder_ratio);
        let cold = self.cold_bidders.draw(digits);
        if hot { self.hot_bidder } else { cold }
    }
}

/// A bid's price in cents.
#[inline]
pub(crate) fn bid_price(draws: Draws) -> i64 {
    price(draws.word(draw::PRICE))
}

/// The number of a bid's channel.
#[inline]
pub(crate) fn bid_channel(draws: Draws) -> usize {
    draw_channel(draws.digits(draw::CHANNEL))
}

/// How long the paddings of bids are.
pub(crate) fn bid_padding_length(config: &GeneratorConfig) -> PaddingLength {
    PaddingLength::new(COUNTED_BYTES, config.bid_avg_size)
}

/// A bid's padding.
#[inline]
pub(crate) fn bid_padding(draws: Draws, length: PaddingLength) -> Padding {
    Padding::draw(draws.digits(draw::EXTRA), length)
}
