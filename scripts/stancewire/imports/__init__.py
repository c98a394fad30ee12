"""Imports: exports of other servers and other tools → stored exports of ours, from which everything is built."""
