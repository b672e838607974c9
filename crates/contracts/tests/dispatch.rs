//! Tests how a request becomes a call: by method and path, with parsed ids and parameters.

use sluice_contracts::parameters::{Disposition, MaterializingStatus, PlanDetail};
use sluice_contracts::route::{
    Accounts, BridgeEvents, Calls, CompleteUpload, InitUpload, LookupHash, Query, QueryFiles, ROUTES,
    ReadContent, Refusal, Request,
};
use std::fmt::Debug;

const ID: &str = "01a1ee565e7b70018c0ffee00c0ffee0";

fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
    query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn parse<C: Calls>(method: &str, path: &str, query: &[(&str, &str)]) -> Result<C, Refusal> {
    C::parse(Request { method, path, query: &pairs(query) })
}

#[track_caller]
fn assert_parameter_refused<C: Calls + Debug>(path: &str, query: &[(&str, &str)], reason: &str) {
    match parse::<C>("GET", path, query) {
        Err(Refusal::Parameter(said)) => assert!(said.contains(reason), "{said}"),
        other => panic!("{query:?}: {other:?}"),
    }
}

#[test]
fn every_call_is_found_by_its_function_only() {
    for route in ROUTES {
        let path = ["{file_id}", "{upload_id}", "{session_id}"]
            .iter()
            .fold(route.path.to_owned(), |path, id| path.replace(id, ID));
        let found = [
            ("accounts", parse::<Accounts>(route.method, &path, &[]).is_ok()),
            ("init-upload", parse::<InitUpload>(route.method, &path, &[]).is_ok()),
            ("complete-upload", parse::<CompleteUpload>(route.method, &path, &[]).is_ok()),
            ("lookup-hash", parse::<LookupHash>(route.method, &path, &[]).is_ok()),
            ("query-files", parse::<QueryFiles>(route.method, &path, &[]).is_ok()),
            ("read-content", parse::<ReadContent>(route.method, &path, &[]).is_ok()),
            ("bridge-events", parse::<BridgeEvents>(route.method, &path, &[]).is_ok()),
        ];
        for (function, is_found) in found {
            assert_eq!(is_found, function == route.function, "{function}: {} {}", route.method, route.path);
        }
    }
}

#[test]
fn the_current_session_is_not_an_id() {
    let current = parse::<Accounts>("DELETE", "/sessions/current", &[]);
    assert!(matches!(current, Ok(Accounts::LogOut)), "{current:?}");
    let other = parse::<Accounts>("DELETE", &format!("/sessions/{ID}"), &[]);
    assert!(matches!(other, Ok(Accounts::EndSession(id)) if id.to_string() == ID), "{other:?}");
}

#[test]
fn another_method_or_path_is_no_call() {
    for (method, path) in [
        ("PUT", "/files"),
        ("HEAD", "/files"),
        ("get", "/files"),
        ("GET", "/"),
        ("GET", "/files/"),
        ("GET", "/Files"),
        ("GET", "/uploads"),
        ("POST", "/files/a"),
        ("GET", "/files/a/versions/b"),
    ] {
        let found = parse::<QueryFiles>(method, path, &[]);
        let none = if path == "/files/" { Refusal::NoSuch("file") } else { Refusal::NoRoute };
        assert_eq!(found.expect_err(path), none, "{method} {path}");
    }
}

#[test]
fn a_malformed_id_is_an_id_of_nothing() {
    for id in ["x", "..", "%00", &ID[1..], &ID.to_uppercase()] {
        let file = parse::<QueryFiles>("GET", &format!("/files/{id}"), &[]);
        assert_eq!(file.expect_err(id), Refusal::NoSuch("file"));
        let upload = parse::<InitUpload>("GET", &format!("/uploads/{id}"), &[]);
        assert_eq!(upload.expect_err(id), Refusal::NoSuch("upload"));
    }
}

#[test]
fn unknown_repeated_and_wrong_parameters_are_refused_by_name() {
    let file = format!("/files/{ID}");
    assert_parameter_refused::<QueryFiles>(&file, &[("verbose", "1")], "\"verbose\"");
    let refused = [
        (&[("colour", "red")][..], "colour"),
        (&[("limit", "1"), ("limit", "1")], "limit"),
        (&[("limit", "0")], "the parameter limit: "),
        (&[("limit", "1001")], "the parameter limit: "),
        (&[("limit", "many")], "the parameter limit: "),
        (&[("sha256", "abc")], "the parameter sha256: "),
        (&[("path", "")], "the parameter path: "),
        (&[("prefix", "\0")], "the parameter prefix: "),
        (&[("prefix", "\u{10ffff}")], "the parameter prefix: "),
    ];
    for (query, reason) in refused {
        assert_parameter_refused::<QueryFiles>("/files", query, reason);
    }
    let long = "p".repeat(991);
    assert_parameter_refused::<QueryFiles>("/files", &[("prefix", &long)], "the parameter prefix: ");
    let content = format!("{file}/content");
    for query in [("disposition", "evil"), ("version", ""), ("materializing", "200")] {
        assert_parameter_refused::<ReadContent>(&content, &[query], query.0);
    }
    for ids in ["", "1,2", &format!("{ID},"), &format!("{ID} ")] {
        assert_parameter_refused::<InitUpload>("/uploads", &[("ids", ids)], "the parameter ids: ");
    }
    let many: Vec<String> = (0..101).map(|number| format!("{number:032x}")).collect();
    assert_parameter_refused::<InitUpload>("/uploads", &[("ids", &many.join(","))], "at most 100");
}

#[test]
fn parameters_are_parsed_or_have_their_defaults() {
    let path = format!("/files/{ID}/plan");
    let query = [("from", "5"), ("to", "18446744073709551615"), ("detail", "terms"), ("former", "true")];
    let Ok(ReadContent::GetPlan(id, Query(plan))) = parse("GET", &path, &query) else { panic!("no plan") };
    assert_eq!((id.to_string().as_str(), plan.from, plan.to), (ID, Some(5), Some(u64::MAX)));
    assert_eq!((plan.detail, plan.former, plan.version), (Some(PlanDetail::Terms), Some(true), None));

    let path = format!("/files/{ID}/content");
    let Ok(ReadContent::HeadContent(_, Query(content))) = parse("HEAD", &path, &[]) else {
        panic!("no content")
    };
    assert_eq!(content.disposition.unwrap_or_default(), Disposition::Attachment);
    assert_eq!(content.materializing.unwrap_or_default(), MaterializingStatus::Accepted);

    let ids = format!("{ID},{ID}");
    let Ok(InitUpload::ListUploads(Query(list))) = parse("GET", "/uploads", &[("ids", &ids)]) else {
        panic!("no list")
    };
    assert_eq!((list.ids.expect("ids").0.len(), list.limit.unwrap_or_default().get()), (1, 100));
}
