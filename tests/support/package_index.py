"""A package index on this machine's loopback address, whose answers may be cached."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread


class _Handler(SimpleHTTPRequestHandler):
    """Answers from a folder; where it says so, a file comes half, until it is let go."""

    protocol_version = "HTTP/1.1"

    def end_headers(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path /= "index.html"
        if path.is_file():
            self.send_header("ETag", f'"{hashlib.sha256(path.read_bytes()).hexdigest()}"')
        self.send_header("Cache-Control", "public, max-age=3600")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def copyfile(self, source, outputfile) -> None:
        server = self.server
        if server.held and self.path.endswith(".whl"):
            data = source.read()
            outputfile.write(data[: len(data) // 2])
            outputfile.flush()
            server.reached.set()
            server.let_go.wait(60)
            outputfile.write(data[len(data) // 2 :])
            return
        super().copyfile(source, outputfile)


class PackageIndex(ThreadingHTTPServer):
    """The index of the files in a folder; `held` keeps wheels from coming whole."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), partial(_Handler, directory=folder))
        self.held = False
        self.reached, self.let_go = Event(), Event()
        self.url = f"http://127.0.0.1:{self.server_port}/simple/"

    def handle_error(self, *_: object) -> None:
        """A tool that was killed is no failure of the index."""


@contextmanager
def serve_packages(folder: Path, packages: Path) -> Iterator[PackageIndex]:
    """Serve the wheels and source archives in `packages`, from `folder`."""
    names: dict[str, list[str]] = {}
    for file in sorted(packages.iterdir()):
        name = file.name.partition("-")[0].replace("_", "-")
        (folder / "files").mkdir(parents=True, exist_ok=True)
        (folder / "files" / file.name).write_bytes(file.read_bytes())
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        link = f'<a href="/files/{file.name}#sha256={digest}">{file.name}</a>'
        names.setdefault(name, []).append(link)
    for name, links in names.items():
        place = folder / "simple" / name
        place.mkdir(parents=True)
        page = "<!DOCTYPE html><html><body>" + "<br>".join(links) + "</body></html>"
        (place / "index.html").write_text(page)
    with PackageIndex(folder) as index:
        thread = Thread(target=index.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield index
        finally:
            index.let_go.set()
            index.shutdown()
            thread.join()
