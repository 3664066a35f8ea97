//! What a trusted receiver said about the sender, read from the raw header bytes (RFC 8601, RFC 8617).

/// Whether the From domain is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthVerdict {
    /// `dmarc=pass` for the domain of the only From mailbox.
    Pass,
    /// Forged or ambiguous; says why.
    Fail(&'static str),
    /// No verdict that counts.
    None,
}

/// Steps (b) and (c) of the owner ladder: the verdict of `trusted_authserv_id` on this mail's From.
pub fn authentication(raw: &[u8], trusted_authserv_id: Option<&str>) -> AuthVerdict {
    let _ = (raw, trusted_authserv_id);
    AuthVerdict::None
}
