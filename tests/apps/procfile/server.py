import argparse
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

parser = argparse.ArgumentParser()
parser.add_argument("--greeting", required=True)
options = parser.parse_args()


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        body = options.greeting.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


HTTPServer((os.environ.get("HOST", "127.0.0.1"), int(os.environ["PORT"])), Page).serve_forever()
