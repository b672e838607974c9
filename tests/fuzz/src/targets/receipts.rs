//! The target for receipts: a statement holds every field, so that no two receipts have one statement.

use serde_json::json;
use sluice_domain::pack_move::{Receipt, ReceiptObject};
use sluice_packs::Signer;
use sluice_packs::receipt::is_genuine;

use crate::target::{Form, Memory, Target, Verdict, text};

pub const RECEIPT: Target = Target {
    name: "receipt",
    form: Form::Json,
    seeds,
    tokens: &["a\netag e", "a\r\nb", "\\n", "\\", "\u{2028}", "import#x", "crc64", "read_back", "00"],
    cases: 750,
    check,
};

/// Signing takes milliseconds without optimisation, so that only one receipt in this many is signed.
const SIGNED_ONE_IN: usize = 8;

fn seeds() -> Vec<Vec<u8>> {
    let object = |store: &str, key: &str| {
        json!({
            "store": store, "bucket": "b", "key": key, "offset": 7, "etag": "\"e\"",
        })
    };
    let account = "01a1e930027b70a181ce0a11ce0a11ce";
    let moved = json!({
        "scope": account, "receipt_id": "01a1ee565e7b70018c0ffee00c0ffee0",
        "pack_id": "07070707070707070707070707070707",
        "source": object("vault", "packs/a/b"), "target": object("oss", "packs/a/b.c"), "size": 9,
        "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "crc64": "995dc9bbdf1939fa", "verified_by": "crc64", "moved_at": 1_795_000_000_123_u64,
        "public_key": "ab".repeat(32), "signature": "cd".repeat(64),
    });
    let mut imported = moved.clone();
    imported["scope"] = json!("import#photos");
    imported["verified_by"] = json!("read_back");
    let fields = imported.as_object_mut().expect("an object");
    fields.remove("pack_id");
    fields.remove("crc64");
    [moved, imported].iter().map(|receipt| receipt.to_string().into_bytes()).collect()
}

fn check(bytes: &[u8]) -> Verdict {
    let Some(json) = text(bytes) else { return Verdict::Refused };
    let receipt: Receipt = match Memory::JSON.hold(json.len(), || serde_json::from_str(json)) {
        Ok(receipt) => receipt,
        Err(_) => return Verdict::Refused,
    };
    let written = serde_json::to_string(&receipt).expect("serializable");
    assert_eq!(serde_json::from_str::<Receipt>(&written).expect("just written"), receipt);
    let statement = receipt.statement();
    assert_eq!(values(&statement), expected(&receipt));
    assert!(!is_genuine(&receipt, &receipt.public_key), "a forged receipt");
    if bytes.iter().map(|byte| usize::from(*byte)).sum::<usize>().is_multiple_of(SIGNED_ONE_IN) {
        let signer = Signer::new(&[7; 32]);
        let receipt_signed = signer.sign(receipt.clone());
        assert!(is_genuine(&receipt_signed, &signer.public_key()));
        assert_eq!(receipt_signed.statement(), statement, "the signature signs itself");
        let other = Receipt { size: receipt.size ^ 1, ..receipt_signed };
        assert!(!is_genuine(&other, &signer.public_key()));
    }
    Verdict::Accepted
}

/// The lines of a statement: names, and values with their escapes undone.
fn values(statement: &str) -> Vec<(String, String)> {
    let mut lines = statement.split_terminator('\n');
    assert_eq!(lines.next(), Some("sluice receipt 1"));
    let pair = |line: &str| {
        let (name, value) = line.split_once(' ').expect("a name and a value");
        (name.to_owned(), unescaped(value))
    };
    lines.map(pair).collect()
}

fn unescaped(value: &str) -> String {
    let mut text = String::new();
    let mut rest = value.chars();
    while let Some(c) = rest.next() {
        text.push(match c {
            '\\' => match rest.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('\\') => '\\',
                other => panic!("an escape of {other:?}"),
            },
            c => c,
        });
    }
    text
}

fn expected(receipt: &Receipt) -> Vec<(String, String)> {
    let object = |end: &'static str, object: &ReceiptObject| {
        [
            (end, object.store.clone()),
            ("bucket", object.bucket.clone()),
            ("key", object.key.clone()),
            ("offset", object.offset.to_string()),
            ("etag", object.etag.clone()),
        ]
    };
    let fields = [
        [
            ("scope", receipt.scope.clone()),
            ("receipt", receipt.receipt_id.clone()),
            ("pack", receipt.pack_id.map(|pack| pack.to_string()).unwrap_or_default()),
        ]
        .to_vec(),
        object("source", &receipt.source).to_vec(),
        object("target", &receipt.target).to_vec(),
        [
            ("size", receipt.size.to_string()),
            ("sha256", receipt.sha256.to_string()),
            ("crc64", receipt.crc64.clone().unwrap_or_default()),
            ("verified", receipt.verified_by.as_str().to_owned()),
            ("moved", receipt.moved_at.to_string()),
        ]
        .to_vec(),
    ]
    .concat();
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
