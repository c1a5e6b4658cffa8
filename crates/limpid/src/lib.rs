//! limpid limpid
