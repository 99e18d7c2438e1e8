"""One file per subject; `benchmarks/registry.py` finds them."""
