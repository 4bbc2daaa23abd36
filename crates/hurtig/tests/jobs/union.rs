//! `union`: several streams of one type as one.

use crate::functions::{Observe, Seen, timed, watermarks};
use crate::harness::{check, check_each};

#[test]
fn all_records_of_all_streams() {
    check(
        |env| {
            let low = env.from_collection(0..10i64);
            let middle = env.from_sequence(10, 19);
            let high = env.from_collection(20..30i64).map(|n| n);
            low.union([&middle, &high])
        },
        0..30,
    );
}

#[test]
fn a_stream_united_with_itself_comes_twice() {
    check(
        |env| {
            let numbers = env.from_collection(0..10i64);
            numbers.union([&numbers]).map(|n| n + 1)
        },
        (1..11).flat_map(|n| [n, n]),
    );
}

#[test]
fn streams_keep_their_own_partitioning() {
    // One goes to every subtask, the other to one.
    check_each(
        |env| {
            let all = env.from_collection(0..5i64).broadcast();
            let one = env.from_collection(100..105i64).rebalance();
            all.union([&one]).map(|n| n)
        },
        |run, mut found| {
            found.sort();
            let copies = run.parallelism as usize;
            let expect = (0..5).flat_map(|n| vec![n; copies]).chain(100..105);
            assert_eq!(found, expect.collect::<Vec<_>>(), "{run}");
        },
    );
}

#[test]
fn the_watermark_is_the_minimum() {
    // Even numbers come at their own time, odd ones at a tenth of it.
    check_each(
        |env| {
            let fast = env.from_timestamped(timed((1..15).map(|n| (2 * n, 20 * n))));
            let slow = env.from_timestamped(timed((1..15).map(|n| (2 * n + 1, 2 * n))));
            fast.union([&slow]).process(Observe).set_parallelism(1)
        },
        |run, found| {
            let (mut fast, mut slow) = (i64::MIN, i64::MIN);
            let mut last = i64::MIN;
            for seen in &found {
                match seen {
                    Seen::Record(value, Some(time), watermark) => {
                        assert!(time > watermark, "{run}: {value} is late");
                        if value % 2 == 0 { fast = *time } else { slow = *time }
                    }
                    Seen::Watermark(mark) => {
                        assert!(*mark > last, "{run}: {mark} after {last}");
                        last = *mark;
                        let ended = |time: i64, end: i64| if time == end { i64::MAX } else { time };
                        let promised = ended(fast, 280).min(ended(slow, 28));
                        assert!(*mark < promised || *mark == i64::MAX, "{run}: {mark} with {fast}, {slow}");
                    }
                    Seen::Record(..) | Seen::End => {}
                }
            }
            let marks = watermarks(&found);
            assert!(marks.len() > 1 && marks.last() == Some(&i64::MAX), "{run}: {marks:?}");
            assert_eq!(found.len(), 28 + marks.len() + 1, "{run}");
        },
    );
}
