"""Django's admin on the same tables with the same columns; it runs in an environment of its own."""
