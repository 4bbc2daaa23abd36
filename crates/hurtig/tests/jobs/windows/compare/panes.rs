//! Windows that share panes against those that do not, and both against the oracle: many panes, much disorder.
use proptest::prelude::*;

use super::super::assigner::Assigner;
use super::super::cases::{Case, scripts};
use super::super::oracle::{Late, Windowing};
use super::super::steps::Step;
use super::super::timers::TimeDomain;
use super::super::trigger::Trigger;
use super::driver::{Contents, Way, paces};
use super::{check, shares_panes};

/// Sliding windows that fire at their end alone, of one pane up to sixty.
fn sliding() -> impl Strategy<Value = Windowing> {
    let of_its_time = prop_oneof![
        3 => Just((TimeDomain::EventTime, Trigger::EventTime)),
        1 => Just((TimeDomain::ProcessingTime, Trigger::ProcessingTime)),
    ];
    let late = prop_oneof![Just(Late::Drop), Just(Late::SideOutput)];
    (of_its_time, 1..60_i64, 1..20_i64, 0..20_i64, late).prop_map(
        |((domain, trigger), size, slide, offset, late)| Windowing {
            assigner: Assigner::Sliding { domain, size, slide, offset: offset % slide },
            trigger,
            evictor: None,
            allowed_lateness: 0,
            late,
        },
    )
}

/// Scripts whose watermarks are so much further behind that few elements, or none, are late.
fn disordered_scripts() -> impl Strategy<Value = Vec<Step>> {
    (scripts(150), prop_oneof![Just(0), 0..60_i64]).prop_map(|(mut script, behind)| {
        for step in &mut script {
            if let Step::Watermark(time) = step {
                *time -= behind;
            }
        }
        script
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn windows_that_share_panes_are_the_same(
        windowing in sliding(),
        script in disordered_scripts(),
        pace in paces(),
    ) {
        assert!(shares_panes(&windowing));
        let case = Case { windowing, script };
        check(&case, Contents::Aggregate, Way::Panes, pace);
        check(&case, Contents::Sum, Way::Panes, pace);
        check(&case, Contents::Aggregate, Way::Windows, pace);
    }
}
