from __future__ import annotations

import io

from rich.console import Console

from auto_deployer.cli.console import print_table

TITLES = ("App", "Status", "URL", "Directory")
ROWS = [("shop", "running", "http://127.0.0.1:20001/", "/home/me/deployments/shop"), ("日本", "crashed", "-", "/srv/x")]


def printed(width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    print_table(console, TITLES, ROWS)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_columns_stand_below_their_titles():
    assert printed(80) == [
        "App   Status   URL                      Directory",
        "shop  running  http://127.0.0.1:20001/  /home/me/deployments/shop",
        "日本  crashed  -                        /srv/x",
    ]


def test_columns_that_do_not_fit_stand_on_further_lines():
    assert printed(40) == [
        "App   Status   URL",
        "    Directory",
        "shop  running  http://127.0.0.1:20001/",
        "    /home/me/deployments/shop",
        "日本  crashed  -",
        "    /srv/x",
    ]


def test_no_cell_is_broken_however_narrow_it_is():
    shown = printed(10)
    assert all(any(line.strip() == cell for line in shown) for row in ROWS for cell in row)


def test_there_may_be_no_rows():
    console = Console(file=io.StringIO(), width=80)
    print_table(console, TITLES, [])
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "App  Status  URL  Directory\n"
