"""Clients of PostgreSQL, unmodified, through an endpoint and by the add-on's own URL, as `heroku config` prints them.

psql is Debian's: that of the wheel speaks no TLS.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
import trustme
from account import Account
from article import Article, authority
from heroku_cli import Heroku
from live import Server, serving
from psycopg import sql

PATIENCE = 60
"""Seconds that a program may take."""
ROWS = [(number, f"row {number}") for number in range(1_000)]
Insert = Callable[[str, str], None]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server with a data plane."""
    with serving("--ephemeral", "--data-plane", "--redis-server", "fakeredis") as running:
        yield running


@pytest.fixture
def world(account: Account) -> Account:
    """The sandbox that everybody works in."""
    return account


def psql(url: str, *arguments: str, typed: str = "") -> str:
    """What psql prints, its complaints included."""
    assert shutil.which("psql"), "psql is not installed: run `make test`"
    environment = {"PATH": os.environ["PATH"], "PGCONNECT_TIMEOUT": str(PATIENCE)}
    command = ["psql", url, "--no-psqlrc", "--tuples-only", "--no-align", *arguments]
    done = subprocess.run(command, env=environment, input=typed, capture_output=True, text=True, timeout=PATIENCE)
    return (done.stdout + done.stderr).strip()


def by_psql(url: str, table: str) -> None:
    """Insert the rows by COPY from what psql is given."""
    lines = "".join(f"{number}\t{text}\n" for number, text in ROWS)
    said = psql(url, typed=f"CREATE TABLE {table} (number int, text text);\n\\copy {table} FROM pstdin\n{lines}\\.\n")
    assert said == "CREATE TABLE\nCOPY 1000"


def by_psycopg(url: str, table: str) -> None:
    """Insert the rows one by one, in a pipeline."""
    name = sql.Identifier(table)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        assert connection.info.pgconn.ssl_in_use
        cursor.execute(sql.SQL("CREATE TABLE {} (number int, text text)").format(name))
        cursor.executemany(sql.SQL("INSERT INTO {} VALUES (%s, %s)").format(name), ROWS)


def by_sqlalchemy(url: str, table: str) -> None:
    """Insert the rows by a statement of SQLAlchemy's, which wants to be told of its driver, as with the real thing."""
    engine = sqlalchemy.create_engine(url.replace("postgres://", "postgresql+psycopg://"))
    made = sqlalchemy.Table(
        table,
        sqlalchemy.MetaData(),
        sqlalchemy.Column("number", sqlalchemy.Integer),
        sqlalchemy.Column("text", sqlalchemy.Text),
    )
    with engine.begin() as connection:
        made.create(connection)
        connection.execute(made.insert(), [dict(zip(("number", "text"), row, strict=True)) for row in ROWS])
    engine.dispose()


CLIENTS: Mapping[str, Insert] = {"psql": by_psql, "psycopg": by_psycopg, "SQLAlchemy": by_sqlalchemy}


def rows(url: str, table: str) -> list[tuple[int, str]]:
    """All rows of a table."""
    with psycopg.connect(url) as connection:
        found = connection.execute(sql.SQL("TABLE {} ORDER BY number").format(sql.Identifier(table)))
        return [(number, text) for number, text in found]


def test_rows_go_in_through_the_endpoint(world: Account, heroku: Heroku, tmp_path: Path) -> None:
    """A thousand rows of each client are there by the add-on's own URL, and the CLI finds the same database."""
    article = Article.begin(world, heroku, "heroku-postgresql:private-4", 5432)
    endpoint, _ = article.available()
    config = article.config
    url, own = config[article.variable(endpoint)], config["DATABASE_URL"]
    assert article.interfaces(endpoint) == 3 * [url.rpartition("@")[2].partition(":")[0]]
    for name, insert in CLIENTS.items():
        table = f"by_{name.lower()}"
        insert(url, table)
        assert rows(own, table) == ROWS
    is_encrypted(article, url, tmp_path)
    the_cli_agrees(article, own)
    is_cut_off(article, endpoint, url)


def is_encrypted(article: Article, url: str, folder: Path) -> None:
    """Clients get in that verify the server, or only ask for TLS; without it, PostgreSQL's own words refuse them."""
    trusted = authority(article.account, folder)
    assert psql(f"{url}?sslmode=require", "-c", "SELECT 1") == "1"
    assert psql(f"{url}?sslmode=verify-full&sslrootcert={trusted}", "-c", "SELECT 1") == "1"
    assert "certificate verify failed" in psql(f"{url}?sslmode=verify-full&sslrootcert={stranger(folder)}", "-c", ";")
    host, user, database = "127.0.0.1", url.split("/")[2].partition(":")[0], url.rpartition("/")[2]
    said = f'FATAL:  no pg_hba.conf entry for host "{host}", user "{user}", database "{database}", no encryption'
    assert psql(f"{url}?sslmode=disable", "-c", "SELECT 1").endswith(said)


def stranger(folder: Path) -> Path:
    """The certificate of an authority that nobody asked."""
    file = folder / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(file)
    return file


def the_cli_agrees(article: Article, own: str) -> None:
    """`pg:psql`, `pg:info` and `pg:credentials:url` are about the same database."""
    heroku, app = article.heroku, ("-a", "ferry")
    assert "1000" in heroku("pg:psql", "-c", "SELECT count(*) FROM by_psql", *app)
    assert own in heroku("pg:credentials:url", *app)
    info = heroku("pg:info", *app)
    assert "=== DATABASE_URL" in info
    assert article.addon in info


def is_cut_off(article: Article, endpoint: str, url: str) -> None:
    """A rotation and a reject end what goes on; the old password is wrong, and what was rejected refuses."""
    with psycopg.connect(url) as inside:
        article.heroku("pg:credentials:rotate", *("-a", "ferry"), "--confirm", "ferry")
        with pytest.raises(psycopg.OperationalError):
            inside.execute("SELECT 1")
    user = url.split("/")[2].partition(":")[0]
    assert f'password authentication failed for user "{user}"' in psql(url, "-c", "SELECT 1")
    renewed = article.config[article.variable(endpoint)]
    assert rows(renewed, "by_psql") == ROWS
    service = article.account.get(article.link)["service_name"].rpartition(".")[2]
    with psycopg.connect(renewed) as inside:
        article.account.operator.reject_vpc_endpoint_connections(ServiceId=service, VpcEndpointIds=[endpoint])
        with pytest.raises(psycopg.OperationalError):
            inside.execute("SELECT 1")
    assert "Connection refused" in psql(renewed, "-c", "SELECT 1")
