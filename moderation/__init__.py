"""What the public never sees: checks, the queue, decisions and their record, letters, and the moderators' desk."""

from __future__ import annotations

import os

from flask import Flask

from pledges.settings import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """The desk, the jobs and the commands work; where the web server asks for it, the worker's threads run here."""
    from . import accounts, cli, jobs, views, worker

    jobs.init_app(app, settings)
    accounts.init_app(app, settings)
    views.init_app(app)
    cli.init_app(app)
    if os.environ.get(cli.INSIDE) == "1":
        worker.start_inside(app)
