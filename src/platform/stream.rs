//! The pieces of a body, as JavaScript's streams request them.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::StreamExt;
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::future_to_promise;

use crate::api::Pieces;

/// The source of the pieces. JavaScript owns it, and frees it at the end.
#[wasm_bindgen]
pub struct PieceSource(Rc<RefCell<Option<Pieces>>>);

impl PieceSource {
    pub(super) fn new(pieces: Pieces) -> Self {
        Self(Rc::new(RefCell::new(Some(pieces))))
    }
}

#[wasm_bindgen]
impl PieceSource {
    /// The next piece; `undefined` after the last. It rejects if the rest cannot be read.
    pub fn next(&self) -> Promise {
        let place = Rc::clone(&self.0);
        future_to_promise(async move {
            // Taken out for the duration, so that nothing is borrowed while other tasks run.
            let taken = place.borrow_mut().take();
            let broken_off = || JsValue::from(js_sys::Error::new("the answer is broken off"));
            let mut pieces = taken.ok_or_else(broken_off)?;
            match pieces.next().await {
                Some(Ok(piece)) => {
                    place.borrow_mut().replace(pieces);
                    Ok(Uint8Array::from(piece.as_ref()).into())
                }
                Some(Err(_)) => Err(broken_off()),
                None => Ok(JsValue::UNDEFINED),
            }
        })
    }
}
