"""Work that is measured in a process of its own, so that its memory is its own."""
