use std::env;
use std::io::{BufRead, BufReader, Result, Write};
use std::net::{TcpListener, TcpStream};

const BODY: &str = "Hello from Rust";

fn answer(mut stream: TcpStream) -> Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while lines.next().is_some_and(|line| line.is_ok_and(|text| !text.is_empty())) {}
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{BODY}", BODY.len())
}

fn main() -> Result<()> {
    let port = env::var("PORT").unwrap_or_else(|_| "8080".into());
    for stream in TcpListener::bind(format!("127.0.0.1:{port}"))?.incoming() {
        let _ = stream.and_then(answer); // a client that went away is no reason to stop
    }
    Ok(())
}
