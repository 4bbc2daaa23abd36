//! The tables that columns can be made of, and their types.
use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use hurtig_core::LogicalType;
use hurtig_core::types::RowField;

use crate::fields::{Fields, Form, columns};
use crate::model::Kind;

/// What a row of a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// One row per event: `event_type` INT, the columns `person`, `auction` and `bid`, of which the one that
    /// `event_type` names is a ROW and the others are NULL, and that row's `dateTime`.
    Combined,
    /// One row per event of the kind, with the kind's columns.
    Of(Kind),
}

impl Table {
    /// The part of `fields` that the table has.
    pub(crate) fn fields(self, fields: Fields) -> Fields {
        match self {
            Table::Combined => fields,
            Table::Of(kind) => fields & Fields::all_of(kind),
        }
    }

    /// The type of a row with these of the table's fields.
    pub(crate) fn row_type(self, fields: Fields) -> LogicalType {
        let kind_row = |kind| {
            let wanted = columns(kind).iter().filter(|column| fields.contains(column.field));
            LogicalType::row(wanted.map(|column| RowField::new(column.name, logical_type(column.form))))
        };
        let kind = match self {
            Table::Of(kind) => return kind_row(kind).not_null(),
            Table::Combined => kind_row,
        };
        let mut row = Vec::new();
        if fields.contains(Fields::EVENT_TYPE) {
            row.push(RowField::new("event_type", LogicalType::integer()));
        }
        for of in Kind::ALL {
            if fields.wants_columns(of) {
                row.push(RowField::new(of.name(), kind(of)));
            }
        }
        if fields.contains(Fields::DATE_TIME) {
            row.push(RowField::new("dateTime", logical_type(Form::Time)));
        }
        LogicalType::row(row).not_null()
    }
}

/// Every published column is nullable, though none is ever NULL.
fn logical_type(form: Form) -> LogicalType {
    match form {
        Form::Long => LogicalType::big_int(),
        Form::Text => LogicalType::string(),
        Form::Time => LogicalType::timestamp(3),
    }
}

/// The Arrow schema of a ROW.
pub(crate) fn schema(row: &LogicalType) -> SchemaRef {
    let fields = row.fields().unwrap_or_default().iter();
    let fields: Vec<_> = fields.map(|field| field.data_type.arrow_field(&field.name)).collect();
    Arc::new(Schema::new(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(table: Table, fields: Fields, expected: &str) {
        assert_eq!(table.row_type(table.fields(fields)).to_string(), expected);
    }

    #[test]
    fn a_view_has_the_published_columns() {
        let bid = "ROW<`auction` BIGINT, `bidder` BIGINT, `price` BIGINT, `channel` STRING, `url` STRING, \
                   `dateTime` TIMESTAMP(3), `extra` STRING> NOT NULL";
        check(Table::Of(Kind::Bid), Fields::ALL, bid);
        check(
            Table::Of(Kind::Person),
            Fields::PERSON_STATE | Fields::PERSON_ID,
            "ROW<`id` BIGINT, `state` STRING> NOT NULL",
        );
        check(Table::Of(Kind::Auction), Fields::BID_URL, "ROW<> NOT NULL");
    }

    #[test]
    fn the_combined_table_nests_the_kinds() {
        let fields = Fields::EVENT_TYPE | Fields::AUCTION_SELLER | Fields::BID_EXTRA | Fields::DATE_TIME;
        let expected = "ROW<`event_type` INT, `auction` ROW<`seller` BIGINT>, `bid` ROW<`extra` STRING>, \
                        `dateTime` TIMESTAMP(3)> NOT NULL";
        check(Table::Combined, fields | Fields::kind(Kind::Person), expected);
    }
}
