//! What a program says before it runs: names, chains, mistakes, fingerprints.
use hurtig::connectors::base::BlackHoleSink;
use hurtig::prelude::*;

use crate::harness::{Run, expect_message};

fn environment() -> StreamExecutionEnvironment {
    Run::threads(2).environment()
}

/// Each of `expect` stands in the explanation.
fn explains(env: &StreamExecutionEnvironment, expect: &[&str]) {
    let text = env.explain().unwrap();
    let missing: Vec<_> = expect.iter().filter(|line| !text.contains(**line)).collect();
    assert!(missing.is_empty(), "{missing:#?} in\n{text}");
}

#[test]
fn names_uids_and_parallelism_are_explained() {
    let env = environment();
    let numbers = env.from_sequence(1, 10).name("Numbers").uid("numbers");
    let doubled = numbers.map(|n| n * 2).name("Double").set_parallelism(3).set_max_parallelism(64);
    doubled.filter(|n| *n > 4).sink_to(BlackHoleSink::new()).name("Nowhere").uid("end").set_parallelism(1);
    explains(
        &env,
        &[
            "== Stream graph 'Hurtig Streaming Job' ==",
            "[0] Source: Numbers (Source, bounded), parallelism 2, uid 'numbers', output BIGINT NOT NULL",
            "    -> [1] input 0: REBALANCE of BIGINT NOT NULL",
            "[1] Double (Map), parallelism 3, max parallelism 64, output BIGINT NOT NULL",
            "[2] Filter (Filter), parallelism 2",
            "[3] Sink: Nowhere (Sink), parallelism 1, uid 'end'",
            "in all: 8 subtasks in 3 slots",
        ],
    );
    // Explaining does not use the program up.
    env.execute("explained").unwrap();
}

#[test]
fn what_forwards_is_chained() {
    let env = environment();
    let numbers = env.from_sequence(1, 10);
    numbers.map(|n| n).filter(|_| true).sink_to(BlackHoleSink::new());
    explains(&env, &["<0> Source: Sequence Source -> Map -> Filter -> Sink: Writer, parallelism 2"]);
    env.disable_operator_chaining();
    explains(&env, &["<0> Source: Sequence Source,", "<1> Map,", "<2> Filter,", "<3> Sink: Writer,"]);
}

#[test]
fn chains_begin_and_end_where_the_program_says() {
    let env = environment();
    let numbers = env.from_sequence(1, 10);
    let mapped = numbers.map(|n| n).name("A").map(|n| n).name("B").start_new_chain().map(|n| n).name("C");
    mapped.map(|n| n).name("D").disable_chaining().map(|n| n).name("E").sink_to(BlackHoleSink::new());
    explains(
        &env,
        &[
            "<0> Source: Sequence Source -> A,",
            "<1> B -> C,",
            "<2> D,",
            "<3> E -> Sink: Writer,",
            "B (Map), parallelism 2, starts a new chain",
            "D (Map), parallelism 2, never chained",
        ],
    );
    let env = environment();
    let sink = env.from_sequence(1, 10).map(|n| n).sink_to(BlackHoleSink::new());
    sink.disable_chaining();
    explains(&env, &["<0> Source: Sequence Source -> Map,", "<1> Sink: Writer,"]);
}

#[test]
fn slot_sharing_groups_are_inherited_and_separate() {
    let env = environment();
    let numbers = env.from_sequence(1, 10);
    numbers.map(|n| n).slot_sharing_group("slow").filter(|_| true).sink_to(BlackHoleSink::new());
    explains(
        &env,
        &[
            "<0> Source: Sequence Source, parallelism 2, max parallelism 128, slot sharing group 'default'",
            "<1> Map -> Filter -> Sink: Writer, parallelism 2, max parallelism 128, slot sharing group 'slow'",
            "in all: 4 subtasks in 4 slots: 2 of 'default', 2 of 'slow'",
        ],
    );
}

#[test]
fn partitioners_and_side_outputs_are_explained() {
    let env = environment();
    let words = env.from_collection(["a".to_owned()]);
    let counted = words.key_by_ref(|word| word).map(|word| (word, 1i64));
    counted.broadcast().union([&counted.shuffle(), &counted.global()]).sink_to(BlackHoleSink::new());
    explains(
        &env,
        &[
            "HASH(STRING NOT NULL) of STRING NOT NULL",
            "input 0: BROADCAST of ROW<",
            "input 0: SHUFFLE of ROW<",
            "input 0: GLOBAL of ROW<",
        ],
    );
}

/// The program cannot be executed, for a reason in which each of `expect` stands.
fn mistaken(program: impl Fn(&StreamExecutionEnvironment), expect: &[&str]) {
    let env = environment();
    program(&env);
    let error = env.execute("mistaken").map(|_| ()).unwrap_err();
    expect_message("mistaken", &error, expect);
    assert_eq!(error.kind(), hurtig::ErrorKind::User, "{error}");
    // The mistake goes with its program.
    env.from_collection([1i64]).sink_to(BlackHoleSink::new());
    env.execute("good").unwrap();
}

#[test]
fn settings_on_what_is_no_operator_are_mistakes() {
    let two = |env: &StreamExecutionEnvironment| {
        (env.from_collection([1i64]).name("One"), env.from_collection([2i64]).name("Two"))
    };
    mistaken(
        |env| {
            let (one, two) = two(env);
            one.union([&two]).name("Both").sink_to(BlackHoleSink::new());
        },
        &["after operator 'One'", "name()"],
    );
    mistaken(
        |env| {
            two(env).0.rebalance().set_parallelism(3).sink_to(BlackHoleSink::new());
        },
        &["after operator 'One'", "set_parallelism()"],
    );
    mistaken(
        |env| {
            let (one, two) = two(env);
            one.union([&two]).uid("both").sink_to(BlackHoleSink::new());
            two.broadcast().start_new_chain().sink_to(BlackHoleSink::new());
        },
        &["after operator 'One': uid()", "after operator 'Two': start_new_chain()"],
    );
    const TAG: OutputTag<i64> = OutputTag::new("tag");
    mistaken(
        |env| {
            let (one, two) = two(env);
            one.union([&two]).side_output(&TAG).sink_to(BlackHoleSink::new());
        },
        &["after operator 'One'", "side output of a union"],
    );
}

#[test]
fn graphs_that_cannot_run_are_mistakes() {
    mistaken(|_| {}, &["No operators defined in streaming topology"]);
    mistaken(
        |env| {
            env.from_collection([1i64])
                .map(|n| n)
                .name("None")
                .set_parallelism(0)
                .sink_to(BlackHoleSink::new());
        },
        &["'None'", "parallelism 0"],
    );
    mistaken(
        |env| {
            let numbers = env.from_sequence(1, 9);
            numbers.forward().map(|n| n).name("Three").set_parallelism(3).sink_to(BlackHoleSink::new());
        },
        &["Forward partitioning", "'Source: Sequence Source'", "'Three'"],
    );
    mistaken(
        |env| {
            let numbers = env.from_sequence(1, 9).uid("same");
            numbers.map(|n| n).name("Other").uid("same").sink_to(BlackHoleSink::new());
        },
        &["'Other'", "uid 'same'"],
    );
    mistaken(
        |env| {
            let numbers = env.from_sequence(1, 9).map(|n| n).name("Wide");
            numbers.set_parallelism(200).set_max_parallelism(100).sink_to(BlackHoleSink::new());
        },
        &["'Wide'", "parallelism 200", "max parallelism 100"],
    );
    mistaken(
        |env| {
            let numbers = env.from_sequence(1, 9).key_by(|n| *n);
            let words = env.from_collection(["a".to_owned()]).key_by_ref(|word| word);
            (*numbers).connect(&words).map(|n| n, |_| 0).name("Join").sink_to(BlackHoleSink::new());
        },
        &["'Join'", "BIGINT", "STRING"],
    );
}

#[test]
fn options_that_cannot_be_read_are_mistakes() {
    let with = |key: &str, value: &str, expect: &[&str]| {
        let env = environment();
        env.set(key, value);
        env.from_collection([1i64]).map(|n| n).sink_to(BlackHoleSink::new());
        let error = env.execute("mistaken").map(|_| ()).unwrap_err();
        expect_message(key, &error, &[key]);
        expect_message(key, &error, expect);
    };
    with("parallelism.default", "many", &["'many'", "whole number"]);
    with("pipeline.max-parallelism", "40000", &["40000", "32768"]);
    with("pipeline.operator-chaining.enabled", "perhaps", &["'perhaps'", "true or false"]);
    with("pipeline.auto-watermark-interval", "often", &["'often'", "duration"]);
    with("execution.buffer-timeout", "soon", &["'soon'", "duration"]);
    with("execution.batch.rows", "0", &["above 0"]);
    with("taskmanager.memory.segment-size", "0", &["above 0"]);
    with("taskmanager.memory.segment-size", "32 pages", &["'32 pages'", "memory"]);
    with("restart-strategy.type", "hope", &["'hope'", "fixed-delay"]);
    with("hurtig.test.seed", "lucky", &["'lucky'"]);
}

#[test]
fn streams_of_different_programs_do_not_mix() {
    mistaken(
        |env| {
            let other = environment();
            let foreign = other.from_collection([1i64]).name("Foreign");
            env.from_collection([2i64]).union([&foreign]).sink_to(BlackHoleSink::new());
        },
        &["another program"],
    );
    mistaken(
        |env| {
            let other = environment();
            other.from_collection([1i64]);
            let foreign = other.from_collection(["a".to_owned()]);
            env.from_collection([2i64]).connect(&foreign).map(|n| n, |_| 0).sink_to(BlackHoleSink::new());
        },
        &["another program"],
    );
    // After `execute` the environment is empty; a stream of before has no place in it any more.
    let env = environment();
    let old = env.from_collection([1i64]).map(|n| n);
    old.sink_to(BlackHoleSink::new());
    env.execute("first").unwrap();
    old.name("late").set_parallelism(3).map(|n| n).sink_to(BlackHoleSink::new());
    let error = env.execute("second").map(|_| ()).unwrap_err();
    expect_message("second", &error, &["another program"]);
}

/// The fingerprint of a program.
fn fingerprint(program: impl Fn(&StreamExecutionEnvironment)) -> u128 {
    let env = environment();
    program(&env);
    env.program(None).unwrap().graph.fingerprint()
}

#[test]
fn two_builds_have_one_fingerprint_and_a_changed_program_has_another() {
    let build = |values: [i64; 2], name: &'static str, parallelism, keyed: bool| {
        move |env: &StreamExecutionEnvironment| {
            let numbers = env.from_collection(values);
            let numbers =
                if keyed { numbers.key_by(|n| *n).map(|n| n) } else { numbers.rebalance().map(|n| n) };
            numbers.name(name).set_parallelism(parallelism).sink_to(BlackHoleSink::new());
        }
    };
    let original = fingerprint(build([1, 2], "Map", 2, true));
    assert_eq!(fingerprint(build([1, 2], "Map", 2, true)), original);
    let changed = [
        build([1, 3], "Map", 2, true),
        build([1, 2], "Other", 2, true),
        build([1, 2], "Map", 3, true),
        build([1, 2], "Map", 2, false),
    ];
    for (place, changed) in changed.into_iter().enumerate() {
        assert_ne!(fingerprint(changed), original, "change {place}");
    }
    let sequence = |to| fingerprint(move |env| drop(env.from_sequence(1, to).sink_to(BlackHoleSink::new())));
    assert_ne!(sequence(10), sequence(11));
    assert_eq!(sequence(10), sequence(10));
    let timed = |millis| {
        fingerprint(move |env| {
            env.from_timestamped([(1i64, EventTime::from_millis(millis))]).sink_to(BlackHoleSink::new());
        })
    };
    assert_ne!(timed(1), timed(2));
}
