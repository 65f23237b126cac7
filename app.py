"""Promise Wall. `python3 app.py` sets up and serves; `python3 app.py test` sets up and tests; WSGI servers call `create_app`."""

if __name__ == "__main__":  # before any library: there may be none yet
    from deploy.start import main

    raise SystemExit(main())

from flask import Flask

import moderation
import pledges
from moderation import desk
from pledges.db import Database
from pledges.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The application, ready to serve; its tables are made by `flask --app app migrate`."""
    settings = (settings or Settings()).prepare()
    app = Flask(__name__)
    Database(settings.database_url).init_app(app)
    pledges.init_app(app, settings, desk=desk.Desk(settings))
    moderation.init_app(app, settings)
    return app
