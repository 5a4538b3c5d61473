//! What a search finds: spellings, scripts and signs.

use serde_json::json;

use crate::support::app::App;

/// The titles that a search finds, in order of their names.
fn found(app: &App, question: &str) -> Vec<String> {
    let question: String = form_urlencoded::byte_serialize(question.as_bytes()).collect();
    let page = app.get(&format!("/api/events?q={question}&limit=200")).send().expect(200).json();
    let events = page["events"].as_array().unwrap().clone();
    let mut titles: Vec<String> =
        events.iter().map(|event| event["title"].as_str().unwrap().to_owned()).collect();
    titles.sort();
    titles
}

fn with_titles(titles: &[&str]) -> App {
    let app = App::new();
    let ada = app.organizer("Ada");
    for title in titles {
        app.event(&ada, json!({ "title": title, "description": "." }));
    }
    app
}

#[test]
fn a_word_is_found_however_it_is_spelled() {
    let spellings = [
        ("Zu\u{308}rich", vec!["Zürich", "zurich", "ZÜRICH", "Zu\u{308}ri"]),
        ("Straße 7", vec!["strasse", "STRASSE", "straße", "Stra"]),
        ("Αθήνα", vec!["ΑΘΗΝΑ", "αθηνα", "Αθήνα"]),
        ("Ὀδυσσεύς", vec!["ΟΔΥΣΣΕΥΣ", "οδυσσευς"]),
        ("Ｆｕｌｌ Ｗｉｄｔｈ", vec!["full width", "Ｆｕｌｌ"]),
        ("ﬁne aﬀairs", vec!["fine", "affairs"]),
        ("Łódź", vec!["lodz", "ŁÓDŹ"]),
        ("Smørrebrød", vec!["smorrebrod", "SMØRREBRØD"]),
        ("Œuvre", vec!["oeuvre"]),
        ("İzmir", vec!["izmir", "IZMIR", "İZMİR"]),
        ("Тёплый", vec!["теплый", "ТЁПЛЫЙ"]),
        ("Tiếng Việt", vec!["tieng viet"]),
        ("ﾃﾞｻﾞｲﾝ", vec!["デザイン"]),
        ("Ⅻ ½", vec!["xii"]),
    ];
    let app = with_titles(&spellings.iter().map(|(title, _)| *title).collect::<Vec<_>>());
    for (title, questions) in &spellings {
        for question in questions {
            assert_eq!(found(&app, question), [*title], "{question}");
        }
    }
}

#[test]
fn any_part_of_a_run_is_found_in_scripts_without_spaces() {
    let runs = [
        (
            "東京デザイン会議2026",
            vec!["会議", "東京", "デザイン", "ザイ", "議", "京", "会議 2026", "東京デザイン会議2026"],
        ),
        ("大阪の開発者集会", vec!["開発者", "開発", "者", "大阪の開発者"]),
        ("步2 重跑gen后", vec!["gen", "重跑", "后", "步"]),
        ("การประชุมนักพัฒนา", vec!["ประชุม", "พัฒนา"]),
        ("서울개발자대회", vec!["개발자", "대회", "자대"]),
    ];
    let app = with_titles(&runs.iter().map(|(title, _)| *title).collect::<Vec<_>>());
    for (title, questions) in &runs {
        for question in questions {
            assert_eq!(found(&app, question), [*title], "{question}");
        }
    }
    for question in ["議会", "京東", "発開", "발개"] {
        assert_eq!(found(&app, question), [""; 0], "{question}");
    }
}

#[test]
fn a_sign_behind_a_letter_tells_words_apart() {
    let app = with_titles(&[
        "C",
        "C#",
        "C++",
        "F#",
        ".NET",
        "ASP.NET Core",
        "Node.js",
        "node and js",
        "A+ students",
    ]);
    for (question, expected) in [
        ("c#", vec!["C#"]),
        ("C++", vec!["C++"]),
        ("f#", vec!["F#"]),
        (".net", vec![".NET", "ASP.NET Core"]),
        ("net", vec![".NET", "ASP.NET Core"]),
        ("asp.net", vec!["ASP.NET Core"]),
        ("node.js", vec!["Node.js"]),
        ("js", vec!["Node.js", "node and js"]),
        ("node", vec!["Node.js", "node and js"]),
        ("a+ students", vec!["A+ students"]),
    ] {
        assert_eq!(found(&app, question), expected, "{question}");
    }
}

#[test]
fn tags_are_one_when_their_fold_is() {
    let app = App::new();
    let ada = app.organizer("Ada");
    let event = json!({ "title": "Talks", "tags": ["Größe", "GROESSE", "grosse", "会議"] });
    let id = app.event(&ada, event);
    let tags = app.get(&format!("/api/events/{id}")).send().json()["event"]["tags"].clone();
    assert_eq!(tags, json!(["Größe", "GROESSE", "会議"]));
    for tag in ["gr%C3%B6%C3%9Fe", "GROSSE", "gro%CC%88sse", "%E4%BC%9A%E8%AD%B0"] {
        let page = app.get(&format!("/api/events?tag={tag}")).send().expect(200).json();
        assert_eq!(page["events"].as_array().unwrap().len(), 1, "{tag}");
    }
}
