"""The database: what a table is made of, and how a piece of work is committed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g
from sqlalchemy import (
    JSON,
    BigInteger,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Integer,
    MetaData,
    Result,
    ScalarSelect,
    Select,
    create_engine,
    event,
    select,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, SessionTransaction
from sqlalchemy.types import TypeDecorator

EXTENSION = "wall.database"
TRIES = 5  # of two that wait for each other
DEADLOCK = "40P01"  # PostgreSQL, appendix A: deadlock_detected
BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03", "57014", DEADLOCK)  # lock_not_available, query_canceled
LOCK_SECONDS = 4  # a writer waits that long for another, then is told to come back: readers need the threads
# of PostgreSQL's connections: where a cable was pulled there is an error soon, while TCP alone waits a quarter of an hour
IN_TIME: dict[str, Any] = {"connect_timeout": 5, "tcp_user_timeout": 5000, "keepalives_idle": 10, "keepalives_count": 2}
STATE_CHARS = 24  # every enum is kept as text of one width, so a new member needs no migration

BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite only numbers rows itself for INTEGER

T = TypeVar("T")


class Utc(TypeDecorator[datetime]):
    """An aware moment in UTC; a naive datetime is refused, since nobody can say what it means."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Translated(dict[str, str]):
    """The same words in several languages, by language tag."""

    def in_(self, lang: str) -> str:
        """The words in `lang`, else in English, else in whatever language there is; none: an empty string."""
        return self.get(lang) or self.get("en") or next(iter(self.values()), "")

    def lang_of(self, lang: str) -> str:
        """The language that `in_(lang)` answers in, for the `lang` attribute."""
        if self.get(lang):
            return lang
        return "en" if self.get("en") else next(iter(self), lang)


class TranslatedText(TypeDecorator[Translated]):
    """Translated words in a JSON column."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, str] | None, dialect: Dialect) -> dict[str, str] | None:
        return None if value is None else dict(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Translated | None:
        return None if value is None else Translated(value)


def text_enum(kind: type[StrEnum]) -> Enum:
    """An enum stored as its value, in text of one width and without a CHECK, so that members can be added."""
    return Enum(
        kind,
        native_enum=False,
        length=STATE_CHARS,
        create_constraint=False,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """Every table: named constraints, so that migrations read alike on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads a plain dict)
        datetime: Utc,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[dict[str, str]]: JSON,
        Translated: TranslatedText,
    }


def open_engine(url: str) -> Engine:
    """An engine that keeps what it acknowledged: on SQLite WAL with full sync, and BEGIN issued by us."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        patience = {"timeout": LOCK_SECONDS, "check_same_thread": False}
        engine = create_engine(url, hide_parameters=True, connect_args=patience)  # the log is no place for words
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=8,
        connect_args={"options": "-c lock_timeout=10000 -c statement_timeout=30000", **IN_TIME},
    )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver would otherwise begin by itself, and always DEFERRED
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"busy_timeout={LOCK_SECONDS * 1000}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    # IMMEDIATE for all that writes (`WallSession.lock`): a DEFERRED transaction that upgrades fails at once when
    # somebody else wrote in between, and read-modify-write would lose updates.
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('sqlite_begin', 'DEFERRED')}")


class WallSession(Session):
    """Reads in a transaction that keeps nobody waiting; at its first write, or FOR UPDATE, it begins anew with SQLite's one lock.

    So the lock is held from there to the commit, however long was read before. What was read before the
    lock may be old by then, as on PostgreSQL: what must not be is read again, which `transaction()` sees to.
    """

    def __init__(self, engine: Engine, when_moved: Sequence[Callable[[], None]] = ()) -> None:
        super().__init__(engine, expire_on_commit=False)
        self.when_moved = when_moved

    def lock(self) -> None:
        """From here on nobody else writes, on SQLite, until this transaction ends."""
        if self.info.get(WRITES):
            return
        if not self.in_transaction():
            self.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
        elif self.connection().dialect.name == "sqlite":
            self.connection().exec_driver_sql("COMMIT")  # nothing was written: it only ends what was read
            self.connection().exec_driver_sql("BEGIN IMMEDIATE")
        self.info[WRITES] = True


WRITES = "writes"
MOVED = "moved"  # what is shown has changed in this transaction
TOLD = "told"  # it is committed, and is told of when the connection is given back


@event.listens_for(WallSession, "before_flush")
def _lock_to_flush(session: WallSession, *_given: Any) -> None:
    if session.new or session.dirty or session.deleted:
        session.lock()


@event.listens_for(WallSession, "do_orm_execute")
def _lock_to_execute(state: ORMExecuteState) -> None:
    locks = state.is_select and getattr(state.statement, "_for_update_arg", None) is not None
    if locks or state.is_insert or state.is_update or state.is_delete:
        cast(WallSession, state.session).lock()


@event.listens_for(WallSession, "after_transaction_end")
def _unlocked(session: WallSession, ended: SessionTransaction) -> None:
    if ended.parent is not None:
        return
    session.info.pop(WRITES, None)
    session.info.pop(MOVED, None)
    if session.info.pop(TOLD, False):
        for tell in session.when_moved:
            tell()


@event.listens_for(WallSession, "after_commit")
def _moved(session: WallSession) -> None:
    """Only what is committed whole: the end of a savepoint is called a commit, too."""
    if not session.in_nested_transaction() and session.info.pop(MOVED, False):
        session.info[TOLD] = True


class Database:
    """The engine, and one session for each request or job."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = open_engine(url)
        self.when_moved: list[Callable[[], None]] = []  # called after the commit of what changes what is shown

    def init_app(self, app: Flask) -> None:
        app.extensions[EXTENSION] = self
        app.teardown_appcontext(lambda _error: self.close_session())

    def new_session(self) -> WallSession:
        return WallSession(self.engine, self.when_moved)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction of its own, beside that of the request; as `transaction()` otherwise."""
        with self.new_session() as session:
            session.lock()
            yield session
            session.commit()

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A session of its own that reads everything as of one moment, however long it takes, and keeps nobody waiting."""
        with self.new_session() as session:
            if self.engine.dialect.name != "sqlite":  # which reads so anyway
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    @property
    def session(self) -> WallSession:
        """The session of this request or job."""
        if "wall_session" not in g:
            g.wall_session = self.new_session()
        return g.wall_session

    def close_session(self) -> None:
        session = g.pop("wall_session", None)
        if session is not None:
            session.close()


def database() -> Database:
    return current_app.extensions[EXTENSION]


def reading() -> Session:
    """The session of this request; what it reads is one snapshot."""
    return database().session


@contextmanager
def transaction() -> Iterator[Session]:
    """All that is written inside is stored when the block ends, or nothing of it is.

    What was read before is read again inside, where it is used.
    """
    session = database().session
    if not session.info.get(WRITES):
        session.expire_all()
    try:
        session.lock()
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


def until_stored(work: Callable[[], T]) -> T:
    """What `work`, with transactions of its own, answers; where two waited for each other, who was stopped tries again."""
    for _ in range(TRIES - 1):
        try:
            return work()
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", "") != DEADLOCK:
                raise
    return work()


class Values:
    """Single values that are asked for here and there, and answered by one statement when the first of them is read.

    Whatever is asked for after that comes by the next one.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asked: list[ScalarSelect[Any]] = []
        self._answers: list[Any] = []

    def ask(self, query: Select[Any]) -> Callable[[], Any]:
        """The value of this query, which has one column and one row at most; none: no row, or no value in it."""
        place = len(self._asked)
        self._asked.append(query.scalar_subquery())
        return lambda: self._answer(place)

    def _answer(self, place: int) -> Any:
        if place >= len(self._answers):
            new = self._asked[len(self._answers) :]
            self._answers += self._session.execute(select(*new)).one()
        return self._answers[place]


def cause_of(error: SQLAlchemyError) -> str:
    """What the database says is wrong, by its own name for it and without any value."""
    origin = getattr(error, "orig", None) or error
    return str(getattr(origin, "sqlite_errorname", None) or getattr(origin, "sqlstate", None) or type(origin).__name__)


def is_busy(error: OperationalError) -> bool:
    """Whether others were at work for too long, so that trying again helps; else it cannot be reached, or cannot write."""
    return cause_of(error).startswith(BUSY)


def rows_of(result: Result[Any]) -> int:
    """How many rows a writing statement met."""
    return cast("CursorResult[Any]", result).rowcount


def utcnow() -> datetime:
    return datetime.now(UTC)
