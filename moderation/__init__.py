"""What the public never sees: checks, the queue, decisions and their record, letters, and the moderators' desk."""

from __future__ import annotations

import os

from flask import Flask

from pledges.settings import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """The desk, the jobs and the commands work; where the web server asks for it, the worker's threads run here."""
    from moderation.cli import server
    from moderation.jobs import queue, worker
    from moderation.people import sign_in

    from . import cli, views

    queue.init_app(app, settings)
    sign_in.init_app(app, settings)
    views.init_app(app)
    cli.init_app(app)
    if os.environ.get(server.INSIDE) == "1":
        worker.start_inside(app)
