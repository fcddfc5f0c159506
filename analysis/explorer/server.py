"""`zdscan explore` and `zdscan.explore`: the page served to this machine alone, at an address that nobody can guess."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import sys
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zdscan.analysis.explorer.planes import Planes, Request
from zdscan.analysis.explorer.start import Start, of_case, start_of
from zdscan.errors import UserError

if TYPE_CHECKING:
    from bokeh.document import Document

    from zdscan.physics.cases import Case
    from zdscan.scan.scanfile import Scan

HOST = "127.0.0.1"
_HEIGHT = 800  # pixels, in a notebook


class Explorer:
    """A running explorer; it ends with `stop`, or with the process.

    Attributes
    ----------
    url : the address of the page, with a random part.
    """

    def __init__(self, start: Start, port: int = 0) -> None:
        need_bokeh()
        self.start = start
        self.planes = Planes(start.physics())
        self.url = ""
        self._port = port
        self._ready, self._fault = threading.Event(), ""
        self._thread = threading.Thread(target=self._serve, name="zdscan explore server", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._fault:
            raise UserError(self._fault)
        threading.Thread(target=self._warm, name="zdscan explore tables", daemon=True).start()

    def _warm(self) -> None:
        """Load the kernels while the browser opens."""
        start = self.start
        self.planes.compute(Request(start.x, start.y, start.scales, start.held, points=2))

    def __repr__(self) -> str:
        return f"Explorer({self.start.title}, at {self.url})"

    def _repr_html_(self) -> str:
        """What a notebook shows: the page itself."""
        return f'<iframe src="{self.url}" width="100%" height="{_HEIGHT}" style="border:0"></iframe>'

    def wait(self) -> None:
        """Return when the explorer was stopped."""
        while self._thread.is_alive():
            self._thread.join(0.2)  # in pieces, so that Ctrl-C is heard

    def stop(self) -> None:
        """End the server and the pages that are open."""
        if self._thread.is_alive():
            self._loop.add_callback(self._loop.stop)
            self._thread.join(10.0)

    def _serve(self) -> None:
        from bokeh.application import Application
        from bokeh.application.handlers import FunctionHandler
        from bokeh.server.server import Server

        for name in ("bokeh", "tornado"):
            logging.getLogger(name).setLevel(logging.ERROR)
        asyncio.set_event_loop(asyncio.new_event_loop())
        token = secrets.token_urlsafe(18)
        port = self._port or _free_port()
        application = Application(FunctionHandler(lambda document: show(self.start, document, self.planes)))
        try:
            server = Server(
                {f"/{token}": application},
                address=HOST,
                port=port,
                allow_websocket_origin=[f"{HOST}:{port}", f"localhost:{port}"],
                use_index=False,
                redirect_root=False,
                unused_session_lifetime_milliseconds=60_000,  # a browser on a busy machine may take its time to connect
            )
        except OSError as error:
            self._fault = f"Port {port} cannot be used: {error.strerror or error}; choose another --port."
            self._ready.set()
            return
        self._loop = server.io_loop
        self.url = f"http://{HOST}:{port}/{token}"
        server.start()
        self._loop.add_callback(self._ready.set)
        self._loop.start()
        server.stop()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


def need_bokeh() -> None:
    """Raise `UserError` where the extra `explore` is not installed."""
    try:
        import bokeh  # noqa: F401
    except ImportError:
        raise UserError(
            "zdscan explore needs the package bokeh; install it with `pip install 'zdscan[explore]'`."
        ) from None


def show(start: Start, document: Document, planes: Planes | None = None) -> None:
    """Fill one page: where the explorer starts, or the case that its address names; what is wrong is a sentence."""
    from zdscan.analysis.explorer.page import Page

    context = document.session_context
    asked = {} if context is None or context.request is None else context.request.arguments
    try:
        if case := b"".join(asked.get("case", [])[:1]).decode("utf-8", "replace"):
            start, planes = of_case(case), None
        Page(start, document, planes)
    except UserError as error:
        from bokeh.models import Div

        from zdscan.analysis.explorer import look

        document.add_root(Div(text=f"<style>{look.CSS}</style>{look.fault(error.messages)}"))


def explore(
    source: str | Path | Scan | None = None,
    *,
    case: str | Case | None = None,
    port: int = 0,
    browser: bool | None = None,
    **settings: Any,
) -> Explorer:
    """Open the live explorer: planes, limits and regions, computed while sliders are dragged. Docs: docs/explore.md.

    In a notebook the returned object shows the page; elsewhere a browser opens. Only this machine can reach it.

    Parameters
    ----------
    source : a scan (`load_scan`), the path of a scan file, or that of a grid file, which ends in .h5.
    case : instead of a source, a case as for `evaluate`; Case C where neither is given.
    port : of the server; 0 takes any that is free.
    browser : whether a browser is opened; by default unless in a notebook.
    settings : of `evaluate`, for a case.

    Returns
    -------
    Explorer : with its `url`; `stop()` ends it and `wait()` returns when it has ended.

    Raises
    ------
    UserError : the source or case cannot be used, bokeh is not installed, or the port is taken.
    """
    need_bokeh()
    running = Explorer(start_of(source, case, **settings), port)
    if browser if browser is not None else not _in_notebook():
        webbrowser.open(running.url)
    return running


def _in_notebook() -> bool:
    return "ipykernel" in sys.modules


def serve(start: Start, port: int, browser: bool) -> None:
    """Serve until Ctrl-C, as the command does."""
    running = Explorer(start, port)
    print(f"zdscan explore: {running.url}", flush=True)
    print("Only this machine can open it; Ctrl-C stops it.", flush=True)
    if browser:
        webbrowser.open(running.url)
    try:
        running.wait()
    except KeyboardInterrupt:
        print("stopped")
    finally:
        running.stop()
