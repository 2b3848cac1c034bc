//! SIGTERM ends the program in good time, whatever its clients do.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use forbear_tests::site::Site;

const FORBEAR: &str = env!("CARGO_BIN_EXE_forbear-under-test");
/// Those who run programs wait 30 s before they kill.
const STOP_MAX: Duration = Duration::from_secs(25);

#[test]
fn given_clients_that_never_end_their_requests_when_stopped_then_it_ends_in_time() {
    let site = Site::new(FORBEAR, "info");
    let mut program = site.up();
    site.http.wait_until_ready(&program);
    let host = site.server().replace("http://", "");
    let begin = |path: &str, token: &str, body: &str| {
        let mut stream = TcpStream::connect(&host).expect("it listens");
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{body}"
        )
        .expect("it reads");
        stream
    };
    let header = "reference,principal,overdue_since,debtor_name,debtor_phone\n";
    let held = [
        begin("/v1/lenders/lender-1/cases", site.http.token(), header),
        begin("/v1/stops", site.http.token(), "{"),
        TcpStream::connect(&host).expect("it listens"),
    ];
    std::thread::sleep(Duration::from_millis(300));
    let began = Instant::now();
    program.stop();
    let took = began.elapsed();
    assert!(took < STOP_MAX, "it took {took:?} to stop");
    println!("stopped in {took:.1?} with {} clients that hold on", held.len());
}
