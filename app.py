"""Promise Wall. `python3 app.py` sets up and serves; `python3 app.py test` sets up and tests; servers call
`create_front` (ASGI: reads requests whole, within bounds), or `create_app` (WSGI) behind a server that buffers them."""

if __name__ == "__main__":  # before any library: there may be none yet
    from deploy.start import main

    raise SystemExit(main())

import gc

from flask import Flask

import moderation
import pledges
from moderation.door import desk
from pledges.db import EXTENSION, Database
from pledges.front import Front
from pledges.settings import Settings
from pledges.web import caching


def create_app(settings: Settings | None = None) -> Flask:
    """The application, ready to serve; its tables are made by `flask --app app migrate`."""
    settings = (settings or Settings()).prepare()
    app = Flask(__name__)
    Database(settings.database_url).init_app(app)
    pledges.init_app(app, settings, desk=desk.Desk(settings))
    moderation.init_app(app, settings)
    return app


def create_front(settings: Settings | None = None) -> Front:
    """The application behind its async front, which the web server runs as we start it ourselves."""
    settings = settings or Settings()
    app = create_app(settings)
    gc.collect()
    gc.freeze()  # what was made so far stays: to look through it again and again frees nothing
    return caching.front(app, app.extensions[EXTENSION], settings)
