//! Decodes `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`: a body of chunks with a signature each.

use bytes::{Buf, Bytes, BytesMut};
use sluice_s3_protocol::Failure;

use crate::sigv4::SigningKey;

/// More than the longest line before a chunk: its length in hex and `;chunk-signature=` with 64 digits.
const LONGEST_CHUNK_LINE: usize = 256;

/// What the first chunk's signature depends on.
pub(crate) struct Seed<'a> {
    pub key: &'a SigningKey,
    /// The time of the signature, as `20130524T000000Z`.
    pub signing_time: &'a str,
    /// The signature of the request's head.
    pub signature: &'a str,
}

/// Returns the body without its frames. Fails with 400 `IncompleteBody` if a frame or the last empty chunk is
/// missing, and with 403 `SignatureDoesNotMatch` if a chunk differs from what was signed.
pub(crate) fn decode(mut framed: Bytes, seed: &Seed<'_>) -> Result<Bytes, Failure> {
    let mut body = BytesMut::with_capacity(framed.len());
    let mut previous = seed.signature.to_owned();
    loop {
        let (length, signature) = read_line(&mut framed)?;
        if framed.len() < length {
            return Err(incomplete());
        }
        let chunk = framed.split_to(length);
        if seed.key.sign_chunk(seed.signing_time, &previous, &chunk) != signature {
            let message = "a chunk's signature is not the one computed";
            return Err(Failure::forbidden("SignatureDoesNotMatch", message));
        }
        previous = signature;
        let ends = framed.starts_with(b"\r\n");
        framed.advance(if ends { 2 } else { 0 });
        match (length, ends) {
            (0, _) if framed.is_empty() => return Ok(body.freeze()),
            (1.., true) => body.extend_from_slice(&chunk),
            _ => return Err(incomplete()),
        }
    }
}

fn read_line(framed: &mut Bytes) -> Result<(usize, String), Failure> {
    let head = &framed[..framed.len().min(LONGEST_CHUNK_LINE)];
    let end = head.windows(2).position(|pair| pair == b"\r\n").ok_or_else(incomplete)?;
    let line = String::from_utf8_lossy(&framed.split_to(end)).into_owned();
    framed.advance(2);
    let (length, signature) = line.split_once(";chunk-signature=").ok_or_else(incomplete)?;
    let length = usize::from_str_radix(length, 16).map_err(|_| incomplete())?;
    Ok((length, signature.to_owned()))
}

fn incomplete() -> Failure {
    Failure::bad("IncompleteBody", "the body is not framed as aws-chunked")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: &str = "20130524T000000Z";
    const SEED: &str = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
    const SIGNATURES: [&str; 3] = [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ];

    /// The example of S3's documentation: 65 KiB of the letter a, in chunks of 64 KiB.
    fn example() -> Vec<u8> {
        let mut framed = Vec::new();
        for (length, signature) in [65536, 1024, 0].into_iter().zip(SIGNATURES) {
            framed.extend(format!("{length:x};chunk-signature={signature}\r\n").into_bytes());
            framed.extend(vec![b'a'; length]);
            framed.extend(b"\r\n");
        }
        framed
    }

    fn decode_example(framed: Vec<u8>) -> Result<Bytes, Failure> {
        let key = SigningKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524", "us-east-1");
        decode(framed.into(), &Seed { key: &key, signing_time: TIME, signature: SEED })
    }

    #[test]
    fn the_published_example_is_decoded() {
        assert_eq!(decode_example(example()).unwrap(), vec![b'a'; 66560]);
    }

    #[test]
    fn a_changed_chunk_is_refused() {
        let mut framed = example();
        framed[1000] = b'b';
        assert_eq!(decode_example(framed).unwrap_err().code, "SignatureDoesNotMatch");
    }

    #[test]
    fn a_truncated_body_is_refused() {
        let framed = example();
        for length in [0, 10, 1000, 65536 + 87, framed.len() - 10] {
            assert_eq!(decode_example(framed[..length].to_vec()).unwrap_err().code, "IncompleteBody");
        }
    }
}
