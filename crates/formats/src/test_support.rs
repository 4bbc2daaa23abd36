//! For the tests of every decoder.
use std::fmt::Debug;

use hurtig_core::types::Bytes;
use hurtig_core::{EventTime, Result};
use hurtig_derive::TypeInformation;
use proptest::prelude::*;

use crate::format::{Decoder, InputEnd, ParseErrors};

/// Everything in `bytes` at once.
pub(crate) fn decode_all<T>(decoder: &mut dyn Decoder<T>, bytes: &[u8]) -> Result<Vec<T>> {
    let mut rows = Vec::new();
    decoder.decode(bytes, InputEnd::Last, usize::MAX / 2, &mut rows)?;
    Ok(rows)
}

/// Decodes `bytes` at once and in pieces of the given sizes: neither may panic, and both must give the same.
pub(crate) fn same_in_pieces<T: Debug>(
    create: impl Fn() -> Box<dyn Decoder<T>>,
    bytes: &[u8],
    pieces: &[usize],
) {
    let mut whole = create();
    let expect = decode_all(&mut *whole, bytes);
    let mut decoder = create();
    let found = in_pieces(&mut *decoder, bytes, pieces);
    let state = |decoder: &dyn Decoder<T>| -> (u64, ParseErrors) { (decoder.line(), decoder.parse_errors()) };
    match (expect, found) {
        (Ok(expect), Ok(found)) => {
            assert_eq!(format!("{expect:?}"), format!("{found:?}"));
            assert_eq!(state(&*whole), state(&*decoder));
        }
        (Err(expect), Err(found)) => assert_eq!(expect.to_string(), found.to_string()),
        (expect, found) => panic!("at once {expect:?}, in pieces {found:?}"),
    }
}

fn in_pieces<T>(decoder: &mut dyn Decoder<T>, bytes: &[u8], pieces: &[usize]) -> Result<Vec<T>> {
    let (mut rows, mut taken, mut known) = (Vec::new(), 0, 0);
    for &piece in pieces {
        known = (known + piece).min(bytes.len());
        taken += decoder.decode(&bytes[taken..known], InputEnd::More, piece % 3, &mut rows)?;
    }
    decoder.decode(&bytes[taken..], InputEnd::Last, usize::MAX / 2, &mut rows)?;
    Ok(rows)
}

/// A row with a field of nearly every type that has a form in CSV.
#[derive(Clone, Debug, PartialEq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
pub(crate) struct Order {
    id: i64,
    note: Option<String>,
    price: f64,
    discount: Option<f32>,
    count: Option<i8>,
    paid: bool,
    at: EventTime,
    total: u64,
    #[hurtig(rename = "a, \"quoted\" name")]
    photo: Bytes,
    items: Vec<Option<i32>>,
    status: Status,
    place: (i16, Option<bool>),
}

/// A STRING by the names of its variants.
#[derive(Clone, Debug, PartialEq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
pub(crate) enum Status {
    Open,
    Closed,
}

/// Orders with anything in them.
pub(crate) fn orders() -> impl Strategy<Value = Order> {
    let finite = any::<f64>().prop_filter("equal to itself", |price| !price.is_nan());
    let first = (any::<i64>(), any::<Option<String>>(), finite, proptest::option::of(-1e30_f32..1e30));
    let second = (any::<Option<i8>>(), any::<bool>(), -(1_i64 << 60)..1_i64 << 60, any::<u64>());
    let third = (any::<Vec<u8>>(), proptest::collection::vec(any::<Option<i32>>(), 0..4), any::<bool>());
    (first, second, third, any::<(i16, Option<bool>)>()).prop_map(|(first, second, third, place)| Order {
        id: first.0,
        note: first.1,
        price: first.2,
        discount: first.3,
        count: second.0,
        paid: second.1,
        at: EventTime::from_millis(second.2),
        total: second.3,
        photo: Bytes(third.0),
        items: third.1,
        status: if third.2 { Status::Open } else { Status::Closed },
        place,
    })
}
