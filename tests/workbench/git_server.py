"""A git server behind TLS that wants a GitHub token as its login: `python -m tests.workbench.git_server FOLDER REPOSITORY`.

It says where it is (a line of JSON), and serves until its standard input ends.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.analysis import servers

USER = "x-access-token"


def main() -> None:
    """Serve the repository as /private/<its name>.git."""
    folder, repository = (Path(argument) for argument in sys.argv[1:])
    servers.USER = USER
    with servers.HttpsGitServer(folder) as server:
        server.publish(repository, f"private/{repository.name}.git")
        print(json.dumps({"origin": f"https://{server.host}", "certificate": str(server.certificate)}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
