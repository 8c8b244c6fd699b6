"""The edge towards people and programs: the HTTP API, the operator console and what both share."""
