//! The columns of auctions.
use arrow_array::ArrayRef;

use crate::auction::{AuctionChoices, category, initial_bid, reserve};
use crate::columns::layout::{KindRows, each};
use crate::columns::strings::TextColumn;
use crate::fields::Fields;
use crate::span::Span;

/// Bytes to reserve per row: a little above the means.
const ITEM_NAME_BYTES: usize = 12;
const DESCRIPTION_BYTES: usize = 53;

/// The wanted columns, in order.
pub(crate) fn columns(rows: &KindRows<'_>) -> Vec<ArrayRef> {
    let (config, timeline) = (rows.generator.config(), rows.generator.timeline());
    let choices = |span: &Span| AuctionChoices::new(config, timeline, span);
    let texts = AuctionTextColumns::new(rows);
    let mut columns = Vec::new();
    rows.longs(Fields::AUCTION_ID, &mut columns, |span, _, places| {
        let choices = choices(span);
        for (offset, place) in places.iter_mut().enumerate() {
            *place = choices.id(offset);
        }
    });
    texts.item_name.finish(&mut columns);
    texts.description.finish(&mut columns);
    rows.longs(Fields::AUCTION_INITIAL_BID, &mut columns, |_, draws, places| {
        each(draws, places, initial_bid)
    });
    rows.longs(Fields::AUCTION_RESERVE, &mut columns, |_, draws, places| each(draws, places, reserve));
    rows.date_times(Fields::AUCTION_DATE_TIME, &mut columns);
    rows.times(Fields::AUCTION_EXPIRES, &mut columns, |span, draws, places| {
        let choices = choices(span);
        for ((place, &draws), number) in places.iter_mut().zip(draws).zip(span.number..) {
            *place = choices.expires(draws, number).as_millis();
        }
    });
    rows.longs(Fields::AUCTION_SELLER, &mut columns, |span, draws, places| {
        let choices = choices(span);
        each(draws, places, |draws| choices.seller(draws));
    });
    rows.longs(Fields::AUCTION_CATEGORY, &mut columns, |_, draws, places| each(draws, places, category));
    texts.extra.finish(&mut columns);
    columns
}

/// The text columns. They are made together, as the padding's length needs the other two.
struct AuctionTextColumns {
    item_name: TextColumn,
    description: TextColumn,
    extra: TextColumn,
}

impl AuctionTextColumns {
    fn new(rows: &KindRows<'_>) -> AuctionTextColumns {
        let (config, timeline) = (rows.generator.config(), rows.generator.timeline());
        let mut texts = AuctionTextColumns {
            item_name: rows.texts(Fields::AUCTION_ITEM_NAME, ITEM_NAME_BYTES),
            description: rows.texts(Fields::AUCTION_DESCRIPTION, DESCRIPTION_BYTES),
            extra: rows.texts(Fields::AUCTION_EXTRA, config.auction_avg_size as usize),
        };
        if !(texts.item_name.is_wanted() || texts.description.is_wanted() || texts.extra.is_wanted()) {
            return texts;
        }
        let buffer = rows.generator.padding();
        for (placed, draws) in rows.spans() {
            let choices = AuctionChoices::new(config, timeline, &placed.span);
            for (row, &draws) in (placed.row..).zip(draws) {
                let drawn = choices.texts(draws, rows.fields);
                texts.item_name.push(row, drawn.item_name.as_ref().map(|text| [text.as_str()]));
                texts.description.push(row, drawn.description.as_ref().map(|text| [text.as_str()]));
                texts.extra.push(row, drawn.extra.map(|padding| [buffer.text(padding)]));
            }
        }
        texts
    }
}
