//! What people and programs see: JSON documents, pages, mail texts, reports. Pure functions over plain values.
//!
//! What lives here: shapes, words, templates. What does not: reading data (`store`), deciding (`scheduling`), HTTP
//! (`web`), MIME (`imip`). Everything that came from outside is escaped by the template engine; the one exception
//! is a description that the sanitiser has let through.

pub mod api;
pub mod chips;
pub mod colour;
pub mod discovery;
pub mod event;
pub mod head;
pub mod landing;
pub mod links;
pub mod mail;
pub mod markdown;
pub mod pages;
pub mod report;
pub mod rows;
pub mod structured;
pub mod text;
pub mod when;
pub mod words;
