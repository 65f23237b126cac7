"""A real WordPress, as Debian packages it, with MariaDB and PHP: copied, installed and served for one test."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.missing import leave_out
from tests.servers.ports import free_port

PACKAGED = Path("/usr/share/wordpress")
PROGRAMS = ("php", "mariadbd", "mariadb-install-db", "mariadb")
MISSING = "WordPress; to enable: apt-get install wordpress mariadb-server php-cli php-mysql php-xml wordpress-theme-twentytwentythree"
START_SECONDS = 60

# WordPress asks no address of its own machine, which is right everywhere but here.
LOOPBACK = """<?php
add_filter('http_request_host_is_external', '__return_true');
add_filter('http_allowed_safe_ports', function ($ports) { return array_merge($ports, array(%d)); });
"""
CONFIG = """<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:%(socket)s'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('WP_HOME', '%(url)s'); define('WP_SITEURL', '%(url)s'); define('WP_CONTENT_DIR', __DIR__ . '/wp-content');
define('DISABLE_WP_CRON', true); define('AUTOMATIC_UPDATER_DISABLED', true);
foreach (array('AUTH_KEY','SECURE_AUTH_KEY','LOGGED_IN_KEY','NONCE_KEY','AUTH_SALT','SECURE_AUTH_SALT','LOGGED_IN_SALT','NONCE_SALT') as $name) define($name, 'for a test');
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""
INSTALL = """<?php
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = 'localhost';
require __DIR__ . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Wrenfield Schools Together', 'admin', 'admin@example.org', true, '', 'seven quiet rivers run');
"""
POST = """<?php
$_SERVER['HTTP_HOST'] = 'localhost';
require __DIR__ . '/wp-load.php';
$given = json_decode(stream_get_contents(STDIN), true);
wp_set_current_user(1);
echo wp_insert_post(array('post_title' => $given['title'], 'post_content' => $given['content'], 'post_status' => 'publish'));
"""


class WordPress:
    """The site, and what its editors do there."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder, self.url = folder, url

    def posts(self, title: str, content: str) -> str:
        """A post is published; its address."""
        given = json.dumps({"title": title, "content": content})
        return f"{self.url}/?p={php(self._folder, 'post.php', given)}"


@contextmanager
def wordpress(wall_port: int) -> Iterator[WordPress]:
    """Installed anew, and allowed to ask the wall on this machine's port."""
    if not PACKAGED.exists() or not all(shutil.which(each) for each in PROGRAMS):
        leave_out(MISSING)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wp-", dir="/tmp")))
        socket = stack.enter_context(mariadb(folder))
        port = free_port()
        url = f"http://localhost:{port}"
        site = folder / "site"
        shutil.copytree(PACKAGED, site, symlinks=False, ignore_dangling_symlinks=True)
        plugins = site / "wp-content" / "mu-plugins"
        plugins.mkdir(parents=True)
        (plugins / "loopback.php").write_text(LOOPBACK % wall_port)
        (site / "wp-config.php").write_text(CONFIG % {"socket": socket, "url": url})
        (site / "install.php").write_text(INSTALL)
        (site / "post.php").write_text(POST)
        php(site, "install.php")
        stack.enter_context(served(site, port))
        yield WordPress(site, url)


def php(site: Path, script: str, given: str = "") -> str:
    """What the script says."""
    done = subprocess.run(["php", script], cwd=site, input=given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@contextmanager
def mariadb(folder: Path) -> Iterator[Path]:
    """A database server of this test's own; the path of its socket."""
    data, socket = folder / "data", folder / "db.sock"
    as_user = ["--user=root"] if os.geteuid() == 0 else []
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", *as_user],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    running = subprocess.Popen(
        ["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={socket}", "--skip-networking", *as_user],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until(socket.exists)
        ask = ["mariadb", "--no-defaults", f"--socket={socket}", "--user=root", "-e", "CREATE DATABASE wordpress"]
        until(lambda: subprocess.run(ask, capture_output=True).returncode == 0)
        yield socket
    finally:
        running.terminate()
        running.wait(30)


@contextmanager
def served(site: Path, port: int) -> Iterator[None]:
    running = subprocess.Popen(
        ["php", "-S", f"localhost:{port}", "-t", str(site)],
        env={**os.environ, "PHP_CLI_SERVER_WORKERS": "4"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        until(lambda: answers(f"http://localhost:{port}/wp-login.php"))
        yield
    finally:
        os.killpg(running.pid, 15)
        running.wait(30)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def until(true: object) -> None:
    """Waits for it."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if callable(true) and true():
            return
        time.sleep(0.1)
    raise TimeoutError(true)
