use proptest::prelude::*;

use super::tokenizer::{Token, Tokenizer};
use super::*;
use crate::format::{Decoder, Encoder, InputEnd, ParseErrors};
use crate::test_support::{Order, decode_all, orders, same_in_pieces};

type Row = (Option<i32>, Option<String>, bool);

fn row(number: Option<i32>, text: &str, flag: bool) -> Row {
    (number, Some(text.to_owned()), flag)
}

fn decoder(options: CsvOptions) -> CsvDecoder<Row> {
    CsvDecoder::new(options).unwrap()
}

fn check(options: CsvOptions, input: &str, expect: Result<Vec<Row>, &str>) {
    match (decode_all(&mut decoder(options), input.as_bytes()), expect) {
        (Ok(rows), Ok(expect)) => assert_eq!(rows, expect, "{input}"),
        (Err(error), Err(expect)) => assert_eq!(error.to_string(), expect),
        (found, _) => panic!("{input}: {found:?}"),
    }
}

#[test]
fn records_become_rows() {
    let one = || Ok(vec![row(Some(1), "a", true)]);
    check(CsvOptions::new(), "1,a,true\n", one());
    check(CsvOptions::new(), "\u{feff}1,a,true\r\n", one());
    check(CsvOptions::new(), "\n\r\n1,a,true", one());
    check(CsvOptions::new(), " 1 ,\"a\", true ", one());
    check(CsvOptions::new().with_field_delimiter('\t'), "1\ta\ttrue\n", one());
    check(CsvOptions::new().with_quote_character('\''), "1,'a',true\n", one());
    check(CsvOptions::new().with_comments(), "# x\n1,a,true\n# y", one());
    check(CsvOptions::new(), "1,\"a\n\"\"b\"\"\",true\n", Ok(vec![row(Some(1), "a\n\"b\"", true)]));
    check(
        CsvOptions::new().without_quote_character(),
        "1,\"a\",true\n",
        Ok(vec![row(Some(1), "\"a\"", true)]),
    );
    let escape = CsvOptions::new().with_escape_character('\\');
    check(escape, "1,\"a\\\"b\",true\n", Ok(vec![row(Some(1), "a\"b", true)]));
}

#[test]
fn null_is_an_empty_field_or_a_literal() {
    check(CsvOptions::new(), ",,true\n", Ok(vec![row(None, "", true)]));
    let literal = || CsvOptions::new().with_null_literal("n/a");
    check(literal(), "n/a,n/a,true\n", Ok(vec![(None, None, true)]));
    check(literal(), "1,a,n/a\n", Err("line 1, column 'f2': expected BOOLEAN NOT NULL, found NULL"));
    check(CsvOptions::new(), "1,a,\n", Err("line 1, column 'f2': expected BOOLEAN, found ''"));
}

#[test]
fn errors_name_line_column_and_text() {
    check(CsvOptions::new(), "1,a,true\nx,a,true", Err("line 2, column 'f0': expected INT, found 'x'"));
    check(
        CsvOptions::new(),
        "1,\"\n\",true\n\n2,a,ja",
        Err("line 4, column 'f2': expected BOOLEAN, found 'ja'"),
    );
    check(CsvOptions::new(), "1,a\n", Err("line 1: expected 3 columns, found 2: '1,a'"));
    check(CsvOptions::new(), "1,a,true,\n", Err("line 1: expected 3 columns, found 4: '1,a,true,'"));
    check(CsvOptions::new(), "1,a,true\n2,\"b,true\n", Err("line 2: a quoted field does not end"));
    let short = CsvOptions::new().with_max_record_bytes(10);
    check(short, "1,a,true\n2,abc,false\n", Err("line 2: a record longer than 10 bytes"));
    let error = decode_all(&mut decoder(CsvOptions::new()), b"1,a\xffb,true\n").unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 'f1': expected UTF-8, found 0xff at byte 2");
}

#[test]
fn ignored_errors_are_counted() {
    let mut decoder = decoder(CsvOptions::new().with_ignore_parse_errors());
    let input = b"x,a,true\n1,a,maybe\n2,b,true,4\nx\n3,c,false\n";
    let rows = decode_all(&mut decoder, input).unwrap();
    assert_eq!(rows, [row(None, "a", true), row(Some(3), "c", false)]);
    assert_eq!(decoder.parse_errors(), ParseErrors { records: 3, fields: 1 });
}

#[test]
fn a_header_names_the_columns() {
    let header = || CsvOptions::new().with_header();
    check(header(), "f2,other,f0\ntrue,x,1\n", Ok(vec![(Some(1), None, true)]));
    check(header(), "f2\ntrue\nfalse\n", Ok(vec![(None, None, true), (None, None, false)]));
    check(header(), "", Ok(Vec::new()));
    check(header(), "f0,f1\n", Err("line 1: no column 'f2' of type BOOLEAN NOT NULL in the header 'f0,f1'"));
    check(header(), "f0,f2\n1\n", Err("line 2, column 'f2': the record has no such column"));
}

#[test]
fn a_decoder_resumes_behind_the_header() {
    let mut decoder = decoder(CsvOptions::new().with_header());
    let (start, rest) = ("f2,f0\n", "true,2\nx,3\n");
    assert!(decoder.needs_start());
    let mut rows = Vec::new();
    decoder.decode(format!("{start}true,1\n").as_bytes(), InputEnd::More, 0, &mut rows).unwrap();
    assert!(!decoder.needs_start() && rows.is_empty());
    decoder.resume_at(7);
    let error = decoder.decode(rest.as_bytes(), InputEnd::Last, 10, &mut rows).unwrap_err();
    assert_eq!(rows, [(Some(2), None, true)]);
    assert_eq!(error.to_string(), "line 9, column 'f2': expected BOOLEAN, found 'x'");
}

#[test]
fn options_by_name() {
    let error = |key, value| CsvOptions::from_options([(key, value)]).unwrap_err().to_string();
    assert!(
        error("csv.delimiter", ",")
            .starts_with("there is no option 'csv.delimiter'; there are allow-comments")
    );
    assert_eq!(
        error("field-delimiter", ",,"),
        "option 'csv.field-delimiter' has the value ',,', expected a single character"
    );
    let options = CsvOptions::from_options([("csv.field-delimiter", "\\t")]).unwrap();
    assert_eq!(options.field_delimiter, '\t');
    assert!(CsvDecoder::<Row>::new(CsvOptions::new().with_field_delimiter('"')).is_err());
    assert!(CsvDecoder::<Row>::new(CsvOptions::new().with_field_delimiter('\u{20ac}')).is_err());
    let Err(error) = CsvDecoder::<(std::collections::BTreeMap<String, i32>,)>::new(CsvOptions::new()) else {
        panic!("a map in CSV");
    };
    assert!(error.to_string().starts_with("column 'f0': CSV has no form for MAP<"), "{error}");
}

fn round_trip(options: CsvOptions, rows: &[Order]) {
    let mut encoder = CsvEncoder::<Order>::new(options.clone()).unwrap();
    let mut out = Vec::new();
    encoder.begin(&mut out);
    for row in rows {
        encoder.encode(row, &mut out).unwrap();
    }
    let mut decoder = CsvDecoder::<Order>::new(options).unwrap();
    let found = decode_all(&mut decoder, &out).unwrap();
    assert_eq!(found, rows, "{}", String::from_utf8_lossy(&out));
}

proptest! {
    #[test]
    fn rows_come_back(rows in proptest::collection::vec(orders(), 0..5)) {
        let options = CsvOptions::new().with_null_literal("\\N");
        round_trip(options.clone(), &rows);
        round_trip(options.clone().with_header().with_comments().with_field_delimiter('|'), &rows);
        round_trip(options.with_escape_character('\\').with_quote_character('\''), &rows);
    }

    #[test]
    fn plain_records_are_cut_as_the_parser_cuts_them(
        bytes in proptest::collection::vec(proptest::sample::select(b"\",,a\n\n\r \xc3\xa4".to_vec()), 0..40),
    ) {
        let options = CsvOptions::new();
        let mut tokenizer = Tokenizer::new(&options, options.special().unwrap());
        let (mut found, mut position) = (Vec::new(), 0);
        while let Ok(Token::Record(from, to)) = tokenizer.next(&bytes[position..], InputEnd::Last) {
            let fields = tokenizer.fields(&bytes[position + from..position + to]);
            let texts = (0..fields.len()).map(|index| fields.get(index).ok().flatten().map(str::to_owned));
            found.push(texts.collect::<Vec<_>>());
            position += to;
        }
        let (mut text, mut ends) = ([0; 64], [0; 64]);
        let bytes = [&bytes[..], b"\n"].concat();
        let (mut parser, mut input, mut expect) = (csv_core::Reader::new(), &bytes[..], Vec::new());
        while expect.len() < found.len() {
            let (result, read, _, fields) = parser.read_record(input, &mut text, &mut ends);
            input = &input[read..];
            prop_assert_eq!(result, csv_core::ReadRecordResult::Record);
            let starts = std::iter::once(0).chain(ends);
            let texts = starts.zip(&ends[..fields]).map(|(start, &end)| text[start..end].to_vec());
            expect.push(texts.map(|text| String::from_utf8(text).ok()).collect::<Vec<_>>());
        }
        prop_assert_eq!(found, expect);
    }

    #[test]
    fn any_bytes_in_any_pieces(
        bytes in proptest::collection::vec(
            prop_oneof![proptest::sample::select(b"\",\n\r#1tx;\\\xef\xbb\xbf".to_vec()), any::<u8>()], 0..60),
        pieces in proptest::collection::vec(0..20_usize, 0..20),
    ) {
        for options in [
            CsvOptions::new(),
            CsvOptions::new().with_ignore_parse_errors().with_comments().with_escape_character('\\'),
            CsvOptions::new().with_header().with_ignore_parse_errors(),
            CsvOptions::new().without_quote_character().with_max_record_bytes(20),
            CsvOptions::new().with_max_record_bytes(10).with_comments(),
        ] {
            same_in_pieces(|| Box::new(CsvDecoder::<Row>::new(options.clone()).unwrap()), &bytes, &pieces);
            same_in_pieces(|| Box::new(CsvDecoder::<Option<String>>::new(options.clone()).unwrap()), &bytes, &pieces);
        }
    }
}
