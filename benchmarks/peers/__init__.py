"""What we are compared with: each runs in a process of its own."""
