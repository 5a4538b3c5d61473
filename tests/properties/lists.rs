//! Accounts, and the lists that the Catalog makes of reports.

use event_platform::objects::account::{self, Account};
use event_platform::objects::catalog::{self, Catalog, Participation, Report};

use super::support::checks::{catalog_differences, participations};
use super::*;

proptest! {
    #[test]
    fn an_account_is_rebuilt_as_it_was(
        steps in vec((0..65_u32, 0..3_u32, 0..20_000_i64), 1..60),
    ) {
        let (sql, mut host, mut now) = (Sqlite::in_memory(), Host::<Account>::new(0), START);
        ask(&mut host, &sql, now, &[account::Command::SignUp(Box::new(sign_up(0)))]);
        for (at, (what, number, pause_ms)) in (0..).zip(steps) {
            now = now.plus_ms(pause_ms);
            let login = |matched| account::Command::FinishLogin { matched, session: session(at, now, 60_000), stronger: None };
            let commands = match what {
                0..10 => vec![account::Command::SignUp(Box::new(sign_up(number)))],
                10..40 => vec![login(Some(hash(0)))],
                // The first few failures in a row are not kept.
                40..60 => vec![login(None); 5],
                _ => vec![account::Command::VerifyEmail { token: sign_up(number).verification.digest }],
            };
            ask(&mut host, &sql, now, &commands);
            let mut again = Host::<Account>::new(0);
            prop_assert_eq!(again.object(&sql, now).unwrap(), host.object(&sql, now).unwrap());
        }
    }

    #[test]
    fn reports_lead_to_one_list_of_participants_in_whatever_order_and_however_often_they_arrive(
        (changes, order) in vec(0..PEOPLE, 1..12).prop_flat_map(|changes| {
            let order: Vec<_> = (0..changes.len()).chain(0..changes.len()).collect();
            (Just(changes), Just(order).prop_shuffle())
        }),
    ) {
        let (sql, mut host) = (Sqlite::in_memory(), Host::<Catalog>::new(0));
        let told = comings_and_goings(&changes);
        let blank = reports(&[(false, 0)]).remove(0);
        for at in order {
            let report = Box::new(Report { participations: vec![told[at].clone()], ..blank.clone() });
            ask(&mut host, &sql, START, &[catalog::Command::Report(report)]);
        }
        for person in 0..PEOPLE {
            let stands = changes.iter().filter(|changed| **changed == person).count() % 2 == 1;
            let expected = stands.then_some(blank.event).into_iter().collect();
            prop_assert_eq!(participations(&sql, user(person)), expected);
        }
    }

    #[test]
    fn the_catalog_shows_the_newest_report_in_whatever_order_and_however_often_they_arrive(
        (changes, order) in vec((any::<bool>(), 0..3_u32), 1..10).prop_flat_map(|changes| {
            let order: Vec<_> = (0..changes.len()).chain(0..changes.len()).collect();
            (Just(changes), Just(order).prop_shuffle())
        }),
    ) {
        let (sql, mut host) = (Sqlite::in_memory(), Host::<Catalog>::new(0));
        let reports = reports(&changes);
        for at in order {
            let report = Box::new(reports[at].clone());
            ask(&mut host, &sql, START, &[catalog::Command::Report(report)]);
        }
        let truth = reports.last().unwrap();
        let events = [(truth.event, truth.entry.clone())].into();
        prop_assert_eq!(catalog_differences(&sql, &events), Vec::<String>::new());
    }
}

/// Each time the person of this number comes, or goes who has come before.
fn comings_and_goings(changes: &[u32]) -> Vec<Participation> {
    let mut standing: BTreeMap<u32, u64> = BTreeMap::new();
    (1..)
        .zip(changes)
        .map(|(change, person)| {
            let left = standing.remove(person);
            let seq = left.unwrap_or(change);
            if left.is_none() {
                standing.insert(*person, seq);
            }
            Participation { change, user: user(*person), seq, stands: left.is_none() }
        })
        .collect()
}

/// What an event reports of itself one after the other: each time either its version or nothing
/// but its seats are others.
fn reports(changes: &[(bool, u32)]) -> Vec<Report> {
    let mut naive = NaiveEvent::default();
    naive.execute(START, &create(1, &soon()));
    let first = naive.event().unwrap();
    let mut version = 1;
    (1..)
        .zip(changes)
        .map(|(at, (changed, confirmed))| {
            version += u64::from(*changed);
            let seats = Seats { confirmed: *confirmed, ..first.seats };
            let details = first.details.clone().without_join_url();
            let entry = Some(Snapshot { seats, version, details, ..first.clone() });
            let (as_of, participations) = (START.plus_ms(at), Vec::new());
            Report { event: first.id, version, as_of, changed: *changed, entry, participations, waited_ms: 0 }
        })
        .collect()
}
