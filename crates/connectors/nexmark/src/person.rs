//! How the values of a person are drawn.
use compact_str::CompactString;

use crate::fields::Fields;
use crate::padding::{Padding, PaddingLength};
use crate::people::FIRST_PERSON_ID;
use crate::random::{Digits, Draws};
use crate::span::Span;
use crate::text::{DRAWS_MAX, Text};

/// Draws of a person, by number.
mod draw {
    use super::DRAWS_MAX;

    pub(super) const NAME: u64 = 0;
    pub(super) const CREDIT_CARD: u64 = 1;
    pub(super) const CITY: u64 = 2;
    pub(super) const STATE: u64 = 3;
    pub(super) const EXTRA: u64 = 4;
    pub(super) const MAILBOX: u64 = 5;
    pub(super) const DOMAIN: u64 = MAILBOX + DRAWS_MAX;
}

const FIRST_NAMES: [&str; 11] =
    ["Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"];
const LAST_NAMES: [&str; 9] =
    ["Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"];
const CITIES: [&str; 10] = [
    "Phoenix",
    "Los Angeles",
    "San Francisco",
    "Boise",
    "Portland",
    "Bend",
    "Redmond",
    "Seattle",
    "Kent",
    "Cheyenne",
];
const STATES: [&str; 6] = ["AZ", "CA", "ID", "OR", "WA", "WY"];
const MAILBOX_BOUND: usize = 7;
const DOMAIN_BOUND: usize = 5;
/// What counts toward the average size beside the texts.
const COUNTED_BYTES: u64 = 8;

/// Characters of a credit card number: four groups of four digits with blanks between.
pub(crate) const CREDIT_CARD_BYTES: usize = 19;

/// The id of the span's person at `offset`.
pub(crate) fn person_id(span: &Span, offset: usize) -> i64 {
    FIRST_PERSON_ID + span.person + offset as i64
}

/// A person's first and last name, to be joined by a blank.
pub(crate) fn name(draws: Draws) -> [&'static str; 2] {
    let mut digits = draws.digits(draw::NAME);
    [pick(&mut digits, &FIRST_NAMES), pick(&mut digits, &LAST_NAMES)]
}

pub(crate) fn city(draws: Draws) -> &'static str {
    pick(&mut draws.digits(draw::CITY), &CITIES)
}

pub(crate) fn state(draws: Draws) -> &'static str {
    pick(&mut draws.digits(draw::STATE), &STATES)
}

fn pick(digits: &mut Digits, choices: &[&'static str]) -> &'static str {
    choices[digits.below(choices.len() as u64) as usize]
}

/// A person's credit card number.
pub(crate) fn credit_card(draws: Draws) -> CompactString {
    let mut digits = draws.digits(draw::CREDIT_CARD);
    let mut card = [b' '; CREDIT_CARD_BYTES];
    for group in card.chunks_mut(5) {
        for digit in &mut group[..4] {
            *digit = b'0' + digits.below(10) as u8;
        }
    }
    // Digits and blanks are always text.
    CompactString::from_utf8(card).unwrap_or_default()
}

/// The two halves of a person's mail address, around the `@` and before [`MAIL_END`].
pub(crate) fn mail_address(draws: Draws) -> [Text; 2] {
    [Text::draw(draws, draw::MAILBOX, MAILBOX_BOUND), Text::draw(draws, draw::DOMAIN, DOMAIN_BOUND)]
}

/// What every mail address ends in.
pub(crate) const MAIL_END: &str = ".com";

/// The texts of a person that are wanted. A padding needs the others for its length.
pub(crate) struct PersonTexts {
    pub(crate) name: [&'static str; 2],
    pub(crate) city: &'static str,
    pub(crate) state: &'static str,
    pub(crate) mail_address: Option<[Text; 2]>,
    pub(crate) extra: Option<Padding>,
}

impl PersonTexts {
    /// The texts among `fields`; names, city and state cost nothing and are always there.
    pub(crate) fn draw(draws: Draws, fields: Fields, average_size: u64) -> PersonTexts {
        let (name, city, state) = (name(draws), city(draws), state(draws));
        let padded = fields.contains(Fields::PERSON_EXTRA);
        let mail_address =
            (padded || fields.contains(Fields::PERSON_EMAIL_ADDRESS)).then(|| mail_address(draws));
        let extra = padded.then(|| {
            let [mailbox, domain] =
                mail_address.as_ref().map_or([0, 0], |[mailbox, domain]| [mailbox.len(), domain.len()]);
            let mail = mailbox + 1 + domain + MAIL_END.len();
            let name = name[0].len() + 1 + name[1].len();
            let texts = name + mail + CREDIT_CARD_BYTES + city.len() + state.len();
            let length = PaddingLength::new(COUNTED_BYTES + texts as u64, average_size);
            Padding::draw(draws.digits(draw::EXTRA), length)
        });
        PersonTexts { name, city, state, mail_address, extra }
    }
}
