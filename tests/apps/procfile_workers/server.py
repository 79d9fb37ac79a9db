"""Shows what the worker beside it writes."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"The worker says {Path('worker.txt').read_text()}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Page).serve_forever()
