"""A real PostgreSQL for the tests, in a folder of its own, reached through a socket in it alone."""

import contextlib
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import pytest

_PLACES = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt/postgresql")


def find_programs():
    """Return the folder with `initdb` and `pg_ctl`, of the newest release that is installed; None where none is."""
    found = [path.parent for place in _PLACES for path in pathlib.Path(place).glob("**/bin/initdb")]
    on_path = shutil.which("initdb")
    newest = sorted(found, key=lambda path: [int(part) for part in path.parts if part.isdigit()])
    return newest[-1] if newest else pathlib.Path(on_path).parent if on_path else None


def _find_user():
    """Return an account that the server may run as, which root is not; None where we are one ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    pytest.skip("PostgreSQL does not run as root, and there is neither the user postgres nor nobody")


class Server:
    """A running server; `address(database)` is what a client connects to."""

    def __init__(self, programs, folder, user):
        self.programs = programs
        self.folder = folder
        self._user = user

    def run(self, program, *arguments):
        """Run one of the server's programs as the server's user."""
        as_user = {} if self._user is None else {"user": self._user.pw_uid, "group": self._user.pw_gid}
        return subprocess.run(
            [self.programs / program, *arguments],
            check=True,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
            **as_user,
        )

    def start(self):
        self.run("initdb", "-D", "data", "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-k {self.folder} -c listen_addresses='' -F"
        self.run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")

    def stop(self):
        self.run("pg_ctl", "-D", "data", "-w", "-m", "immediate", "stop")

    def address(self, database="postgres"):
        return f"postgresql://tester@/{database}?host={self.folder}"


@pytest.fixture(scope="session")
def postgres():
    """A server without any tables, for the whole session; the tests that use it clean up after themselves."""
    programs = find_programs()
    if programs is None:
        pytest.skip("needs PostgreSQL (Debian package `postgresql`), which is not installed")
    user = _find_user()
    folder = pathlib.Path(
        tempfile.mkdtemp(prefix="pg", dir="/tmp")
    )  # a socket's path has room for 100 characters
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    server = Server(programs, folder, user)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(postgres):
    """An open connection to an empty database of its own, which is dropped afterwards; `address` is its address."""
    psycopg = pytest.importorskip("psycopg", reason="needs the extra `postgres`")
    with psycopg.connect(postgres.address(), autocommit=True) as administrator:
        administrator.execute("DROP DATABASE IF EXISTS trial")
        administrator.execute("CREATE DATABASE trial")
        with psycopg.connect(postgres.address("trial"), autocommit=True) as connection:
            yield connection
        administrator.execute("DROP DATABASE trial WITH (FORCE)")
