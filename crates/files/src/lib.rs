//! limpid files
