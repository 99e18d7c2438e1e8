"""Measurements of speed and safety against limits, peers and controls: `make bench`. See docs/performance.md."""
