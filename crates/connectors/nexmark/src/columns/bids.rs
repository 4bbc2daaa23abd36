//! The columns of bids.
use arrow_array::ArrayRef;
use arrow_schema::ArrowError;

use crate::bid::{BidChoices, bid_channel, bid_padding, bid_padding_length, bid_price};
use crate::channels::Block;
use crate::columns::layout::{KindRows, each};
use crate::fields::Fields;

/// Bytes to reserve per row: a little above the means.
const CHANNEL_BYTES: usize = 10;
const URL_BYTES: usize = 65;

/// The wanted columns, in order.
pub(crate) fn columns(rows: &KindRows<'_>) -> Result<Vec<ArrayRef>, ArrowError> {
    let config = rows.generator.config();
    let mut columns = Vec::new();
    rows.longs(Fields::BID_AUCTION, &mut columns, |span, draws, places| {
        let choices = BidChoices::new(config, span);
        each(draws, places, |draws| choices.auction(draws));
    });
    rows.longs(Fields::BID_BIDDER, &mut columns, |span, draws, places| {
        let choices = BidChoices::new(config, span);
        each(draws, places, |draws| choices.bidder(draws));
    });
    rows.longs(Fields::BID_PRICE, &mut columns, |_, draws, places| each(draws, places, bid_price));
    if rows.wants(Fields::BID_CHANNEL) || rows.wants(Fields::BID_URL) {
        let blocks = rows.generator.channel_blocks();
        let drawn: Vec<usize> = rows.draws().iter().map(|&draws| bid_channel(draws)).collect();
        if rows.wants(Fields::BID_CHANNEL) {
            columns.push(from_table(rows, &blocks.names, &drawn, CHANNEL_BYTES)?);
        }
        if rows.wants(Fields::BID_URL) {
            columns.push(from_table(rows, &blocks.urls, &drawn, URL_BYTES)?);
        }
    }
    rows.date_times(Fields::BID_DATE_TIME, &mut columns);
    if rows.wants(Fields::BID_EXTRA) {
        columns.push(paddings(rows)?);
    }
    Ok(columns)
}

/// The blocks of `table` that were drawn.
fn from_table<const N: usize>(
    rows: &KindRows<'_>,
    table: &[Block<N>],
    mut drawn: &[usize],
    bytes_per_row: usize,
) -> Result<ArrayRef, ArrowError> {
    let mut column = rows.block_column(bytes_per_row);
    for (placed, draws) in rows.spans() {
        column.skip_to(placed.row);
        let (here, behind) = drawn.split_at(draws.len());
        drawn = behind;
        for &index in here {
            column.push(&table[index].bytes, table[index].length);
        }
    }
    column.finish(rows.rows(), rows.validity())
}

fn paddings(rows: &KindRows<'_>) -> Result<ArrayRef, ArrowError> {
    let (length, buffer) = (bid_padding_length(rows.generator.config()), rows.generator.padding());
    let mut column = rows.block_column(length.mean());
    for (placed, draws) in rows.spans() {
        column.skip_to(placed.row);
        for &draws in draws {
            let padding = bid_padding(draws, length);
            match buffer.block(padding) {
                Some(block) => column.push(block, padding.length),
                None => column.push_long(buffer.text(padding)),
            }
        }
    }
    column.finish(rows.rows(), rows.validity())
}
