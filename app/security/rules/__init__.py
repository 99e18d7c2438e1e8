"""The scope of every entity (ORG-6): bureaus see their subtree, institutions, schools and teachers their own.

One file per chapter. Subtrees are written as `IN (SELECT …)`: on SQLite the EXISTS form of `relationship.has()` is
fifty times slower. Importing this package declares all rules.
"""

from app.security.rules import accounts, common, enrollment, operation, people, places, programmes, transfers

__all__ = ["accounts", "common", "enrollment", "operation", "people", "places", "programmes", "transfers"]
