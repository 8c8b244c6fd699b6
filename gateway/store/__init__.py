"""The store: tables, queries and migrations on PostgreSQL and SQLite; each module implements one port of the core."""
