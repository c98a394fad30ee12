"""Splits: train, dev and test without a story on both sides, the certificate that says so, and leaks in anyone's files.

settings (what is decided) → units → assign → certificate; `border` finds near-duplicates across parts, and needs
nothing but numpy, so that `verify` can do it again; `foreign` reads other people's tables.
"""
