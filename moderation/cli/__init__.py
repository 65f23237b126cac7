"""Commands for those who run the wall: `flask --app app …`."""

from __future__ import annotations

from flask import Flask

from .campaigns import campaign_commands
from .people import moderator_commands
from .server import migrate, run_worker, serve
from .upkeep import demo_command, doctor_command, forget, rebuild_counters, record_commands


def init_app(app: Flask) -> None:
    for group in (campaign_commands, moderator_commands, record_commands):
        app.cli.add_command(group)
    for command in (migrate, serve, run_worker, demo_command, rebuild_counters, forget, doctor_command):
        app.cli.add_command(command)
