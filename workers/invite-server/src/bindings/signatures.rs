//! Verifying signatures with the runtime's Web Crypto, which costs no wasm and is faster than any.

use async_trait::async_trait;
use dkim::{Algorithm, SignatureToVerify};
use scheduling::ports::SignatureVerifier;
use wasm_bindgen::{JsCast, JsValue};
use worker::js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array, global};
use worker::send::SendFuture;
use worker::wasm_bindgen_futures::JsFuture;

use super::entropy::WebCrypto;
use super::words;
use crate::log;

#[async_trait]
impl SignatureVerifier for WebCrypto {
    async fn verify(&self, signature: &SignatureToVerify) -> bool {
        SendFuture::new(verified(signature)).await.unwrap_or_else(|error| {
            // What the runtime does not take stands in somebody's DNS, so this is no failure of ours.
            log::failure("signature", "", &words(&error));
            false
        })
    }
}

async fn verified(signature: &SignatureToVerify) -> Result<bool, JsValue> {
    let algorithm = Object::new();
    let set = |key: &str, value: &str| Reflect::set(&algorithm, &key.into(), &value.into());
    match signature.algorithm {
        Algorithm::RsaSha256 => {
            set("name", "RSASSA-PKCS1-v1_5")?;
            set("hash", "SHA-256")?;
        }
        Algorithm::Ed25519Sha256 => {
            set("name", "Ed25519")?;
        }
    }
    let bytes = |bytes: &[u8]| JsValue::from(Uint8Array::from(bytes));
    let subtle = Reflect::get(&Reflect::get(&global(), &"crypto".into())?, &"subtle".into())?;
    let usages = Array::of1(&"verify".into());
    let key = Array::of5(&"spki".into(), &bytes(&signature.public_key_spki), &algorithm, &JsValue::FALSE, &usages);
    let key = call(&subtle, "importKey", &key).await?;
    let data = Array::of4(&algorithm, &key, &bytes(&signature.signature), &bytes(&signature.signed_bytes));
    Ok(call(&subtle, "verify", &data).await?.is_truthy())
}

async fn call(subtle: &JsValue, name: &str, arguments: &Array) -> Result<JsValue, JsValue> {
    let function = Reflect::get(subtle, &name.into())?.dyn_into::<Function>()?;
    JsFuture::from(function.apply(subtle, arguments)?.dyn_into::<Promise>()?).await
}
