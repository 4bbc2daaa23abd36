//! Windowings and scripts that proptest makes up: small ranges, so that windows, sessions, timers and late
//! elements meet all the time.
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::assigner::{Assigner, Gap};
use super::evictor::{Eviction, Evictor, When};
use super::oracle::{Late, Windowing};
use super::steps::{Record, Step};
use super::timers::TimeDomain::{self, EventTime, ProcessingTime};
use super::trigger::Trigger;

/// A windowing and a script for it.
#[derive(Clone, Debug)]
pub struct Case {
    /// What is windowed how.
    pub windowing: Windowing,
    /// What arrives.
    pub script: Vec<Step>,
}

/// Anything.
pub fn cases() -> impl Strategy<Value = Case> {
    (windowings(), scripts(60)).prop_map(|(windowing, script)| Case { windowing, script })
}

/// Cases in which no clock plays a part, for places where it cannot be moved.
pub fn event_time_cases() -> impl Strategy<Value = Case> {
    let script = scripts(60).prop_map(|mut script| {
        script.retain(|step| !matches!(step, Step::ProcessingTime(_)));
        script
    });
    (windowings().prop_filter("needs a clock", |windowing| !windowing.needs_clock()), script)
        .prop_map(|(windowing, script)| Case { windowing, script })
}

/// Any windowing that Flink takes and that comes to an end.
pub fn windowings() -> impl Strategy<Value = Windowing> {
    let lateness = prop_oneof![4 => Just(0), 4 => 1..30_i64, 1 => Just(i64::MAX)];
    let late = prop_oneof![Just(Late::Drop), Just(Late::SideOutput)];
    let parts = (assigners(), triggers(), option::weighted(0.4, evictors()), lateness, late);
    parts
        .prop_map(|(assigner, trigger, evictor, allowed_lateness, late)| Windowing {
            assigner,
            trigger,
            evictor,
            allowed_lateness,
            late,
        })
        .prop_filter("no such windowing", Windowing::is_valid)
}

/// Each assigner with each trigger, evictor and lateness that goes with it, some five thousand, in small sizes.
pub fn all_windowings() -> Vec<Windowing> {
    let of_time = |domain| {
        [
            Assigner::Tumbling { domain, size: 10, offset: 0 },
            Assigner::Tumbling { domain, size: 12, offset: -5 },
            Assigner::Sliding { domain, size: 10, slide: 5, offset: 0 },
            Assigner::Sliding { domain, size: 11, slide: 4, offset: 3 },
            Assigner::Sliding { domain, size: 4, slide: 10, offset: 0 },
            Assigner::Session { domain, gap: Gap::Static(6) },
            Assigner::Session { domain, gap: Gap::Dynamic { base: 2, modulus: 9 } },
        ]
    };
    let assigners = of_time(EventTime).into_iter().chain(of_time(ProcessingTime)).chain([Assigner::Global]);
    let plain = [
        Trigger::EventTime,
        Trigger::ProcessingTime,
        Trigger::Count(3),
        Trigger::Delta(6),
        Trigger::ContinuousEventTime(4),
        Trigger::ContinuousProcessingTime(4),
        Trigger::Never,
        Trigger::EndOfStream,
    ];
    let timeout = |nested: &Trigger, reset_timer_on_new_record, should_clear_on_timeout| {
        let nested = Box::new(nested.clone());
        Trigger::ProcessingTimeout { nested, timeout: 7, reset_timer_on_new_record, should_clear_on_timeout }
    };
    let triggers: Vec<_> = plain
        .iter()
        .flat_map(|trigger| {
            let purging = Trigger::Purging(Box::new(trigger.clone()));
            let purging_timeout = Trigger::Purging(Box::new(timeout(trigger, true, false)));
            [
                trigger.clone(),
                timeout(trigger, false, true),
                timeout(&purging, true, true),
                purging,
                purging_timeout,
            ]
        })
        .collect();
    let evictors: Vec<_> = [Eviction::Count(2), Eviction::Delta(5), Eviction::Time(6)]
        .into_iter()
        .flat_map(|eviction| [When::Before, When::After].map(|when| Some(Evictor { eviction, when })))
        .chain([None])
        .collect();
    let mut all = Vec::new();
    for assigner in assigners {
        for trigger in &triggers {
            for &evictor in &evictors {
                for allowed_lateness in [0, 8] {
                    let late = if allowed_lateness == 0 { Late::Drop } else { Late::SideOutput };
                    all.push(Windowing {
                        assigner,
                        trigger: trigger.clone(),
                        evictor,
                        allowed_lateness,
                        late,
                    });
                }
            }
        }
    }
    all.retain(Windowing::is_valid);
    all
}

impl Windowing {
    /// Flink's `countWindow(size)`.
    pub fn count(size: i64) -> Windowing {
        Windowing {
            assigner: Assigner::Global,
            trigger: Trigger::Purging(Box::new(Trigger::Count(size))),
            evictor: None,
            allowed_lateness: 0,
            late: Late::Drop,
        }
    }

    /// Flink's `countWindow(size, slide)`.
    pub fn sliding_count(size: usize, slide: i64) -> Windowing {
        Windowing {
            assigner: Assigner::Global,
            trigger: Trigger::Count(slide),
            evictor: Some(Evictor { eviction: Eviction::Count(size), when: When::Before }),
            allowed_lateness: 0,
            late: Late::Drop,
        }
    }

    /// Whether Flink takes it, by its types or by its checks, and whether it comes to an end: in a global window
    /// `ContinuousEventTimeTrigger` fires for every interval until the end of time when the input ends.
    pub fn is_valid(&self) -> bool {
        let trigger = self.trigger.innermost();
        match self.assigner {
            Assigner::Session { .. } => self.trigger.can_merge(),
            Assigner::Tumbling { .. } | Assigner::Sliding { .. } => {
                !matches!(trigger, Trigger::Never | Trigger::EndOfStream)
            }
            Assigner::Global => !matches!(
                trigger,
                Trigger::EventTime | Trigger::ProcessingTime | Trigger::ContinuousEventTime(_)
            ),
        }
    }

    /// Whether it asks what the clock shows.
    pub fn needs_clock(&self) -> bool {
        fn asks(trigger: &Trigger) -> bool {
            match trigger {
                Trigger::ProcessingTime | Trigger::ContinuousProcessingTime(_) => true,
                Trigger::ProcessingTimeout { .. } => true,
                Trigger::Purging(nested) => asks(nested),
                _ => false,
            }
        }
        let windows = self.assigner != Assigner::Global && self.assigner.domain() == ProcessingTime;
        windows || asks(&self.trigger)
    }
}

fn domains() -> impl Strategy<Value = TimeDomain> {
    prop_oneof![2 => Just(EventTime), 1 => Just(ProcessingTime)]
}

/// Any assigner.
pub fn assigners() -> impl Strategy<Value = Assigner> {
    let tumbling = (domains(), 1..25_i64)
        .prop_flat_map(|(domain, size)| (Just(domain), Just(size), 1 - size..size))
        .prop_map(|(domain, size, offset)| Assigner::Tumbling { domain, size, offset });
    let sliding = (domains(), 1..25_i64, 1..15_i64)
        .prop_flat_map(|(domain, size, slide)| (Just(domain), Just(size), Just(slide), 1 - slide..slide))
        .prop_map(|(domain, size, slide, offset)| Assigner::Sliding { domain, size, slide, offset });
    let gap = prop_oneof![
        (1..12_i64).prop_map(Gap::Static),
        (1..6_i64, 1..12_i64).prop_map(|(base, modulus)| Gap::Dynamic { base, modulus }),
    ];
    let session = (domains(), gap).prop_map(|(domain, gap)| Assigner::Session { domain, gap });
    prop_oneof![3 => tumbling, 3 => sliding, 4 => session, 2 => Just(Assigner::Global)]
}

/// Any trigger, those that wrap another at most two deep.
pub fn triggers() -> impl Strategy<Value = Trigger> {
    let plain = prop_oneof![
        4 => Just(Trigger::EventTime),
        3 => Just(Trigger::ProcessingTime),
        2 => (1..5_i64).prop_map(Trigger::Count),
        2 => (0..12_i64).prop_map(Trigger::Delta),
        3 => (1..12_i64).prop_map(Trigger::ContinuousEventTime),
        2 => (1..12_i64).prop_map(Trigger::ContinuousProcessingTime),
        1 => Just(Trigger::Never),
        1 => Just(Trigger::EndOfStream),
    ];
    plain.prop_recursive(2, 3, 1, |nested| {
        let timeout = (nested.clone().prop_map(Box::new), 0..15_i64, any::<bool>(), any::<bool>()).prop_map(
            |(nested, timeout, reset_timer_on_new_record, should_clear_on_timeout)| {
                Trigger::ProcessingTimeout {
                    nested,
                    timeout,
                    reset_timer_on_new_record,
                    should_clear_on_timeout,
                }
            },
        );
        prop_oneof![
            3 => nested.clone(),
            3 => nested.prop_map(|nested| Trigger::Purging(Box::new(nested))),
            2 => timeout
        ]
    })
}

/// Any evictor.
pub fn evictors() -> impl Strategy<Value = Evictor> {
    let eviction = prop_oneof![
        (0..5_usize).prop_map(Eviction::Count),
        (0..12_i64).prop_map(Eviction::Delta),
        (0..15_i64).prop_map(Eviction::Time),
    ];
    (eviction, prop_oneof![Just(When::Before), Just(When::After)])
        .prop_map(|(eviction, when)| Evictor { eviction, when })
}

/// What happens next, relative to what has happened.
#[derive(Clone, Copy, Debug)]
enum Move {
    /// Event time goes on, and a record comes so much behind it.
    Record { key: u8, value: i64, forward: i64, behind: i64 },
    /// A watermark comes, so much behind event time.
    Watermark { behind: i64 },
    /// The clock goes on.
    Clock { forward: i64 },
}

/// Up to `steps` records of three keys with times from about -20 to 150, in disorder; watermarks that lag behind
/// and sometimes do not, so that some records are late and some too late; steps of the clock; the end.
pub fn scripts(steps: usize) -> impl Strategy<Value = Vec<Step>> {
    let behind = prop_oneof![4 => Just(0), 3 => 0..8_i64, 1 => 0..40_i64];
    let record = (0..3_u8, 0..20_i64, 0..6_i64, behind)
        .prop_map(|(key, value, forward, behind)| Move::Record { key, value, forward, behind });
    let watermark = (-2..12_i64).prop_map(|behind| Move::Watermark { behind });
    let clock = (0..9_i64).prop_map(|forward| Move::Clock { forward });
    let moves = vec(prop_oneof![6 => record, 2 => watermark, 2 => clock], 0..steps);
    (-20..20_i64, 0..20_i64, moves).prop_map(|(time, clock, moves)| script(time, clock, moves))
}

fn script(mut time: i64, mut clock: i64, moves: Vec<Move>) -> Vec<Step> {
    let mut watermark = i64::MIN;
    let mut script = vec![Step::ProcessingTime(clock)];
    for next in moves {
        match next {
            Move::Record { key, value, forward, behind } => {
                time += forward;
                script.push(Step::Record(Record { key, value, timestamp: time - behind }));
            }
            Move::Watermark { behind } if time - behind > watermark => {
                watermark = time - behind;
                script.push(Step::Watermark(watermark));
            }
            Move::Watermark { .. } => {}
            Move::Clock { forward } => {
                clock += forward;
                script.push(Step::ProcessingTime(clock));
            }
        }
    }
    script.push(Step::End);
    script
}
