"""Which variables count as required, with their places, and which are only wanted."""

from __future__ import annotations

import json

import pytest

from auto_deployer.analysis.env_sample import parse_samples
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.recipes.node import NodeRecipe
from auto_deployer.planning.recipes.python_env import required_env
from auto_deployer.planning.recipes.python_source import parse

from .conftest import DictTree, plan_input
from .test_planner import FLASK, detections, plan, refusal

MANIFEST = '{"name": "shop", "scripts": {"start": "node server.js"}}'
SERVER = "require('http').createServer(() => {}).listen(process.env.PORT)\n"


def python_needs(code: str) -> list[str]:
    source = parse("settings.py", f"import os, sys\nimport environ\nfrom decouple import config\n{code}\n")
    assert source is not None
    return [variable.name for variable in required_env([source])]


def node_needs(code: str, **files: str) -> dict[str, str]:
    tree = DictTree({"package.json": MANIFEST, "server.js": code + SERVER, **files})
    found = NodeRecipe().detect(tree)
    assert found is not None
    return {variable.name: variable.place for variable in found.required_env}


@pytest.mark.parametrize(
    "code",
    [
        'KEY = os.environ["KEY"]',
        'HOSTS = os.getenv("KEY").split(",")',
        'LIMIT = int(os.environ.get("KEY"))',
        'KEY = os.getenv("KEY")\nif not KEY:\n    raise ValueError("KEY is not set")',
        'if os.environ.get("KEY") is None:\n    sys.exit("KEY is not set")',
        'if "KEY" not in os.environ:\n    raise RuntimeError',
        'KEY = config("KEY")',
        'env = environ.Env(DEBUG=(bool, False))\nKEY = env("KEY")\nDEBUG = env("DEBUG")',
        'class Settings:\n    KEY = os.environ["KEY"]',
    ],
)
def test_python_that_does_not_start_without_a_variable(code: str) -> None:
    assert python_needs(code) == ["KEY"]


@pytest.mark.parametrize(
    "code",
    [
        'KEY = os.getenv("KEY")',
        'KEY = os.environ.get("KEY", "x")',
        'LIMIT = int(os.getenv("KEY", "3"))',
        'KEY = os.getenv("KEY")\nif not KEY:\n    KEY = "made up"',
        'KEY = os.getenv("KEY")\nif not KEY and not DEBUG:\n    raise ValueError',
        'KEY = os.environ["KEY"] if "KEY" in os.environ else ""',
        'KEY = os.getenv("KEY") or os.environ["OTHER"]',
        'os.environ["KEY"] = "x"\nKEY = os.environ["KEY"]',
        'def later():\n    return os.environ["KEY"]',
        'try:\n    KEY = os.environ["KEY"]\nexcept KeyError:\n    KEY = ""',
        'PORT = os.environ["PORT"]',
        'KEY = config("KEY", default="")',
    ],
)
def test_python_that_starts_without_it(code: str) -> None:
    assert python_needs(code) == []


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ('if (!process.env.A || !process.env["B"]) {\n  console.error("no");\n  process.exit(1);\n}\n', ["A", "B"]),
        ("const { A, MODE = 'x' } = process.env;\nif (!A) throw new Error('A');\n", ["A"]),
        ("const key = process.env.A;\nif (key === undefined) { throw new Error('A'); }\n", ["A"]),
        ("const env = require('env-var');\nconst a = env.get('A').required().asString();\nenv.get('B').asString();\n", ["A"]),
        ("cleanEnv(process.env, { A: str(), B: port({ default: 1 }), C: str({ choices: ['x'] }) });\n", ["A", "C"]),
        (
            "z.object({\n  A: z.string().min(1),\n  B: z.string()\n.optional(),\n  C: z.coerce.number()\n}).parse(process.env);\n",
            ["A", "C"],
        ),
        ("if (!process.env['A']) {\n  logger.error('A is missing');\n  process.exit(1);\n}\n", ["A"]),
        ("const A = prod ? process.env.A : process.env.B;\nif (!A) { throw new Error('A'); }\n", ["A"]),
        ("Joi.object({\n  A: Joi.string().required(),\n  B: Joi.string(),\n}).validate(process.env);\n", ["A"]),
    ],
)
def test_node_that_does_not_start_without_variables(code: str, names: list[str]) -> None:
    assert list(node_needs(code)) == names


@pytest.mark.parametrize(
    "code",
    [
        "const key = process.env.A;\n",
        "const key = process.env.A || 'x';\n",
        "if (!process.env.A) { process.env.A = 'x'; }\n",
        "if (!process.env.A && !process.env.B) throw new Error('one of them');\n",
        "// if (!process.env.A) throw new Error('A');\n",
        "if (!process.env.NODE_ENV) throw new Error('x');\n",
        "const shape = z.object({\n  A: z.string(),\n});\n",
    ],
)
def test_node_that_starts_without_them(code: str) -> None:
    assert node_needs(code) == {}


def test_places_are_file_and_line_and_a_committed_env_file_gives_values() -> None:
    code = "\n/* a\n comment */\nif (!process.env.A) throw new Error('A');\n"
    assert node_needs(code) == {"A": "server.js:4"}
    assert node_needs(code, **{".env": "A=1\n"}) == {}


def test_a_json_schema_demands_what_it_lists_without_a_default() -> None:
    schema = "import env from '@fastify/env'\nconst s = { required: ['A', 'B'], properties: { A: {}, B: { default: 'x' } } }"
    files = {"package.json": json.dumps({"dependencies": {"@fastify/env": "5"}, "scripts": {"start": "node server.js"}})}
    found = NodeRecipe().detect(DictTree({**files, "server.js": "app.listen(3000)", "plugins/env.js": schema}))
    assert found is not None
    assert [(variable.name, variable.place) for variable in found.required_env] == [("A", "plugins/env.js:2")]


@pytest.mark.parametrize(
    "code",
    [
        "z.object({\n  DATABASE_URL: z.string(),\n}).parse(process.env);\n",
        "if (!process.env.DB_HOST) throw new Error('DB_HOST');\n",
        "mongoose.connect(process.env.DB_URI);\n",
        "mongoose.connect(process.env['ATLAS']);\n",
    ],
)
async def test_a_missing_address_counts_as_a_missing_service(code: str) -> None:
    files = {"package.json": '{"scripts": {"start": "node server.js"}}', "server.js": f"{code}app.listen(process.env.PORT);\n"}
    error = await refusal(plan_input(*detections(files)))
    assert error.kind is Kind.REQUIRED_SERVICE_MISSING
    assert len(error.missing_env) == 1


async def test_drizzles_settings_name_the_database() -> None:
    settings = "export default { dialect: 'postgresql', dbCredentials: { url: process.env.POSTGRES_URL! } }"
    manifest = '{"scripts": {"build": "next build", "start": "next start"}, "dependencies": {"next": "15"}}'
    error = await refusal(plan_input(*detections({"package.json": manifest, "app/page.js": "", "drizzle.config.ts": settings})))
    assert (error.kind, error.missing_env[0].name) == (Kind.REQUIRED_SERVICE_MISSING, "POSTGRES_URL")


def test_dotenv_safe_demands_what_the_sample_names() -> None:
    assert list(node_needs("require('dotenv-safe').config();\n", **{".env.example": "A=\nB=1\n"})) == ["A", "B"]


async def test_the_refusal_has_every_variable_with_its_place_and_the_samples_value() -> None:
    source = "import os\nfrom flask import Flask\nA = os.environ['A']\nB = os.environ['B']\napp = Flask('x')\n"
    files = {"requirements.txt": "flask\n", "app.py": source}
    samples = parse_samples([(".env.example", "B=demo\nC=1\n")])
    error = await refusal(plan_input(*detections(files), sample_env=samples))
    assert error.kind is Kind.REQUIRED_ENV_MISSING
    missing = [(found.name, found.place, found.default) for found in error.missing_env]
    assert missing == [("A", "app.py:3", None), ("B", "app.py:4", "demo")]
    made = await plan(files, sample_env=samples, env_names=frozenset({"A", "B"}))
    assert made.required_env == ("A", "B")
    assert any(".env.example also names C" in note for note in made.notes)


async def test_a_missing_address_of_a_service_can_be_given() -> None:
    source = "import os\nfrom redis import Redis\nRedis.from_url(os.environ['REDIS_URL'])\n"
    files = FLASK | {"app.py": source + FLASK["app.py"]}
    error = await refusal(plan_input(*detections(files)))
    assert error.kind is Kind.REQUIRED_SERVICE_MISSING
    assert [found.name for found in error.missing_env] == ["REDIS_URL"]
