//! The typed DataStream API: builds a stream graph, never runs one.
