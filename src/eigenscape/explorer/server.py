"""Serves the explorer on this machine until Ctrl-C.

waitress rather than Flask's own server, which is made for development and says so: pure Python, a
megabyte, no configuration, threads that wait for slow readers. Bound to the loopback interface
unless told otherwise.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Callable
from pathlib import Path

from eigenscape.errors import BadInput
from eigenscape.extras import require_extra

THREADS = 4
"""One computes, the others hand out files and answer downloads; a page sends one request at a
time."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the host.

    Example:
        >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
        (True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve(results: Path, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve until interrupted.

    Args:
        results: folder with studies.
        host: to bind to.
        port: to bind to; 0: any that is free.
        say: prints a line to the user.

    Raises:
        BadInput: the host or the port cannot be used.
        MissingExtra: the libraries of the page are not installed.
    """
    require_extra("explorer", "dash", "flask", "waitress")
    import waitress  # noqa: PLC0415

    from eigenscape.explorer.app import build  # noqa: PLC0415

    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        fix = "give --port 0 for any free port, or another --host"
        raise BadInput.field(
            f"--host {host} --port {port}",
            "an address that can be bound",
            str(error.strerror or error),
            fix,
        ) from None
    own = is_loopback(host)
    hosts = frozenset({"127.0.0.1", "localhost", "::1", host}) if own else None
    if not own:
        say(
            f"Warning: whoever reaches {host} can use this page and read the results; there is no"
            " authentication."
        )
    application = build(results, hosts)
    # a burst of files on opening is no news
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = waitress.create_server(
        application.server, sockets=[listening], threads=THREADS, ident=None
    )
    shown = f"[{host}]" if ":" in host else host
    say(f"The explorer is at http://{shown}:{listening.getsockname()[1]}/ (Ctrl-C ends it)")
    try:
        server.run()
    finally:
        server.close()
