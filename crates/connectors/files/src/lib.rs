//! The file system as source and sink.
