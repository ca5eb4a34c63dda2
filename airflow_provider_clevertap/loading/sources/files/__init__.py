"""The files of a source: found by path, URI or glob, opened, decompressed and transcoded."""
