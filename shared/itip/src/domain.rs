//! Domain names in the one spelling that the DNS knows.

/// A domain name whose internationalised labels are A-labels (RFC 5890 section 2.3.2.1), lower-case.
pub fn ascii_domain(domain: &str) -> String {
    let label = |label: &str| {
        let lower = label.to_lowercase();
        // What is no letter or digit stays, and is refused: marks and the like are spoofs as a rule.
        if lower.is_ascii() || lower.len() > 255 || !lower.chars().all(|c| c == '-' || c.is_alphanumeric()) {
            return lower;
        }
        punycode(&lower).map_or(lower, |encoded| format!("xn--{encoded}"))
    };
    domain.split(['.', '\u{3002}', '\u{FF0E}']).map(label).collect::<Vec<_>>().join(".")
}

/// RFC 3492 section 6.3. `None` on overflow, which a label that fits into the DNS cannot cause.
fn punycode(label: &str) -> Option<String> {
    const BASE: u32 = 36;
    const T_MIN: u32 = 1;
    const T_MAX: u32 = 26;
    const SKEW: u32 = 38;
    const DAMP: u32 = 700;
    // `a` to `z` are 0 to 25, the digits follow.
    let digit = |number: u32| char::from_digit((number + 10) % BASE, BASE);
    let mut out: String = label.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(out.len()).ok()?;
    let total = u32::try_from(label.chars().count()).ok()?;
    if basic > 0 {
        out.push('-');
    }
    let (mut code, mut delta, mut bias, mut handled) = (128_u32, 0_u32, 72_u32, basic);
    while handled < total {
        let next = label.chars().map(u32::from).filter(|c| *c >= code).min()?;
        delta = delta.checked_add((next - code).checked_mul(handled + 1)?)?;
        code = next;
        for c in label.chars().map(u32::from) {
            if c < code {
                delta = delta.checked_add(1)?;
            }
            if c != code {
                continue;
            }
            let mut rest = delta;
            for k in (BASE..).step_by(36) {
                let threshold = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
                if rest < threshold {
                    break;
                }
                out.push(digit(threshold + (rest - threshold) % (BASE - threshold))?);
                rest = (rest - threshold) / (BASE - threshold);
            }
            out.push(digit(rest)?);
            // Section 6.1, adaptation of the bias.
            delta /= if handled == basic { DAMP } else { 2 };
            delta += delta / (handled + 1);
            let mut k = 0;
            while delta > (BASE - T_MIN) * T_MAX / 2 {
                delta /= BASE - T_MIN;
                k += BASE;
            }
            bias = k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
            delta = 0;
            handled += 1;
        }
        delta = delta.checked_add(1)?;
        code = code.checked_add(1)?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_become_what_the_dns_knows() {
        for (domain, ascii) in [
            ("Example.COM", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("müller-straße.example", "xn--mller-strae-46a18a.example"),
            ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
            ("пример。испытание", "xn--e1afmkfd.xn--80akhbyknj4f"),
            ("παράδειγμα.δοκιμή", "xn--hxajbheg2az3al.xn--jxalpdlp"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(ascii_domain(domain), ascii, "{domain}");
        }
        let long = "é".repeat(100_000);
        assert_eq!(ascii_domain(&long), long);
    }
}
