//! The hash of keys that lie in Arrow columns: the same as of the Rust values, one tight loop per type.
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal32Type, Decimal64Type, Decimal128Type, DurationMicrosecondType,
    DurationMillisecondType, DurationNanosecondType, DurationSecondType, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, IntervalYearMonthType, Time32MillisecondType, Time32SecondType,
    Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, GenericListArray, OffsetSizeTrait};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, IntervalUnit, TimeUnit};

use crate::error::{Error, Result};
use crate::key::hash::{self, Composite, NULL};

/// Puts the hash of each value of one key column into `hashes`, instead of what was there.
///
/// Fails, as a user's mistake, if values of the column's type cannot be keys: maps, unions and such.
pub fn hash_column(array: &dyn Array, hashes: &mut Vec<u64>) -> Result<()> {
    hashes.clear();
    hashes.reserve(array.len());
    append_hashes(array, hashes)?;
    patch_nulls(array.nulls(), hashes);
    Ok(())
}

/// Puts the hash of each row of several key columns into `hashes`: the hash of the tuple of their values,
/// also if there is but one. Fails like [`hash_column`], and if there are no columns.
pub fn hash_columns(columns: &[ArrayRef], hashes: &mut Vec<u64>) -> Result<()> {
    let Some(first) = columns.first() else {
        return Err(Error::bug("a hash over no key columns"));
    };
    hash_rows(columns, first.len(), hashes)
}

/// The hash of `length` rows, none of which is NULL itself.
fn hash_rows(columns: &[ArrayRef], length: usize, hashes: &mut Vec<u64>) -> Result<()> {
    let mut rows = vec![Composite::new(columns.len()); length];
    for column in columns {
        if column.len() != length {
            return Err(Error::bug(format!("key columns of {length} and of {} rows", column.len())));
        }
        hash_column(column, hashes)?;
        for (row, &hash) in rows.iter_mut().zip(hashes.iter()) {
            row.add(hash);
        }
    }
    hashes.clear();
    hashes.extend(rows.into_iter().map(Composite::finish));
    Ok(())
}

/// Appends one hash per value; where a value is NULL the hash is that of whatever lies there.
fn append_hashes(array: &dyn Array, out: &mut Vec<u64>) -> Result<()> {
    match array.data_type() {
        DataType::Null => out.extend((0..array.len()).map(|_| NULL)),
        DataType::Boolean => {
            let values = array.as_boolean().values();
            out.extend(values.iter().map(|value| hash::integer(i64::from(value))));
        }
        DataType::Int8 => each::<Int8Type>(array, out, |value| hash::integer(i64::from(value))),
        DataType::Int16 => each::<Int16Type>(array, out, |value| hash::integer(i64::from(value))),
        DataType::Int32 => each::<Int32Type>(array, out, |value| hash::integer(i64::from(value))),
        DataType::Int64 => each::<Int64Type>(array, out, hash::integer),
        DataType::UInt8 => each::<UInt8Type>(array, out, |value| hash::integer(i64::from(value))),
        DataType::UInt16 => each::<UInt16Type>(array, out, |value| hash::integer(i64::from(value))),
        DataType::UInt32 => each::<UInt32Type>(array, out, |value| hash::integer(i64::from(value))),
        DataType::UInt64 => each::<UInt64Type>(array, out, |value| hash::wide_integer(i128::from(value))),
        DataType::Float32 => each::<Float32Type>(array, out, |value| hash::float(f64::from(value))),
        DataType::Float64 => each::<Float64Type>(array, out, hash::float),
        DataType::Decimal32(_, scale @ 0..) => {
            let scale = scale.unsigned_abs();
            each::<Decimal32Type>(array, out, |value| hash::decimal(i128::from(value), scale));
        }
        DataType::Decimal64(_, scale @ 0..) => {
            let scale = scale.unsigned_abs();
            each::<Decimal64Type>(array, out, |value| hash::decimal(i128::from(value), scale));
        }
        DataType::Decimal128(_, scale @ 0..) => {
            let scale = scale.unsigned_abs();
            each::<Decimal128Type>(array, out, |value| hash::decimal(value, scale));
        }
        DataType::Utf8 => append_bytes(array.as_string::<i32>().iter().map(|v| v.map(str::as_bytes)), out),
        DataType::LargeUtf8 => {
            append_bytes(array.as_string::<i64>().iter().map(|v| v.map(str::as_bytes)), out)
        }
        DataType::Utf8View => append_bytes(array.as_string_view().iter().map(|v| v.map(str::as_bytes)), out),
        DataType::Binary => append_bytes(array.as_binary::<i32>().iter(), out),
        DataType::LargeBinary => append_bytes(array.as_binary::<i64>().iter(), out),
        DataType::BinaryView => append_bytes(array.as_binary_view().iter(), out),
        DataType::FixedSizeBinary(_) => append_bytes(array.as_fixed_size_binary().iter(), out),
        DataType::Struct(_) => {
            return append_nested(out, |hashes| hash_rows(array.as_struct().columns(), array.len(), hashes));
        }
        DataType::List(_) => return append_lists(array.as_list::<i32>(), out),
        DataType::LargeList(_) => return append_lists(array.as_list::<i64>(), out),
        DataType::FixedSizeList(_, length) => {
            let (lists, length) = (array.as_fixed_size_list(), usize::try_from(*length).unwrap_or(0));
            let lengths = std::iter::repeat_n(length, lists.len());
            return append_nested(out, |hashes| hash_lists(lists.values(), lengths, hashes));
        }
        DataType::Dictionary(..) => return append_dictionary(array, out),
        other => {
            return append_times(array, out)
                .ok_or_else(|| Error::user(format!("values of the Arrow type {other} cannot be keys")));
        }
    }
    Ok(())
}

/// Dates, times, timestamps and intervals; `None` for any other type.
fn append_times(array: &dyn Array, out: &mut Vec<u64>) -> Option<()> {
    let days = |value: i32| hash::integer(i64::from(value));
    match array.data_type() {
        DataType::Date32 => each::<Date32Type>(array, out, days),
        DataType::Interval(IntervalUnit::YearMonth) => each::<IntervalYearMonthType>(array, out, days),
        DataType::Time32(TimeUnit::Second) => each::<Time32SecondType>(array, out, |v| seconds(i64::from(v))),
        DataType::Time32(TimeUnit::Millisecond) => each::<Time32MillisecondType>(array, out, days),
        DataType::Time64(TimeUnit::Microsecond) => each::<Time64MicrosecondType>(array, out, micros),
        DataType::Time64(TimeUnit::Nanosecond) => each::<Time64NanosecondType>(array, out, nanos),
        DataType::Timestamp(TimeUnit::Second, _) => each::<TimestampSecondType>(array, out, seconds),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            each::<TimestampMillisecondType>(array, out, hash::integer);
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => each::<TimestampMicrosecondType>(array, out, micros),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => each::<TimestampNanosecondType>(array, out, nanos),
        DataType::Duration(TimeUnit::Second) => each::<DurationSecondType>(array, out, seconds),
        DataType::Duration(TimeUnit::Millisecond) => {
            each::<DurationMillisecondType>(array, out, hash::integer);
        }
        DataType::Duration(TimeUnit::Microsecond) => each::<DurationMicrosecondType>(array, out, micros),
        DataType::Duration(TimeUnit::Nanosecond) => each::<DurationNanosecondType>(array, out, nanos),
        _ => return None,
    }
    Some(())
}

fn seconds(value: i64) -> u64 {
    hash::wide_integer(i128::from(value) * 1000)
}

fn micros(value: i64) -> u64 {
    hash::timestamp(value.div_euclid(1000), value.rem_euclid(1000) as u32 * 1000)
}

fn nanos(value: i64) -> u64 {
    hash::timestamp(value.div_euclid(1_000_000), value.rem_euclid(1_000_000) as u32)
}

#[inline]
fn each<A: ArrowPrimitiveType>(array: &dyn Array, out: &mut Vec<u64>, hash: impl Fn(A::Native) -> u64) {
    out.extend(array.as_primitive::<A>().values().iter().map(|&value| hash(value)));
}

#[inline]
fn append_bytes<'a>(values: impl Iterator<Item = Option<&'a [u8]>>, out: &mut Vec<u64>) {
    out.extend(values.map(|value| value.map_or(NULL, hash::bytes)));
}

/// Appends what `hash` puts into a buffer of its own.
fn append_nested(out: &mut Vec<u64>, hash: impl FnOnce(&mut Vec<u64>) -> Result<()>) -> Result<()> {
    let mut hashes = Vec::new();
    hash(&mut hashes)?;
    out.append(&mut hashes);
    Ok(())
}

fn append_lists<O: OffsetSizeTrait>(lists: &GenericListArray<O>, out: &mut Vec<u64>) -> Result<()> {
    let offsets = lists.value_offsets();
    let first = offsets.first().map_or(0, |offset| offset.as_usize());
    let last = offsets.last().map_or(0, |offset| offset.as_usize());
    let lengths = offsets.windows(2).map(|pair| (pair[1] - pair[0]).as_usize());
    append_nested(out, |hashes| hash_lists(&lists.values().slice(first, last - first), lengths, hashes))
}

/// The hash of lists of these lengths that lie one after another in `elements`.
fn hash_lists(
    elements: &dyn Array,
    lengths: impl Iterator<Item = usize>,
    hashes: &mut Vec<u64>,
) -> Result<()> {
    let mut element_hashes = Vec::new();
    hash_column(elements, &mut element_hashes)?;
    let mut rest = element_hashes.into_iter();
    for length in lengths {
        let mut list = Composite::new(length);
        rest.by_ref().take(length).for_each(|hash| list.add(hash));
        hashes.push(list.finish());
    }
    Ok(())
}

/// Each distinct value of a dictionary is hashed once.
fn append_dictionary(array: &dyn Array, out: &mut Vec<u64>) -> Result<()> {
    let dictionary = array.as_any_dictionary();
    let mut value_hashes = Vec::new();
    hash_column(dictionary.values(), &mut value_hashes)?;
    if value_hashes.is_empty() {
        out.extend((0..array.len()).map(|_| NULL));
    } else {
        out.extend(dictionary.normalized_keys().into_iter().map(|key| value_hashes[key]));
    }
    Ok(())
}

fn patch_nulls(nulls: Option<&NullBuffer>, hashes: &mut [u64]) {
    let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else { return };
    for (hash, valid) in hashes.iter_mut().zip(nulls.iter()) {
        *hash = if valid { *hash } else { NULL };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::Int8Type;
    use arrow_array::{
        BinaryArray, Decimal128Array, DictionaryArray, Int32Array, LargeStringArray, StringArray,
        StringViewArray, TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
    };

    use super::*;

    fn check(array: impl Array, expect: &[u64]) {
        let mut hashes = vec![1, 2, 3];
        hash_column(&array, &mut hashes).unwrap();
        assert_eq!(hashes, expect);
    }

    #[test]
    fn the_physical_type_does_not_matter() {
        let text = [hash::bytes(b"a"), NULL, hash::bytes(b"bc")];
        let values = vec![Some("a"), None, Some("bc")];
        check(StringArray::from(values.clone()), &text);
        check(LargeStringArray::from(values.clone()), &text);
        check(StringViewArray::from(values.clone()), &text);
        check(BinaryArray::from(vec![Some(&b"a"[..]), None, Some(b"bc")]), &text);
        check(values.into_iter().collect::<DictionaryArray<Int8Type>>(), &text);

        let numbers = [hash::integer(-7), NULL];
        check(Int32Array::from(vec![Some(-7), None]), &numbers);
        let decimals = Decimal128Array::from(vec![Some(-700), None]);
        check(decimals.with_precision_and_scale(10, 2).unwrap(), &numbers);
        check(UInt64Array::from(vec![u64::MAX]), &[hash::decimal(i128::from(u64::MAX), 0)]);

        check(TimestampSecondArray::from(vec![-2]), &[hash::timestamp(-2000, 0)]);
        check(TimestampNanosecondArray::from(vec![-1]), &[hash::timestamp(-1, 999_999)]);
    }

    #[test]
    fn an_empty_dictionary_has_only_nulls() {
        let keys = arrow_array::Int8Array::from(vec![None, None]);
        let values: ArrayRef = Arc::new(StringArray::from(Vec::<&str>::new()));
        check(DictionaryArray::new(keys, values), &[NULL, NULL]);
    }

    #[test]
    fn a_type_that_cannot_be_a_key_is_named() {
        let array = arrow_array::new_empty_array(&DataType::Interval(IntervalUnit::MonthDayNano));
        let error = hash_column(&array, &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("Interval(MonthDayNano)"), "{error}");
    }
}
