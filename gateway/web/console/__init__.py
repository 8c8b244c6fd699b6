"""The operator console: server-rendered pages that work without scripts, live figures where there are scripts.

``gateway.web.console.application.console_application`` builds it; ``routes.routes`` is all that it answers.
"""
