//! Flink's logical types: what a SQL column or a Rust value means, apart from how it lies in memory.
use std::fmt;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, IntervalUnit, TimeUnit};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The length that makes a VARCHAR a STRING and a VARBINARY a BYTES.
const UNBOUNDED: u32 = i32::MAX as u32;

/// A type with its nullability. Flink's `LogicalType`.
///
/// As in Flink a type is nullable until [`not_null`](LogicalType::not_null) says otherwise. Its `Display` is
/// SQL that Flink reads back.
///
/// ```
/// use hurtig_core::types::{LogicalType, RowField};
///
/// let row = LogicalType::row([
///     RowField::new("a", LogicalType::big_int().not_null()),
///     RowField::new("b", LogicalType::string()),
/// ]);
/// assert_eq!(row.to_string(), "ROW<`a` BIGINT NOT NULL, `b` STRING>");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LogicalType {
    root: TypeRoot,
    nullable: bool,
}

/// The type without its nullability. Flink's `LogicalTypeRoot` together with its parameters.
///
/// Lengths count code points for character strings and bytes for byte strings; the precision of a time counts
/// the digits of its fractional seconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TypeRoot {
    /// `CHAR(n)`: exactly n characters.
    Char(u32),
    /// `VARCHAR(n)`: at most n characters; `STRING` for the largest n.
    Varchar(u32),
    /// `BOOLEAN`.
    Boolean,
    /// `BINARY(n)`: exactly n bytes.
    Binary(u32),
    /// `VARBINARY(n)`: at most n bytes; `BYTES` for the largest n.
    Varbinary(u32),
    /// `DECIMAL(p, s)`: p digits, s of them after the point.
    Decimal {
        /// All digits, 1 to 38.
        precision: u8,
        /// Digits after the point, 0 to `precision`.
        scale: u8,
    },
    /// `TINYINT`: 8 bits.
    TinyInt,
    /// `SMALLINT`: 16 bits.
    SmallInt,
    /// `INT`: 32 bits.
    Integer,
    /// `BIGINT`: 64 bits.
    BigInt,
    /// `FLOAT`: 32 bits.
    Float,
    /// `DOUBLE`: 64 bits.
    Double,
    /// `DATE`: days since the epoch.
    Date,
    /// `TIME(p)`: time of day, kept in milliseconds whatever p, as Flink does.
    Time(u8),
    /// `TIMESTAMP(p)`: date and time without a zone.
    Timestamp(u8),
    /// `TIMESTAMP_LTZ(p)`: a moment, shown in the session's zone.
    TimestampLtz(u8),
    /// `TIMESTAMP(p) WITH TIME ZONE`: a moment. Its zone is not kept; Flink cannot run it either.
    TimestampTz(u8),
    /// `INTERVAL YEAR(2) TO MONTH`: months.
    IntervalYearMonth,
    /// `INTERVAL DAY(2) TO SECOND(3)`: milliseconds.
    IntervalDayTime,
    /// `ARRAY<t>`.
    Array(Box<LogicalType>),
    /// `MULTISET<t>`: elements with how often each occurs.
    Multiset(Box<LogicalType>),
    /// `MAP<k, v>`.
    Map(Box<LogicalType>, Box<LogicalType>),
    /// `ROW<name type, ..>`.
    Row(Vec<RowField>),
    /// A foreign type kept as opaque bytes.
    Raw {
        /// The name of the codec that reads the bytes.
        name: String,
    },
    /// The type of a bare `NULL`.
    Null,
}

/// One field of a `ROW`. Flink's `RowType.RowField`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RowField {
    /// The field's name, unquoted.
    pub name: String,
    /// The field's type.
    pub data_type: LogicalType,
    /// The comment on the field, if it has one.
    pub description: Option<String>,
}

impl RowField {
    /// A field without a description.
    pub fn new(name: impl Into<String>, data_type: LogicalType) -> Self {
        RowField { name: name.into(), data_type, description: None }
    }

    /// The same field with a description.
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

macro_rules! plain_constructors {
    ($($name:ident $root:ident $sql:literal)*) => {$(
        #[doc = concat!("A nullable `", $sql, "`.")]
        pub const fn $name() -> Self {
            LogicalType::new(TypeRoot::$root)
        }
    )*};
}

macro_rules! parameter_constructors {
    ($($name:ident($parameter:ident: $type:ty) $root:ident $sql:literal)*) => {$(
        #[doc = concat!("A nullable `", $sql, "`.")]
        pub const fn $name($parameter: $type) -> Self {
            LogicalType::new(TypeRoot::$root($parameter))
        }
    )*};
}

impl LogicalType {
    /// A nullable type. Parameters are taken as they are; [`check`](LogicalType::check) looks at them.
    pub const fn new(root: TypeRoot) -> Self {
        LogicalType { root, nullable: true }
    }

    plain_constructors! {
        boolean Boolean "BOOLEAN"
        tiny_int TinyInt "TINYINT"
        small_int SmallInt "SMALLINT"
        integer Integer "INT"
        big_int BigInt "BIGINT"
        float Float "FLOAT"
        double Double "DOUBLE"
        date Date "DATE"
        interval_year_month IntervalYearMonth "INTERVAL YEAR TO MONTH"
        interval_day_time IntervalDayTime "INTERVAL DAY TO SECOND"
        null Null "NULL"
    }

    parameter_constructors! {
        char(length: u32) Char "CHAR(n)"
        varchar(length: u32) Varchar "VARCHAR(n)"
        binary(length: u32) Binary "BINARY(n)"
        varbinary(length: u32) Varbinary "VARBINARY(n)"
        time(precision: u8) Time "TIME(p)"
        timestamp(precision: u8) Timestamp "TIMESTAMP(p)"
        timestamp_ltz(precision: u8) TimestampLtz "TIMESTAMP_LTZ(p)"
        timestamp_tz(precision: u8) TimestampTz "TIMESTAMP(p) WITH TIME ZONE"
    }

    /// A nullable `STRING`, that is `VARCHAR(2147483647)`.
    pub const fn string() -> Self {
        LogicalType::varchar(UNBOUNDED)
    }

    /// A nullable `BYTES`, that is `VARBINARY(2147483647)`.
    pub const fn bytes() -> Self {
        LogicalType::varbinary(UNBOUNDED)
    }

    /// A nullable `DECIMAL(precision, scale)`.
    pub const fn decimal(precision: u8, scale: u8) -> Self {
        LogicalType::new(TypeRoot::Decimal { precision, scale })
    }

    /// A nullable `ARRAY` of elements of this type.
    pub fn array(element: LogicalType) -> Self {
        LogicalType::new(TypeRoot::Array(Box::new(element)))
    }

    /// A nullable `MULTISET` of elements of this type.
    pub fn multiset(element: LogicalType) -> Self {
        LogicalType::new(TypeRoot::Multiset(Box::new(element)))
    }

    /// A nullable `MAP`.
    pub fn map(key: LogicalType, value: LogicalType) -> Self {
        LogicalType::new(TypeRoot::Map(Box::new(key), Box::new(value)))
    }

    /// A nullable `ROW` of these fields.
    pub fn row(fields: impl IntoIterator<Item = RowField>) -> Self {
        LogicalType::new(TypeRoot::Row(fields.into_iter().collect()))
    }

    /// A nullable `RAW` that the codec of this name reads.
    pub fn raw(name: impl Into<String>) -> Self {
        LogicalType::new(TypeRoot::Raw { name: name.into() })
    }

    /// The same type, `NOT NULL`.
    pub fn not_null(self) -> Self {
        self.with_nullability(false)
    }

    /// The same type, nullable.
    pub fn nullable(self) -> Self {
        self.with_nullability(true)
    }

    /// The same type with this nullability.
    pub fn with_nullability(mut self, nullable: bool) -> Self {
        self.nullable = nullable;
        self
    }

    /// The type without its nullability.
    pub fn root(&self) -> &TypeRoot {
        &self.root
    }

    /// Whether NULL is a value of the type.
    pub fn is_nullable(&self) -> bool {
        self.nullable
    }

    /// The fields of a `ROW`, `None` for every other type.
    pub fn fields(&self) -> Option<&[RowField]> {
        match &self.root {
            TypeRoot::Row(fields) => Some(fields),
            _ => None,
        }
    }

    /// Fails, as a user's mistake, if a parameter here or further down is outside Flink's limits or two
    /// fields of a row have one name.
    pub fn check(&self) -> Result<()> {
        match &self.root {
            TypeRoot::Char(n) | TypeRoot::Varchar(n) | TypeRoot::Binary(n) | TypeRoot::Varbinary(n)
                if !(1..=UNBOUNDED).contains(n) =>
            {
                Err(Error::user(format!("{self}: the length must be between 1 and {UNBOUNDED}")))
            }
            TypeRoot::Decimal { precision, .. } if !(1..=38).contains(precision) => {
                Err(Error::user(format!("{self}: the precision must be between 1 and 38")))
            }
            TypeRoot::Decimal { precision, scale } if scale > precision => {
                Err(Error::user(format!("{self}: the scale must be between 0 and the precision")))
            }
            TypeRoot::Time(p)
            | TypeRoot::Timestamp(p)
            | TypeRoot::TimestampLtz(p)
            | TypeRoot::TimestampTz(p)
                if *p > 9 =>
            {
                Err(Error::user(format!("{self}: the precision must be between 0 and 9")))
            }
            TypeRoot::Array(element) | TypeRoot::Multiset(element) => element.check(),
            TypeRoot::Map(key, value) => key.check().and_then(|()| value.check()),
            TypeRoot::Row(fields) => self.check_fields(fields),
            _ => Ok(()),
        }
    }

    fn check_fields(&self, fields: &[RowField]) -> Result<()> {
        for (index, field) in fields.iter().enumerate() {
            if fields[..index].iter().any(|earlier| earlier.name == field.name) {
                return Err(Error::user(format!("{self}: two fields are named `{}`", field.name)));
            }
            field.data_type.check()?;
        }
        Ok(())
    }

    /// A number that two types share if and only if they print alike: XXH3-64, seed 0, of the printed type.
    pub fn fingerprint(&self) -> u64 {
        xxhash_rust::xxh3::xxh3_64(self.to_string().as_bytes())
    }

    /// How Arrow holds values of this type.
    pub fn arrow_data_type(&self) -> DataType {
        match &self.root {
            TypeRoot::Char(_) | TypeRoot::Varchar(_) => DataType::Utf8,
            TypeRoot::Boolean => DataType::Boolean,
            TypeRoot::Binary(_) | TypeRoot::Varbinary(_) | TypeRoot::Raw { .. } => DataType::Binary,
            TypeRoot::Decimal { precision, scale } => DataType::Decimal128(*precision, *scale as i8),
            TypeRoot::TinyInt => DataType::Int8,
            TypeRoot::SmallInt => DataType::Int16,
            TypeRoot::Integer => DataType::Int32,
            TypeRoot::BigInt => DataType::Int64,
            TypeRoot::Float => DataType::Float32,
            TypeRoot::Double => DataType::Float64,
            TypeRoot::Date => DataType::Date32,
            TypeRoot::Time(_) => DataType::Time32(TimeUnit::Millisecond),
            TypeRoot::Timestamp(p) => DataType::Timestamp(time_unit(*p), None),
            TypeRoot::TimestampLtz(p) | TypeRoot::TimestampTz(p) => {
                DataType::Timestamp(time_unit(*p), Some(Arc::from("UTC")))
            }
            TypeRoot::IntervalYearMonth => DataType::Interval(IntervalUnit::YearMonth),
            TypeRoot::IntervalDayTime => DataType::Duration(TimeUnit::Millisecond),
            TypeRoot::Array(element) => DataType::List(Arc::new(element.arrow_field("item"))),
            TypeRoot::Multiset(element) => arrow_map(element, &LogicalType::integer().not_null()),
            TypeRoot::Map(key, value) => arrow_map(key, value),
            TypeRoot::Row(fields) => DataType::Struct(
                fields.iter().map(|field| field.data_type.arrow_field(&field.name)).collect(),
            ),
            TypeRoot::Null => DataType::Null,
        }
    }

    /// An Arrow field of this type and nullability.
    pub fn arrow_field(&self, name: &str) -> Field {
        Field::new(name, self.arrow_data_type(), self.nullable)
    }
}

/// The coarsest unit that holds all digits of the fraction.
fn time_unit(precision: u8) -> TimeUnit {
    match precision {
        0..=3 => TimeUnit::Millisecond,
        4..=6 => TimeUnit::Microsecond,
        _ => TimeUnit::Nanosecond,
    }
}

/// A map as Arrow wants it: its keys are never NULL, whatever the logical type says.
fn arrow_map(key: &LogicalType, value: &LogicalType) -> DataType {
    let key = key.arrow_field("key").with_nullable(false);
    let entries = DataType::Struct(Fields::from(vec![key, value.arrow_field("value")]));
    DataType::Map(Arc::new(Field::new("entries", entries, false)), false)
}

/// Prints the type as SQL, with the short names `STRING`, `BYTES` and `TIMESTAMP_LTZ`.
impl fmt::Display for LogicalType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.root)?;
        if self.nullable { Ok(()) } else { f.write_str(" NOT NULL") }
    }
}

impl fmt::Display for TypeRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TypeRoot::Varchar(UNBOUNDED) => f.write_str("STRING"),
            TypeRoot::Varbinary(UNBOUNDED) => f.write_str("BYTES"),
            TypeRoot::Char(n) => write!(f, "CHAR({n})"),
            TypeRoot::Varchar(n) => write!(f, "VARCHAR({n})"),
            TypeRoot::Boolean => f.write_str("BOOLEAN"),
            TypeRoot::Binary(n) => write!(f, "BINARY({n})"),
            TypeRoot::Varbinary(n) => write!(f, "VARBINARY({n})"),
            TypeRoot::Decimal { precision, scale } => write!(f, "DECIMAL({precision}, {scale})"),
            TypeRoot::TinyInt => f.write_str("TINYINT"),
            TypeRoot::SmallInt => f.write_str("SMALLINT"),
            TypeRoot::Integer => f.write_str("INT"),
            TypeRoot::BigInt => f.write_str("BIGINT"),
            TypeRoot::Float => f.write_str("FLOAT"),
            TypeRoot::Double => f.write_str("DOUBLE"),
            TypeRoot::Date => f.write_str("DATE"),
            TypeRoot::Time(p) => write!(f, "TIME({p})"),
            TypeRoot::Timestamp(p) => write!(f, "TIMESTAMP({p})"),
            TypeRoot::TimestampLtz(p) => write!(f, "TIMESTAMP_LTZ({p})"),
            TypeRoot::TimestampTz(p) => write!(f, "TIMESTAMP({p}) WITH TIME ZONE"),
            TypeRoot::IntervalYearMonth => f.write_str("INTERVAL YEAR(2) TO MONTH"),
            TypeRoot::IntervalDayTime => f.write_str("INTERVAL DAY(2) TO SECOND(3)"),
            TypeRoot::Array(element) => write!(f, "ARRAY<{element}>"),
            TypeRoot::Multiset(element) => write!(f, "MULTISET<{element}>"),
            TypeRoot::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            TypeRoot::Row(fields) => write_row(f, fields),
            TypeRoot::Raw { name } => write!(f, "RAW('{}')", name.replace('\'', "''")),
            TypeRoot::Null => f.write_str("NULL"),
        }
    }
}

fn write_row(f: &mut fmt::Formatter<'_>, fields: &[RowField]) -> fmt::Result {
    f.write_str("ROW<")?;
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{field}")?;
    }
    f.write_str(">")
}

impl fmt::Display for RowField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.name.replace('`', "``"), self.data_type)?;
        match &self.description {
            Some(description) => write!(f, " '{}'", description.replace('\'', "''")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(logical: LogicalType, expect: &str) {
        assert_eq!(logical.to_string(), expect);
    }

    #[test]
    fn types_print_as_flink_reads_them() {
        check(LogicalType::string(), "STRING");
        check(LogicalType::bytes().not_null(), "BYTES NOT NULL");
        check(LogicalType::varchar(20), "VARCHAR(20)");
        check(LogicalType::decimal(10, 2), "DECIMAL(10, 2)");
        check(LogicalType::timestamp_ltz(3).not_null(), "TIMESTAMP_LTZ(3) NOT NULL");
        check(LogicalType::array(LogicalType::integer().not_null()), "ARRAY<INT NOT NULL>");
        check(LogicalType::map(LogicalType::string(), LogicalType::date()), "MAP<STRING, DATE>");
        check(LogicalType::raw("o'clock"), "RAW('o''clock')");
        let fields = [
            RowField::new("a`b", LogicalType::big_int().not_null()),
            RowField::new("c", LogicalType::multiset(LogicalType::double())).with_description("it's c"),
        ];
        check(LogicalType::row(fields), "ROW<`a``b` BIGINT NOT NULL, `c` MULTISET<DOUBLE> 'it''s c'>");
    }

    #[test]
    fn parameters_outside_the_limits_are_refused() {
        let refused = [
            LogicalType::varchar(0),
            LogicalType::decimal(39, 0),
            LogicalType::decimal(5, 6),
            LogicalType::array(LogicalType::timestamp(10)),
            LogicalType::row([
                RowField::new("a", LogicalType::date()),
                RowField::new("a", LogicalType::time(0)),
            ]),
        ];
        for logical in refused {
            assert!(logical.check().is_err(), "{logical}");
        }
        assert!(LogicalType::decimal(38, 38).check().is_ok());
    }

    #[test]
    fn precision_picks_the_unit() {
        for (precision, unit) in [
            (0, TimeUnit::Millisecond),
            (3, TimeUnit::Millisecond),
            (4, TimeUnit::Microsecond),
            (9, TimeUnit::Nanosecond),
        ] {
            let expect = DataType::Timestamp(unit, None);
            assert_eq!(LogicalType::timestamp(precision).arrow_data_type(), expect);
        }
    }
}
