//! The columns of persons.
use arrow_array::ArrayRef;

use crate::columns::layout::KindRows;
use crate::columns::strings::TextColumn;
use crate::fields::Fields;
use crate::person::{CREDIT_CARD_BYTES, MAIL_END, PersonTexts, credit_card, person_id};

/// Bytes to reserve per row: a little above the means.
const NAME_BYTES: usize = 12;
const MAIL_BYTES: usize = 13;
const CITY_BYTES: usize = 9;
const STATE_BYTES: usize = 2;

/// The wanted columns, in order.
pub(crate) fn columns(rows: &KindRows<'_>) -> Vec<ArrayRef> {
    let texts = PersonTextColumns::new(rows);
    let mut columns = Vec::new();
    rows.longs(Fields::PERSON_ID, &mut columns, |span, _, places| {
        for (offset, place) in places.iter_mut().enumerate() {
            *place = person_id(span, offset);
        }
    });
    texts.name.finish(&mut columns);
    texts.mail_address.finish(&mut columns);
    texts.credit_card.finish(&mut columns);
    texts.city.finish(&mut columns);
    texts.state.finish(&mut columns);
    rows.date_times(Fields::PERSON_DATE_TIME, &mut columns);
    texts.extra.finish(&mut columns);
    columns
}

/// The text columns. They are made together, as the padding's length needs the others.
struct PersonTextColumns {
    name: TextColumn,
    mail_address: TextColumn,
    credit_card: TextColumn,
    city: TextColumn,
    state: TextColumn,
    extra: TextColumn,
}

impl PersonTextColumns {
    fn new(rows: &KindRows<'_>) -> PersonTextColumns {
        let average_size = rows.generator.config().person_avg_size;
        let mut texts = PersonTextColumns {
            name: rows.texts(Fields::PERSON_NAME, NAME_BYTES),
            mail_address: rows.texts(Fields::PERSON_EMAIL_ADDRESS, MAIL_BYTES),
            credit_card: rows.texts(Fields::PERSON_CREDIT_CARD, CREDIT_CARD_BYTES),
            city: rows.texts(Fields::PERSON_CITY, CITY_BYTES),
            state: rows.texts(Fields::PERSON_STATE, STATE_BYTES),
            extra: rows.texts(Fields::PERSON_EXTRA, average_size as usize),
        };
        let buffer = rows.generator.padding();
        for (placed, draws) in rows.spans() {
            for (row, &draws) in (placed.row..).zip(draws) {
                let drawn = PersonTexts::draw(draws, rows.fields, average_size);
                let [first, last] = drawn.name;
                texts.name.push(row, Some([first, " ", last]));
                let mail_address = drawn.mail_address.as_ref();
                texts.mail_address.push(
                    row,
                    mail_address.map(|[mailbox, domain]| [mailbox.as_str(), "@", domain.as_str(), MAIL_END]),
                );
                if texts.credit_card.is_wanted() {
                    texts.credit_card.push(row, Some([credit_card(draws).as_str()]));
                }
                texts.city.push(row, Some([drawn.city]));
                texts.state.push(row, Some([drawn.state]));
                texts.extra.push(row, drawn.extra.map(|padding| [buffer.text(padding)]));
            }
        }
        texts
    }
}
