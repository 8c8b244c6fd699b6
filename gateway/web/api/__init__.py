"""The HTTP API. ``gateway.web.api.application.api_application`` builds it; ``routes.ROUTES`` is all that it answers."""
