"""How `convert` works on any number of documents with a bounded memory.

sources ──► parcels ──► parts (Arrow files, each sorted by key) ──► tables (one file, or a folder of shards)

`parcels` cuts the work, `records` turns a parcel into parts in any process, `gather` merges the parts into tables,
`state` remembers what came of each file, so that the next run converts only what has changed.
"""
