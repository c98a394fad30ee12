"""How `convert` works on any number of documents with a bounded memory.

sources ──► parcels ──► parts (Arrow files, each sorted by key) ──► tables (one file, or a folder of shards)

`parcels` cuts the work, `records` turns a parcel into parts in any process (or `columnar`, many records at once, where
only texts, hashes and metadata are wanted), `early` writes the tables while parcels are still converted, `gather`
merges the parts where it cannot, and `state` remembers what came of each file, so that the next run converts only what
has changed.
"""
