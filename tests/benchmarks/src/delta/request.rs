//! Parses HTTP/1.1 requests to a proxy.

use std::io;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// The head of a request. Its body has not been read yet.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// Host and port of the server.
    pub server: String,
    /// Request line and headers as the server gets them: with the path instead of the whole URL.
    pub head: String,
    /// The size of the body.
    pub body_bytes: u64,
}

impl Request {
    /// Reads the next request. `None` if the connection ends.
    pub async fn read(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if from.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let (method, rest) = line.split_once(" http://").ok_or_else(|| unusable(&line))?;
        let (server, path) = rest.split_at(rest.find('/').ok_or_else(|| unusable(&line))?);
        let server = server.to_owned();
        let mut head = format!("{method} {path}");
        let mut body_bytes = 0;
        while line != "\r\n" {
            line.clear();
            if from.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            head.push_str(&line);
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                body_bytes = value.trim().parse().map_err(|_| unusable(&line))?;
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                return Err(unusable(&line));
            }
        }
        Ok(Some(Self { server, head, body_bytes }))
    }
}

fn unusable(line: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not a request for a proxy like this: {line:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_server_gets_the_path_of_the_proxys_url() {
        let sent = "PUT http://127.0.0.1:80/a?b=http://c/ HTTP/1.1\r\nContent-Length: 3\r\n\r\nxyz";
        let mut from = sent.as_bytes();
        let request = Request::read(&mut from).await.unwrap().unwrap();
        assert_eq!(request.server, "127.0.0.1:80");
        assert_eq!(request.head, "PUT /a?b=http://c/ HTTP/1.1\r\nContent-Length: 3\r\n\r\n");
        assert_eq!((request.body_bytes, from), (3, &b"xyz"[..]));
    }

    #[tokio::test]
    async fn a_connection_may_end_only_between_requests() {
        assert_eq!(Request::read(&mut &b""[..]).await.unwrap(), None);
        assert!(Request::read(&mut &b"GET http://a/ HTTP/1.1\r\nHost: a\r\n"[..]).await.is_err());
        assert!(Request::read(&mut &b"GET / HTTP/1.1\r\n\r\n"[..]).await.is_err());
    }
}
