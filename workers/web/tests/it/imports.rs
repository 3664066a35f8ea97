//! Calendars that are uploaded: what is refused, and when. What becomes of them is `tests/it/imports.rs`.

use axum::body::Body;
use futures_util::stream;
use http::{Request, StatusCode};

use crate::stage::{STANDARD, Stage};

const IMPORTS: &str = "/v1/organizers/ann@corp.example/imports";
const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

fn upload(stage: &Stage, length: Option<usize>, body: Body) -> StatusCode {
    let request = Request::post(IMPORTS).header("x-api-key", STANDARD).header("content-type", "text/calendar");
    let request = length.into_iter().fold(request, |request, length| request.header("content-length", length));
    stage.send(request.body(body).unwrap()).status
}

#[test]
fn a_file_that_says_to_be_too_long_is_refused_before_it_is_read() {
    let (stage, _) = Stage::new();
    let unread = Body::from_stream(stream::poll_fn(|_| -> std::task::Poll<Option<Result<Vec<u8>, std::io::Error>>> {
        panic!("it was read")
    }));
    assert_eq!(upload(&stage, Some(FILE_BYTES_MAX + 1), unread), StatusCode::PAYLOAD_TOO_LARGE);
}

#[test]
fn a_file_that_says_nothing_of_its_length_is_read_as_far_as_it_may_go() {
    let (stage, _) = Stage::new();
    let pieces =
        |count: usize| Body::from_stream(stream::iter((0..count).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1024]))));
    assert_eq!(upload(&stage, None, pieces(FILE_BYTES_MAX / 1024 + 1)), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(upload(&stage, None, pieces(2)), StatusCode::ACCEPTED);
    assert_eq!(upload(&stage, None, pieces(0)), StatusCode::BAD_REQUEST);
}
