//! Which kinds of events and which of their columns are wanted.
use std::ops::{BitAnd, BitOr, BitOrAssign};

use hurtig_core::{Error, Result};

use crate::model::Kind;

/// A set of kinds and of their columns.
///
/// The published generator makes every column of every event whatever is read ([`Fields::ALL`]). A job that
/// needs less can say so: kinds that are not in the set are passed over, columns that are not in it are left
/// out of Arrow batches and hold 0 or no text in rows. What is made is the same in either case.
///
/// ```
/// use hurtig_connector_nexmark::{Fields, Kind};
///
/// let q2 = Fields::of(Kind::Bid, &["auction", "price"])?;
/// assert_eq!(q2, Fields::BID_AUCTION | Fields::BID_PRICE);
/// assert!(q2.wants(Kind::Bid) && !q2.wants(Kind::Person));
/// # Ok::<(), hurtig_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fields(u32);

/// What values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// BIGINT.
    Long,
    /// STRING.
    Text,
    /// TIMESTAMP(3).
    Time,
}

/// A column of a kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    pub(crate) field: Fields,
}

/// Bits 0 to 2 are the kinds, 3 and 4 the columns that only the combined table has; each kind's columns
/// follow.
const FIRST_COLUMN: [u32; 3] = [5, 13, 23];
const END_COLUMN: [u32; 3] = [13, 23, 30];

/// A column's bit together with its kind's.
const fn column(kind: Kind, index: u32) -> Fields {
    Fields(1 << kind as u32 | 1 << (FIRST_COLUMN[kind as usize] + index))
}

macro_rules! columns {
    ($kind:ident, $table:ident: $($index:literal $field:ident $form:ident $name:literal;)*) => {
        impl Fields {
            $(#[doc = concat!("Column `", $name, "` of that kind.")]
            pub const $field: Fields = column(Kind::$kind, $index);)*
        }
        static $table: &[Column] =
            &[$(Column { name: $name, form: Form::$form, field: Fields::$field }),*];
    };
}

columns! { Person, PERSON_COLUMNS:
    0 PERSON_ID Long "id";
    1 PERSON_NAME Text "name";
    2 PERSON_EMAIL_ADDRESS Text "emailAddress";
    3 PERSON_CREDIT_CARD Text "creditCard";
    4 PERSON_CITY Text "city";
    5 PERSON_STATE Text "state";
    6 PERSON_DATE_TIME Time "dateTime";
    7 PERSON_EXTRA Text "extra";
}

columns! { Auction, AUCTION_COLUMNS:
    0 AUCTION_ID Long "id";
    1 AUCTION_ITEM_NAME Text "itemName";
    2 AUCTION_DESCRIPTION Text "description";
    3 AUCTION_INITIAL_BID Long "initialBid";
    4 AUCTION_RESERVE Long "reserve";
    5 AUCTION_DATE_TIME Time "dateTime";
    6 AUCTION_EXPIRES Time "expires";
    7 AUCTION_SELLER Long "seller";
    8 AUCTION_CATEGORY Long "category";
    9 AUCTION_EXTRA Text "extra";
}

columns! { Bid, BID_COLUMNS:
    0 BID_AUCTION Long "auction";
    1 BID_BIDDER Long "bidder";
    2 BID_PRICE Long "price";
    3 BID_CHANNEL Text "channel";
    4 BID_URL Text "url";
    5 BID_DATE_TIME Time "dateTime";
    6 BID_EXTRA Text "extra";
}

/// The columns of a kind, in the order of its view.
pub(crate) fn columns(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Person => PERSON_COLUMNS,
        Kind::Auction => AUCTION_COLUMNS,
        Kind::Bid => BID_COLUMNS,
    }
}

impl Fields {
    /// No event at all.
    pub const NONE: Fields = Fields(0);
    /// Everything.
    pub const ALL: Fields = Fields((1 << END_COLUMN[2]) - 1);
    /// Column `event_type` of the combined table.
    pub const EVENT_TYPE: Fields = Fields(1 << 3);
    /// The computed column `dateTime` of the combined table.
    pub const DATE_TIME: Fields = Fields(1 << 4);

    /// The events of one kind, without any column: enough to count them.
    pub const fn kind(kind: Kind) -> Fields {
        Fields(1 << kind as u32)
    }

    /// The events of one kind with all their columns.
    pub const fn all_of(kind: Kind) -> Fields {
        let (first, end) = (FIRST_COLUMN[kind as usize], END_COLUMN[kind as usize]);
        Fields(1 << kind as u32 | ((1 << end) - (1 << first)))
    }

    /// The events of one kind with the columns of these names. An unknown name is a user's mistake.
    pub fn of(kind: Kind, names: &[&str]) -> Result<Fields> {
        names.iter().try_fold(Fields::kind(kind), |fields, name| {
            let column = columns(kind).iter().find(|column| column.name == *name);
            let column = column.ok_or_else(|| {
                let known: Vec<&str> = columns(kind).iter().map(|column| column.name).collect();
                Error::user(format!(
                    "nexmark's {} has no column '{name}', but {}",
                    kind.name(),
                    known.join(", ")
                ))
            })?;
            Ok(fields | column.field)
        })
    }

    /// Whether events of `kind` are wanted.
    pub const fn wants(self, kind: Kind) -> bool {
        self.contains(Fields::kind(kind))
    }

    /// Whether everything in `other` is wanted.
    #[inline]
    pub const fn contains(self, other: Fields) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether a column of `kind` is wanted.
    pub(crate) fn wants_columns(self, kind: Kind) -> bool {
        columns(kind).iter().any(|column| self.contains(column.field))
    }
}

impl BitOr for Fields {
    type Output = Fields;
    fn bitor(self, other: Fields) -> Fields {
        Fields(self.0 | other.0)
    }
}

impl BitAnd for Fields {
    type Output = Fields;
    fn bitand(self, other: Fields) -> Fields {
        Fields(self.0 & other.0)
    }
}

impl BitOrAssign for Fields {
    fn bitor_assign(&mut self, other: Fields) {
        *self = *self | other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_every_kind_with_every_column_and_those_of_the_combined_table() {
        let all_of =
            |kind| columns(kind).iter().fold(Fields::kind(kind), |fields, column| fields | column.field);
        let kinds = Kind::ALL.into_iter().fold(Fields::NONE, |fields, kind| fields | all_of(kind));
        assert!(Kind::ALL.iter().all(|&kind| all_of(kind) == Fields::all_of(kind)));
        assert_eq!(kinds | Fields::EVENT_TYPE | Fields::DATE_TIME, Fields::ALL);
    }

    #[test]
    fn a_column_brings_its_kind_and_no_other_column() {
        for kind in Kind::ALL {
            for column in columns(kind) {
                let others = columns(kind).iter().filter(|other| column.field.contains(other.field));
                assert_eq!(others.count(), 1, "{}", column.name);
                assert!(Kind::ALL.iter().all(|other| column.field.wants(*other) == (*other == kind)));
            }
        }
    }

    #[test]
    fn an_unknown_column_is_named() {
        let error = Fields::of(Kind::Bid, &["price", "prize"]).unwrap_err();
        let expected =
            "nexmark's bid has no column 'prize', but auction, bidder, price, channel, url, dateTime, extra";
        assert_eq!(error.to_string(), expected);
    }
}
