//! Random numbers from the runtime's Web Crypto.

use scheduling::ports::Entropy;

/// `crypto.getRandomValues`.
#[derive(Debug, Clone, Copy)]
pub struct WebCrypto;

impl Entropy for WebCrypto {
    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        if getrandom::fill(&mut bytes).is_err() {
            // Keys made of zeros would be worse than a lost instance.
            wasm_bindgen::throw_str("the platform gives no random numbers");
        }
        bytes
    }
}
