"""Promise Wall. `python3 app.py` sets up and serves; `python3 app.py test` sets up and tests; WSGI servers call `create_app`."""

if __name__ == "__main__":  # before any library: there may be none yet
    from deploy.start import main

    raise SystemExit(main())

from flask import Flask


def create_app() -> Flask:
    """The application."""
    return Flask(__name__)
