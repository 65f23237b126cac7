"""Every knob of the wall: its environment name, unit and default."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Literal

from flask import current_app
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from . import networks, safety

EXTENSION = "wall.settings"
VERSION = "0.1.0"
HERE = Path(__file__).resolve().parent.parent


class SettingsError(ValueError):
    """A setting that the wall refuses to start with; the text says what to mend."""


class Settings(BaseSettings):
    """Read once from the environment at start. Names are those of the environment in lower case."""

    model_config = SettingsConfigDict(env_prefix="WALL_", extra="ignore", frozen=False)

    env: Literal["development", "production"] = "development"
    instance: Path = Field(default=HERE / "instance", description="folder for what is ours on disk")
    database_url: str = Field(default="", description="SQLAlchemy address; none: an SQLite file in the folder above")
    redis_url: str | None = Field(default=None, description="limits and jobs; none: a file each in the folder")
    secret_key: SecretStr = Field(default=SecretStr(""), description="at least 32 characters; made on first run")
    secret_key_fallbacks: list[str] = Field(default_factory=list, description="older keys, for sessions and forms")
    base_url: str = Field(default="", description="https address that visitors use; none: host and port")
    host: str = "127.0.0.1"
    port: int = 8000
    mail_from: str = Field(default="Promise Wall <wall@localhost>", description="sender of every letter")
    mail_url: SecretStr = Field(default=SecretStr(""), description="smtp://user:password@host:port; none: files")
    mail_in_clear: bool = Field(
        default=False, description="send the mail server's password though the line is not encrypted"
    )
    proxies: str = Field(
        default="", description="addresses or networks of our reverse proxies; 'none' says there are none"
    )
    akismet_api_key: SecretStr = Field(default=SecretStr(""), validation_alias="AKISMET_API_KEY")
    akismet_endpoint: str = Field(default="https://rest.akismet.com", description="an Akismet-compatible service")
    akismet_timeout_seconds: float = Field(default=15.0, gt=0)
    akismet_calls_a_day: int = Field(default=2000, ge=0, description="calls; beyond it items wait unchecked")
    undo_seconds: int = Field(default=30, ge=0, description="seconds in which a decision can be undone unseen")
    limit_promises: str = "5/minute; 30/hour"
    limit_comments: str = "10/minute; 60/hour"
    limit_reports: str = "5/minute; 30/hour"
    limit_email: str = "5/day"
    limit_letters: str = "3/hour"
    limit_codes: str = Field(default="10/minute; 60/hour", description="wrong codes of events")
    limit_sign_in: str = Field(
        default="5/minute; 10/10 minutes; 20/hour; 40/day", description="the wait grows with the tries"
    )
    limit_api: str = "120/minute"
    limit_receipts: str = Field(default="30/minute", description="acts of authors on their private pages")
    limit_campaign: str = Field(
        default="200/minute; 4000/hour", description="per campaign: alarms and tightens, shuts nobody out"
    )
    limit_staff_link: int = Field(
        default=5_000, ge=1, description="promises by one link for the colleagues of an organisation"
    )
    staff_link_days: int = Field(default=90, ge=1, description="days that such a link counts")
    threads: int = Field(default=8, ge=1, le=64, description="requests that one web process works on at once")
    pages_mib: int = Field(default=16, ge=1, le=4096, description="MiB of finished pages that one web process keeps")
    body_idle_seconds: float = Field(default=5.0, gt=0, description="seconds without a byte of a request's body")
    body_seconds: float = Field(default=20.0, gt=0, description="seconds for all of a request's body")
    body_bytes: int = Field(default=256 * 1024, ge=64 * 1024, description="bytes of a request's body")
    evidence_kept_days: int = Field(default=30, description="days that address and browser of a sender are kept")
    child_evidence_kept_days: int = Field(default=7, description="days, where children take part")
    spam_kept_days: int = Field(default=15, description="days that spam lies in quarantine")
    rejected_kept_days: int = Field(default=183, description="days that declined words are kept")
    withdrawn_kept_days: int = Field(default=30, description="days in which a withdrawn promise can be put back")
    appeal_days: int = Field(default=14, description="days in which an author may ask a second moderator")

    @field_validator("base_url", "akismet_endpoint")
    @classmethod
    def _no_slash_at_the_end(cls, value: str) -> str:
        return value.rstrip("/")

    @model_validator(mode="after")
    def _fill_in(self) -> Settings:
        self.instance = self.instance.resolve()
        if not self.database_url:
            self.database_url = f"sqlite:///{self.instance / 'wall.db'}"
        elif self.database_url.startswith(("postgres://", "postgresql://")):
            self.database_url = "postgresql+psycopg://" + self.database_url.split("://", 1)[1]
        if not self.base_url:
            self.base_url = f"http://{self.host}:{self.port}"
        return self

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def secure(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def proxy_networks(self) -> tuple[networks.Network, ...]:
        """The networks whose X-Forwarded-For we believe; raises SettingsError for what is no network."""
        names = [name for name in self.proxies.replace(",", " ").split() if name.lower() != "none"]
        try:
            return networks.networks_of(names)
        except ValueError as error:
            raise SettingsError(f"WALL_PROXIES: {error}") from None

    def prepare(self) -> Settings:
        """The folder exists and a secret is there; raises SettingsError where production lacks something."""
        safety.keep_to_ourselves(self.instance)
        if not self.secret_key.get_secret_value():
            if self.production:
                raise SettingsError("WALL_SECRET_KEY is missing: set it to 64 random characters and keep it safe")
            self.secret_key = SecretStr(_development_secret(self.instance / "secret-key"))
        problems = [*self.problems()] if self.production else []
        if problems:
            raise SettingsError("; ".join(problems))
        return self

    def problems(self) -> list[str]:
        """What forbids this configuration in production, each with what to do."""
        found = [
            safety.weak_secret("WALL_SECRET_KEY", self.secret_key.get_secret_value()),
            *(safety.weak_secret("WALL_SECRET_KEY_FALLBACKS", each) for each in self.secret_key_fallbacks),
            self._wide_proxies(),
            safety.debugging(),
            safety.sends_in_clear("WALL_AKISMET_ENDPOINT", self.akismet_endpoint),
            safety.no_mail_address(self.mail_url.get_secret_value()),
        ]
        if not self.secure:
            found.append("WALL_BASE_URL must be the https address that visitors use")
        if not self.proxies.strip():
            found.append("WALL_PROXIES must name the reverse proxy's address, or 'none' if there is none")
        return [each for each in found if each]

    def _wide_proxies(self) -> str | None:
        try:
            return safety.believed_by_too_many(self.proxy_networks)
        except SettingsError as error:
            return str(error)


def _development_secret(path: Path) -> str:
    """The secret of this folder, made on the first run and readable by its owner alone."""
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32))
        try:
            path.hardlink_to(fresh)  # two first runs at once must agree on one secret
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()


def settings() -> Settings:
    """The settings of the running application."""
    return current_app.extensions[EXTENSION]
