//! A name server for a few names, with the address of this machine.

use std::net::{Ipv4Addr, UdpSocket};
use std::thread;

/// The port of a server that knows only `names`. It ends with the tests.
pub(crate) fn start(names: &'static [&str]) -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut query) {
            let _ = socket.send_to(&answer(&query[..length], names), from);
        }
    });
    port
}

/// The answer to a query with one question, as in RFC 1035.
fn answer(query: &[u8], names: &[&str]) -> Vec<u8> {
    const A: u8 = 1;
    let (header, rest) = query.split_at(12);
    let (mut labels, mut at) = (Vec::new(), 0);
    while rest[at] > 0 {
        let end = at + 1 + usize::from(rest[at]);
        labels.push(String::from_utf8_lossy(&rest[at + 1..end]));
        at = end;
    }
    // The zero at the end of the name, a type and a class.
    let question = &rest[..at + 5];
    let known = names.contains(&labels.join(".").as_str());
    // A known name without an address of this type is no error.
    let found = known && question[at + 2] == A;

    let mut answer = header[..2].to_vec();
    answer.extend([0x81, if known { 0x80 } else { 0x83 }, 0, 1, 0, u8::from(found), 0, 0, 0, 0]);
    answer.extend(question);
    if found {
        // The name of the question, its type and class, a TTL of five seconds, four bytes.
        answer.extend([0xc0, 12, 0, A, 0, 1, 0, 0, 0, 5, 0, 4, 127, 0, 0, 1]);
    }
    answer
}
