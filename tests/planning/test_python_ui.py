"""Python pages that a framework serves by its own command or by its own means."""

from __future__ import annotations

import pytest

from auto_deployer.model.plan import CommandCheck
from auto_deployer.planning.recipe import Draft
from auto_deployer.planning.recipes.python import PythonRecipe

from .conftest import DictTree, plan_input


def drafted(files: dict[str, str]) -> Draft:
    found = PythonRecipe().detect(DictTree(files))
    assert found is not None
    return PythonRecipe().draft(plan_input(found), found)


@pytest.mark.parametrize(
    ("files", "start"),
    [
        (
            {"requirements.txt": "streamlit\n", "streamlit_app.py": "import streamlit as st\nst.title('x')\n"},
            '.venv/bin/streamlit run streamlit_app.py --server.address "$HOST" --server.port "$PORT" --server.headless true',
        ),
        (
            {
                "requirements.txt": "streamlit\n",
                "Home.py": "import streamlit as st\ndef main():\n    st.title('x')\nmain()\n",
                "pages/One.py": "import streamlit as st\nst.title('1')\n",
                "helpers.py": "import pandas\n",
            },
            '.venv/bin/streamlit run Home.py --server.address "$HOST" --server.port "$PORT" --server.headless true',
        ),
        (
            {"requirements.txt": "chainlit\n", "app.py": "import chainlit as cl\n@cl.on_message\nasync def main(m):\n    pass\n"},
            '.venv/bin/chainlit run app.py --headless --host "$HOST" --port "$PORT"',
        ),
        (
            {"requirements.txt": "shiny\n", "app.py": "from shiny import App, ui\napp = App(ui.page_fluid(), None)\n"},
            '.venv/bin/shiny run --host "$HOST" --port "$PORT" app.py',
        ),
        (
            {
                "requirements.txt": "gradio\n",
                "app.py": "import gradio as gr\nwith gr.Blocks() as demo:\n    pass\ndemo.queue().launch()\n",
            },
            'env GRADIO_SERVER_NAME="$HOST" GRADIO_SERVER_PORT="$PORT" .venv/bin/python app.py',
        ),
        (
            {"requirements.txt": "nicegui\n", "main.py": "from nicegui import ui\nui.label('x')\nui.run()\n"},
            ".venv/bin/python main.py",
        ),
    ],
)
def test_start(files: dict[str, str], start: str) -> None:
    assert drafted(files).app.command == f'export PATH="$PWD/.venv/bin:$PATH"; exec {start}'


def test_a_port_in_the_source_is_known() -> None:
    files = {
        "requirements.txt": "gradio\n",
        "app.py": "import gradio as gr\ngr.Interface(f, 'text', 'text').launch(server_port=9000)\n",
    }
    assert drafted(files).app.fixed_port == 9000
    files = {"requirements.txt": "nicegui\n", "main.py": "from nicegui import ui\nui.run()\n"}
    assert drafted(files).app.fixed_port == 8080


def test_a_helper_that_only_imports_the_framework_is_no_page() -> None:
    files = {"requirements.txt": "streamlit\nflask\n", "app.py": "from flask import Flask\nimport streamlit\napp = Flask('x')\n"}
    assert "flask run" in drafted(files).app.command


def test_what_a_page_imports_must_be_there_for_its_server_answers_without_it() -> None:
    files = {
        "requirements.txt": "streamlit\n",
        "app.py": "import streamlit as st\nimport json, helper, odd_sdk\nst.title('x')\n",
        "helper.py": "",
    }
    checks = [check for check in drafted(files).install_checks if isinstance(check, CommandCheck)]
    assert "['streamlit', 'odd_sdk']" in checks[0].command.replace("'\"'\"'", "'")


def test_a_drawing_in_a_web_app_does_not_make_it_a_page() -> None:
    text = "from bokeh.embed import components\nfrom flask import Flask\napp = Flask(__name__)\n"
    assert drafted({"requirements.txt": "flask\nbokeh\n", "app.py": text}).app.env["FLASK_APP"] == "app:app"


@pytest.mark.parametrize(
    ("files", "start"),
    [
        ({"main.py": "from bokeh.io import curdoc\ncurdoc().title = 'x'\n"}, '.venv/bin/bokeh serve main.py --address "$HOST"'),
        (
            {"main.py": "import flet as ft\nft.app(print)\n"},
            'env FLET_FORCE_WEB_SERVER=true FLET_SERVER_IP="$HOST" FLET_SERVER_PORT="$PORT"',
        ),
        ({"code.py": "import web\napp = web.application((), globals())\napp.run()\n"}, '.venv/bin/python code.py "$HOST:$PORT"'),
        ({"app.py": "from dash import Dash\napp = Dash(__name__)\napp.run(debug=True)\n"}, ".venv/bin/python app.py"),
    ],
)
def test_further_ways_to_serve(files: dict[str, str], start: str) -> None:
    app = drafted({"requirements.txt": "", **files}).app
    assert start in app.command
    assert app.fixed_port is None
