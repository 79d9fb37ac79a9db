"""Variables that pydantic settings classes need."""

from __future__ import annotations

import pytest

from auto_deployer.planning.recipes.python_settings import env_files, settings_env
from auto_deployer.planning.recipes.python_source import SourceFile, parse

IMPORT = (
    "from typing import ClassVar, Optional\n"
    "from pydantic import Field\n"
    "from pydantic_settings import BaseSettings, SettingsConfigDict\n"
)


def sources(*texts: str) -> list[SourceFile]:
    return [found for number, text in enumerate(texts) if (found := parse(f"f{number}.py", IMPORT + text))]


def names_of(files: list[SourceFile]) -> list[str]:
    return [variable.name for variable in settings_env(files)]


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ("secret: str", ["SECRET"]),
        ("secret: str = Field(...)", ["SECRET"]),
        ("secret: str = Field(env='API_SECRET')", ["API_SECRET"]),
        ("secret: str = Field(validation_alias='API_SECRET')", ["API_SECRET"]),
        ("secret: str\n    model_config = SettingsConfigDict(env_prefix='shop_')", ["SHOP_SECRET"]),
        ("a: str = 'x'\n    b: str = Field('x')\n    c: list[str] = Field(default_factory=list)", []),
        ("a: Optional[str]\n    b: str | None\n    c: ClassVar[str]\n    _d: str", []),
    ],
)
def test_fields_without_a_value_are_variables(fields: str, names: list[str]) -> None:
    assert names_of(sources(f"class Settings(BaseSettings):\n    {fields}\nsettings = Settings()\n")) == names


def test_inherited_fields_count_and_a_value_further_down_is_one() -> None:
    base = "class Base(BaseSettings):\n    url: str\n    key: str\n"
    child = "from f0 import Base\nclass Dev(Base):\n    key: str = 'dev'\nkinds = {'dev': Dev}\n"
    assert names_of(sources(base, child)) == ["URL"]


def test_classes_that_nobody_makes_need_nothing() -> None:
    assert settings_env(sources("class Settings(BaseSettings):\n    secret: str\n")) == []


def test_other_classes_are_no_settings() -> None:
    assert settings_env(sources("class Item:\n    name: str\nitem = Item()\n")) == []


def test_env_files_are_found_in_both_forms() -> None:
    new = "class A(BaseSettings):\n    model_config = SettingsConfigDict(env_file=('.env', '../.env'))\n"
    old = "class B(BaseSettings):\n    class Config:\n        env_file = 'prod.env'\n"
    assert env_files(sources(new, old)) == [".env", "../.env", "prod.env"]
