"""Every bench still runs, in a form so small that its figures mean nothing, and says what it measured."""

import json
from pathlib import Path

import pytest

from bench.__main__ import BENCHES
from bench.server import Server
from bench.size import TINY
from tests.conftest import Servers


@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_prints_a_figure_beside_its_ceiling(servers: Servers, name: str) -> None:
    figures = [json.loads(figure.line()) for figure in BENCHES[name](Server(servers.postgres), TINY)]
    assert figures
    for figure in figures:
        assert list(figure) == ["bench", "ours", "ceiling", "ratio", "unit", "better"]
        assert figure["bench"].startswith(name)
        assert figure["ours"] > 0
        assert figure["ceiling"] > 0
        assert figure["better"] in {"higher", "lower"}


@pytest.mark.parametrize("name", BENCHES)
def test_the_readme_explains_every_bench(name: str) -> None:
    assert f"`{name}" in Path("bench/README.md").read_text()
