//! Windows computed by hand.
use super::assigner::{Assigner, Gap};
use super::evictor::{Eviction, Evictor, When};
use super::oracle::{Due, Late, Windowing};
use super::steps::script;
use super::timers::TimeDomain::{self, EventTime, ProcessingTime};
use super::trigger::Trigger;

fn windowing(assigner: Assigner, trigger: Trigger) -> Windowing {
    Windowing { assigner, trigger, evictor: None, allowed_lateness: 0, late: Late::SideOutput }
}

impl Windowing {
    fn lateness(self, allowed_lateness: i64) -> Windowing {
        Windowing { allowed_lateness, ..self }
    }

    fn evicting(self, eviction: Eviction, when: When) -> Windowing {
        Windowing { evictor: Some(Evictor { eviction, when }), ..self }
    }
}

fn tumbling(domain: TimeDomain, size: i64) -> Assigner {
    Assigner::Tumbling { domain, size, offset: 0 }
}

fn session(domain: TimeDomain, gap: i64) -> Assigner {
    Assigner::Session { domain, gap: Gap::Static(gap) }
}

fn purging(trigger: Trigger) -> Trigger {
    Trigger::Purging(Box::new(trigger))
}

fn timeout(nested: Trigger, timeout: i64, reset: bool, clear: bool) -> Trigger {
    Trigger::ProcessingTimeout {
        nested: Box::new(nested),
        timeout,
        reset_timer_on_new_record: reset,
        should_clear_on_timeout: clear,
    }
}

/// Plays the script and compares: firings as they print, then what is late.
fn check<const N: usize>(windowing: Windowing, text: &str, expect: [&str; N]) {
    check_due(Due::At, windowing, text, expect);
}

fn check_due<const N: usize>(due: Due, windowing: Windowing, text: &str, expect: [&str; N]) {
    let outcome = windowing.run(due, &script(text)).normalized();
    let firings = outcome.firings.iter().map(ToString::to_string);
    let late = outcome.late.iter().map(|(step, record)| format!("{step}: late {record}"));
    assert_eq!(firings.chain(late).collect::<Vec<_>>(), expect, "{windowing:?} of {text}");
}

#[test]
fn a_tumbling_window_fires_at_its_last_time() {
    let windows = windowing(tumbling(EventTime, 10), Trigger::EventTime);
    // 9 belongs to the first window, 10 to the second; watermark 8 is too early, 9 is not.
    check(
        windows,
        "1:1@0 1:2@9 2:3@5 1:4@10 w8 w9 w18 end",
        ["5: 1 [0, 10) 1 2", "5: 2 [0, 10) 3", "7: 1 [10, 20) 4"],
    );
}

#[test]
fn windows_before_1970_and_with_offset() {
    let shifted =
        |offset| windowing(Assigner::Tumbling { domain: EventTime, size: 10, offset }, Trigger::EventTime);
    check(shifted(0), "1:1@-1 1:2@-10 1:3@-11 end", ["3: 1 [-20, -10) 3", "3: 1 [-10, 0) 1 2"]);
    check(shifted(3), "1:1@2 1:2@3 end", ["2: 1 [-7, 3) 1", "2: 1 [3, 13) 2"]);
    check(shifted(-3), "1:1@6 1:2@7 end", ["2: 1 [-3, 7) 1", "2: 1 [7, 17) 2"]);
}

#[test]
fn an_hour_that_reports_every_thirty_seconds() {
    let windows = windowing(tumbling(EventTime, 3_600_000), purging(Trigger::ContinuousEventTime(30_000)));
    // The first report is at the first multiple after the first element's time. There is none without elements,
    // but the clock of reports goes on. The last is when the hour is over.
    check(
        windows.clone(),
        "1:1@40000 w30000 w59999 w60000 1:2@61000 1:3@89999 w90000 w120000 1:4@130000 w3599998 1:5@3599999 end",
        ["3: 1 [0, 3600000) 1", "6: 1 [0, 3600000) 2 3", "9: 1 [0, 3600000) 4", "11: 1 [0, 3600000) 5"],
    );
    // A watermark that passes many of them lets the first report everything, though element 2 is newer than it.
    check(windows.clone(), "1:1@1000 1:2@95000 w100000 end", ["2: 1 [0, 3600000) 1 2"]);
    // Within the allowed lateness each element reports by itself.
    check(
        windows.lateness(5000),
        "1:1@1000 w3600000 1:2@3000 1:3@2000 w3604999 1:4@1",
        ["1: 1 [0, 3600000) 1", "2: 1 [0, 3600000) 2", "3: 1 [0, 3600000) 3", "5: late 1:4@1"],
    );
}

#[test]
fn reports_accumulate_without_purging() {
    let windows = windowing(tumbling(EventTime, 20), Trigger::ContinuousEventTime(5));
    check(
        windows,
        "1:1@2 w5 1:2@7 w9 w10 w14 end",
        [
            "1: 1 [0, 20) 1",
            "4: 1 [0, 20) 1 2",
            // Those of 15 and 19; there is no report at 20.
            "6: 1 [0, 20) 1 2",
            "6: 1 [0, 20) 1 2",
        ],
    );
}

#[test]
fn reports_before_1970_begin_a_step_later() {
    // -7 is rounded towards zero, to -5, and the next multiple is 0.
    let windows = windowing(tumbling(EventTime, 20), Trigger::ContinuousEventTime(5));
    check(windows, "1:1@-7 w-5 w-1", ["2: 1 [-20, 0) 1"]);
    let windows = windowing(
        Assigner::Tumbling { domain: EventTime, size: 20, offset: 10 },
        Trigger::ContinuousEventTime(5),
    );
    check(windows, "1:1@-7 w-1 w0", ["2: 1 [-10, 10) 1"]);
}

#[test]
fn late_elements_fire_again_until_the_window_is_gone() {
    let windows = windowing(tumbling(EventTime, 10), Trigger::EventTime);
    let text = "1:1@5 w9 1:2@6 w13 1:3@7 w14 1:4@8 end";
    check(
        windows.clone().lateness(5),
        text,
        ["1: 1 [0, 10) 1", "2: 1 [0, 10) 1 2", "4: 1 [0, 10) 1 2 3", "6: late 1:4@8"],
    );
    // Purged windows fire with what is new.
    check(
        Windowing { trigger: purging(Trigger::EventTime), ..windows.clone() }.lateness(5),
        text,
        ["1: 1 [0, 10) 1", "2: 1 [0, 10) 2", "4: 1 [0, 10) 3", "6: late 1:4@8"],
    );
    check(windows, text, ["1: 1 [0, 10) 1", "2: late 1:2@6", "4: late 1:3@7", "6: late 1:4@8"]);
}

#[test]
fn dropped_elements_are_counted_and_side_outputs_are_not() {
    let windows = windowing(tumbling(EventTime, 10), Trigger::EventTime);
    let text = script("w20 1:1@5 1:2@9 1:3@20 end");
    let outcome = windows.run(Due::At, &text);
    assert_eq!((outcome.late.len(), outcome.num_late_records_dropped), (2, 0));
    let outcome = Windowing { late: Late::Drop, ..windows }.run(Due::At, &text);
    assert_eq!((outcome.late.len(), outcome.num_late_records_dropped), (2, 2));
}

#[test]
fn endless_lateness_keeps_windows_for_ever() {
    let windows = windowing(tumbling(EventTime, 10), Trigger::EventTime).lateness(i64::MAX);
    check(windows, "1:1@5 w1000000 1:2@6 end", ["1: 1 [0, 10) 1", "2: 1 [0, 10) 1 2"]);
    let sessions = windowing(session(EventTime, 10), Trigger::EventTime).lateness(i64::MAX);
    check(sessions, "1:1@5 w1000000 1:2@6 end", ["1: 1 [5, 15) 1", "2: 1 [5, 16) 1 2"]);
}

#[test]
fn sliding_windows_overlap() {
    let sliding = |size, slide| {
        windowing(Assigner::Sliding { domain: EventTime, size, slide, offset: 0 }, Trigger::EventTime)
    };
    check(sliding(10, 5), "1:1@4 1:2@7 w4 w9 end", ["2: 1 [-5, 5) 1", "3: 1 [0, 10) 1 2", "4: 1 [5, 15) 2"]);
    // Those of 11 begin at every multiple of 4, also at -4, and that one ends just before 7.
    check(sliding(11, 4), "1:1@7 end", ["1: 1 [0, 11) 1", "1: 1 [4, 15) 1"]);
}

#[test]
fn an_element_between_windows_is_late_only_by_its_own_time() {
    let windows =
        windowing(Assigner::Sliding { domain: EventTime, size: 4, slide: 10, offset: 0 }, Trigger::EventTime);
    // 5 has no window. It counts as late once the watermark is there; before that it is gone without a trace.
    check(windows, "1:1@5 1:2@3 w4 1:3@5 w5 1:4@5 end", ["2: 1 [0, 4) 2", "5: late 1:4@5"]);
}

#[test]
fn sessions_are_one_when_they_touch() {
    let windows = windowing(session(EventTime, 10), Trigger::EventTime);
    check(windows.clone(), "1:1@0 1:2@10 end", ["2: 1 [0, 20) 1 2"]);
    check(windows, "1:1@0 1:2@11 2:3@5 end", ["3: 1 [0, 10) 1", "3: 2 [5, 15) 3", "3: 1 [11, 21) 2"]);
}

#[test]
fn a_late_element_bridges_two_sessions() {
    let windows = windowing(session(EventTime, 10), Trigger::EventTime);
    let text = "1:1@0 1:2@15 w12 1:3@8 w23 w24 end";
    // The first session has fired, is kept for 20, and fires again with all the others in it.
    check(windows.clone().lateness(20), text, ["2: 1 [0, 10) 1", "5: 1 [0, 25) 1 3 2"]);
    // Without lateness the first session is gone, and 8 lengthens the second.
    check(windows, text, ["2: 1 [0, 10) 1", "5: 1 [8, 25) 2 3"]);
}

#[test]
fn a_session_in_flight_saves_an_element_that_alone_is_late() {
    let windows = windowing(session(EventTime, 10), Trigger::EventTime);
    check(windows, "1:1@15 w20 1:2@8 2:3@8 end", ["4: 1 [8, 25) 1 2", "3: late 2:3@8"]);
}

#[test]
fn gaps_may_depend_on_the_element() {
    // The gap after value v is 5 and v modulo 20.
    let gap = Gap::Dynamic { base: 5, modulus: 20 };
    let windows = windowing(Assigner::Session { domain: EventTime, gap }, Trigger::EventTime);
    // [0, 20) swallows [3, 9); [21, 26) stands alone.
    check(windows.clone(), "1:15@0 1:1@3 1:0@21 end", ["3: 1 [0, 20) 15 1", "3: 1 [21, 26) 0"]);
    // [0, 5) and [5, 10) are [0, 10), and so is the own window of the third.
    check(windows, "1:0@0 1:20@5 1:5@0 end", ["3: 1 [0, 10) 0 20 5"]);
}

#[test]
fn counts_add_up_when_sessions_merge() {
    let windows = windowing(session(EventTime, 10), purging(Trigger::Count(4)));
    // Two and one make three; the bridge is the fourth. After it, counting begins anew.
    check(
        windows.clone(),
        "1:1@0 1:2@1 1:3@20 1:4@10 1:5@2 1:6@3 1:7@4 1:8@5 end",
        ["3: 1 [0, 30) 1 2 4 3", "7: 1 [0, 30) 5 6 7 8"],
    );
    // Nothing fires what is left.
    check(windows, "1:1@0 1:2@1 1:3@2 end", []);
}

#[test]
fn merged_sessions_report_at_the_earlier_of_their_times() {
    let windows = windowing(session(EventTime, 10), Trigger::ContinuousEventTime(8));
    // Reports are due at 8 and 23; merged, at 8 and 16. What sessions [0, 10) and [15, 25) had set is ignored.
    check(
        windows,
        "1:1@0 1:2@15 1:3@9 w8 w15 w16 w23 w24 end",
        ["3: 1 [0, 25) 1 3 2", "5: 1 [0, 25) 1 3 2", "7: 1 [0, 25) 1 3 2"],
    );
}

#[test]
fn count_windows_tumble_and_slide() {
    check(
        Windowing::count(2),
        "1:1@9 2:2@8 1:3@7 1:4@6 2:5@5 1:6@4 1:7@3 end",
        ["2: 1 global 1 3", "4: 2 global 2 5", "5: 1 global 4 6"],
    );
    // The last three, after every two.
    check(
        Windowing::sliding_count(3, 2),
        "1:1@0 1:2@0 1:3@0 1:4@0 1:5@0 1:6@0 1:7@0 end",
        ["1: 1 global 1 2", "3: 1 global 2 3 4", "5: 1 global 4 5 6"],
    );
}

#[test]
fn deltas_are_to_the_element_that_fired_last() {
    let windows = windowing(Assigner::Global, purging(Trigger::Delta(5)));
    // 6 is no more than 5 from 1; 7 is. From there 2 is not, 1 is.
    check(windows, "1:1@0 1:6@0 1:7@0 1:2@0 1:1@0 1:3@0 end", ["2: 1 global 1 6 7", "4: 1 global 2 1"]);
}

#[test]
fn evictors_keep_what_they_say() {
    let windows = windowing(tumbling(EventTime, 100), Trigger::EventTime);
    let evicting = |eviction| windows.clone().evicting(eviction, When::Before);
    let text = "1:10@50 1:3@20 1:8@45 1:5@41 1:6@40 end";
    check(evicting(Eviction::Count(3)), text, ["5: 1 [0, 100) 8 5 6"]);
    // 10 is 4 from 6; 3 is 3 from it, which is as much as the threshold.
    check(evicting(Eviction::Delta(3)), text, ["5: 1 [0, 100) 8 5 6"]);
    // The latest is at 50, wherever it stands; 40 is 10 older.
    check(evicting(Eviction::Time(10)), text, ["5: 1 [0, 100) 10 8 5"]);
    // The function sees that nothing is left.
    check(evicting(Eviction::Count(0)), text, ["5: 1 [0, 100)"]);
    check(evicting(Eviction::Delta(0)), text, ["5: 1 [0, 100)"]);
}

#[test]
fn evicting_after_the_function_shows_next_time() {
    let windows = windowing(Assigner::Global, Trigger::Count(2)).evicting(Eviction::Count(1), When::After);
    check(windows, "1:1@0 1:2@0 1:3@0 1:4@0 end", ["1: 1 global 1 2", "3: 1 global 2 3 4"]);
}

#[test]
fn a_window_that_is_emptied_does_not_fire_again() {
    let windows = windowing(tumbling(EventTime, 10), Trigger::ContinuousEventTime(3));
    check(
        windows.evicting(Eviction::Count(0), When::After),
        "1:1@0 w3 w6 1:2@7 w9",
        ["1: 1 [0, 10) 1", "4: 1 [0, 10) 2"],
    );
}

#[test]
fn processing_time_windows_ask_the_clock_alone() {
    let windows = windowing(tumbling(ProcessingTime, 10), Trigger::ProcessingTime);
    let text = "p5 1:1@77 w90 1:2@0 p9 1:3@0 p10 1:4@0 p19 end";
    // In Flink's harness the timer of 9 fires at 9. What comes then is for the next step.
    check(windows.clone(), text, ["4: 1 [0, 10) 1 2", "6: 1 [0, 10) 3", "8: 1 [10, 20) 4"]);
    // In Flink's tasks it fires when 9 is over. What waits for the clock at the end is forgotten.
    check_due(Due::After, windows, text, ["6: 1 [0, 10) 1 2 3"]);
}

#[test]
fn processing_time_sessions_ask_the_clock_alone() {
    let windows = windowing(session(ProcessingTime, 10), Trigger::ProcessingTime);
    check_due(
        Due::After,
        windows,
        "p0 1:1@50 p7 1:2@20 p10 2:3@0 p16 1:4@90 p25 p26 end",
        ["8: 2 [10, 20) 3", "9: 1 [0, 26) 1 2 4"],
    );
}

#[test]
fn a_timeout_fires_what_the_count_did_not() {
    let windows =
        |reset, clear| windowing(Assigner::Global, purging(timeout(Trigger::Count(3), 10, reset, clear)));
    // Due at 10 and, from the second element of the next round, at 25.
    let text = "p0 1:1@0 p6 1:2@0 p10 p15 1:3@0 1:4@0 p25 end";
    check(windows(false, true), text, ["4: 1 global 1 2", "8: 1 global 3 4"]);
    // Set anew at 6 it is due at 16: three elements are there first.
    check(windows(true, true), text, ["6: 1 global 1 2 3", "8: 1 global 4"]);
    // The count goes on over the time-out: the third fires. So does the time-out's own state: until the count has
    // fired there is no second one.
    let text = "p0 1:1@0 p10 1:2@0 p30 1:3@0 1:4@0 p40 end";
    check(windows(false, false), text, ["2: 1 global 1", "5: 1 global 2 3", "7: 1 global 4"]);
}

#[test]
fn a_timeout_also_fires_at_timers_of_others() {
    // The window's cleanup at 9 is a timer like any other.
    let tumbling = |size| tumbling(EventTime, size);
    let windows = windowing(tumbling(10), timeout(Trigger::Count(3), 100, false, true));
    check(windows, "1:1@5 w9 end", ["1: 1 [0, 10) 1"]);
    // The time-out deletes the nested trigger's timers: that of 9, but not the cleanup's; that of the report at
    // 5, but not that of the window's end.
    let windows = windowing(tumbling(10), timeout(Trigger::EventTime, 3, false, true)).lateness(10);
    check(windows, "p0 1:1@2 p3 w9 w19", ["2: 1 [0, 10) 1", "4: 1 [0, 10) 1"]);
    let windows = windowing(tumbling(20), timeout(Trigger::ContinuousEventTime(5), 3, false, true));
    check(windows, "p0 1:1@2 p3 w5 w19", ["2: 1 [0, 20) 1", "4: 1 [0, 20) 1"]);
}

#[test]
fn reports_by_the_clock() {
    let windows = windowing(tumbling(EventTime, 100), purging(Trigger::ContinuousProcessingTime(10)));
    // Due at 10 and 20; the window's end in event time fires nothing.
    check(
        windows,
        "p3 1:1@50 p10 1:2@51 p15 1:3@52 p29 1:4@53 w99 p40",
        ["2: 1 [0, 100) 1", "6: 1 [0, 100) 2 3"],
    );
}

#[test]
fn global_windows_fire_never_or_at_the_end() {
    let text = "1:1@5 2:2@6 w1000 1:3@7 end";
    check(windowing(Assigner::Global, Trigger::Never), text, []);
    check(windowing(Assigner::Global, Trigger::EndOfStream), text, ["4: 1 global 1 3", "4: 2 global 2"]);
}

#[test]
fn a_watermark_that_does_not_advance_is_nothing() {
    let windows = windowing(tumbling(EventTime, 10), Trigger::EventTime);
    check(windows, "w20 w3 1:1@5 1:2@25 w29", ["4: 1 [20, 30) 2", "2: late 1:1@5"]);
}
