//! Mail that is signed as a whole (S/MIME, RFC 8551 section 3.5.2): the entity inside a CMS `SignedData`.
//! Whether the signature is right is not asked; the sender is proved by DMARC or by his answer.

/// 1.2.840.113549.1.7.2, signedData.
const SIGNED_DATA: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
/// 1.2.840.113549.1.7.1, data.
const DATA: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01";

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const OCTET_STRINGS: u8 = 0x24;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const CONTENT: u8 = 0xA0;

/// What a `SignedData` (RFC 5652 section 5.1) signs; `None` for everything else, such as what is encrypted.
pub(crate) fn signed_content(cms: &[u8]) -> Option<Vec<u8>> {
    let mut ber = Ber(cms);
    ber.enter(SEQUENCE)?;
    (ber.primitive(OBJECT_IDENTIFIER)? == SIGNED_DATA).then_some(())?;
    ber.enter(CONTENT)?;
    ber.enter(SEQUENCE)?;
    ber.primitive(INTEGER)?;
    ber.skip_set()?;
    ber.enter(SEQUENCE)?;
    (ber.primitive(OBJECT_IDENTIFIER)? == DATA).then_some(())?;
    ber.enter(CONTENT)?;
    if ber.0.first() == Some(&OCTET_STRING) {
        return Some(ber.primitive(OCTET_STRING)?.to_vec());
    }
    let length = ber.enter(OCTET_STRINGS)?;
    ber = Ber(ber.0.get(..length.min(ber.0.len()))?);
    let mut content = Vec::new();
    while ber.0.first() == Some(&OCTET_STRING) {
        content.extend_from_slice(ber.primitive(OCTET_STRING)?);
    }
    Some(content)
}

/// Elements of X.690, from front to back: a component that is entered is read on until what is looked for is
/// found, so that nothing nests.
struct Ber<'a>(&'a [u8]);

impl<'a> Ber<'a> {
    /// Steps into an element; gives its length, without limit if that is indefinite (section 8.1.3.6).
    fn enter(&mut self, tag: u8) -> Option<usize> {
        let [first, short, rest @ ..] = self.0 else { return None };
        if *first != tag {
            return None;
        }
        let octets = usize::from(short & 0x7F);
        if *short < 0x80 {
            self.0 = rest;
            return Some(octets);
        }
        // Four octets are 4 GiB.
        let (length, rest) = rest.split_at_checked(octets).filter(|_| octets <= 4)?;
        self.0 = rest;
        let length = length.iter().fold(0_usize, |length, octet| length << 8 | usize::from(*octet));
        Some(if octets == 0 { usize::MAX } else { length })
    }

    fn primitive(&mut self, tag: u8) -> Option<&'a [u8]> {
        let length = self.enter(tag)?;
        let (content, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(content)
    }

    /// The digest algorithms; they are few, and nobody writes them with an indefinite length.
    fn skip_set(&mut self) -> Option<()> {
        self.primitive(SET).map(drop)
    }
}
