//! Snapshots in KV: gzip-compressed by the runtime when they are written, handed on as a stream when they are read,
//! so that their bytes never pass through WebAssembly.

use async_trait::async_trait;
use itip::Timestamp;
use scheduling::ports::{PortError, SnapshotHead, Snapshots};
use wasm_bindgen::prelude::*;
use worker::js_sys::{JSON, Object, Promise, Reflect};
use worker::send::SendFuture;
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{ReadableStream, Response};

use super::{calls, words};

/// `PAGES`.
#[derive(Debug, Clone)]
pub struct Pages(pub Namespace);

#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen, js_sys = worker::js_sys)]
extern "C" {
    /// `KVNamespace`, without the options and the serde that `worker` wraps around it.
    #[derive(Debug, Clone)]
    pub type Namespace;

    #[wasm_bindgen(method, catch, js_name = getWithMetadata)]
    fn get_with_metadata(this: &Namespace, key: &str, kind: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn put(this: &Namespace, key: &str, value: &JsValue, options: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn delete(this: &Namespace, key: &str) -> Result<Promise, JsValue>;

    type CompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<CompressionStream, JsValue>;

    type DecompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<DecompressionStream, JsValue>;

    type Source;
    #[wasm_bindgen(method, catch, js_name = pipeThrough)]
    fn pipe_through(this: &Source, through: &JsValue) -> Result<JsValue, JsValue>;
}

#[async_trait]
impl Snapshots for Pages {
    /// Compressed; `None` where there is nothing to hand on.
    type Body = ReadableStream;

    async fn read(&self, key: &str) -> Result<Option<(SnapshotHead, ReadableStream)>, PortError> {
        calls::count(calls::Binding::Kv);
        SendFuture::new(async {
            let promise = self.0.get_with_metadata(key, "stream").map_err(failed)?;
            let found = JsFuture::from(promise).await.map_err(failed)?;
            let part = |name: &str| Reflect::get(&found, &JsValue::from_str(name)).map_err(failed);
            let Ok(body) = part("value")?.dyn_into::<ReadableStream>() else {
                return Ok(None);
            };
            let head = JSON::stringify(&part("metadata")?).map_err(failed)?;
            // Without a head that we can read it is as good as none.
            Ok(serde_json::from_str(&String::from(head)).ok().map(|head| (head, body)))
        })
        .await
    }

    async fn write(&self, key: &str, head: &SnapshotHead, bytes: &[u8], until: Timestamp) -> Result<(), PortError> {
        calls::count(calls::Binding::Kv);
        let options = serde_json::json!({ "metadata": head, "expiration": until.0 }).to_string();
        SendFuture::new(async {
            let value = compressed(bytes).await.map_err(failed)?;
            let options = JSON::parse(&options).map_err(failed)?;
            JsFuture::from(self.0.put(key, &value, &options).map_err(failed)?).await.map(drop).map_err(failed)
        })
        .await
    }

    async fn remove(&self, key: &str) -> Result<(), PortError> {
        SendFuture::new(async { JsFuture::from(self.0.delete(key).map_err(failed)?).await.map(drop).map_err(failed) })
            .await
    }
}

/// An `ArrayBuffer`: KV wants to know the length.
async fn compressed(bytes: &[u8]) -> Result<JsValue, JsValue> {
    let mut bytes = bytes.to_vec();
    let plain = Response::new_with_opt_u8_array(Some(&mut bytes))?.body().ok_or(JsValue::NULL)?;
    let through = CompressionStream::new("gzip")?;
    let packed = plain.unchecked_ref::<Source>().pipe_through(through.as_ref())?;
    let response = Response::new_with_opt_readable_stream(Some(packed.unchecked_ref()))?;
    JsFuture::from(response.array_buffer()?).await
}

/// What a caller who does not take gzip gets.
pub fn decompressed(packed: &ReadableStream) -> Result<ReadableStream, JsValue> {
    let through = DecompressionStream::new("gzip")?;
    packed.unchecked_ref::<Source>().pipe_through(through.as_ref()).map(JsCast::unchecked_into)
}

/// The namespace behind a binding.
pub fn pages(env: &worker::Env) -> worker::Result<Pages> {
    let binding = Reflect::get(env, &JsValue::from_str("PAGES"))?;
    if binding.is_instance_of::<Object>() {
        Ok(Pages(binding.unchecked_into()))
    } else {
        Err(worker::Error::RustError("there is no binding PAGES".to_owned()))
    }
}

#[allow(clippy::needless_pass_by_value, reason = "what `map_err` hands over")]
fn failed(error: JsValue) -> PortError {
    PortError { binding: "PAGES", reason: words(&error) }
}
