//! limpid engine
