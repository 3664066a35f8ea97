//! Jobs over the in-memory deployment.
