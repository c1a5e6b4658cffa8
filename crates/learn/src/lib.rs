//! limpid learn
