"""The site's recipes of docs/how-to-add.md, each done to a copy of the source as a newcomer would."""

from __future__ import annotations

from pathlib import Path

from tests.recipes import follow, hold, touched


def test_a_chart_is_an_entry(tmp_path: Path) -> None:
    assert touched("chart") == {"ffweb/pages/charts.py"}
    follow("chart", tmp_path)
    hold(tmp_path, "tests/pages/test_charts.py")


def test_a_page_is_a_view_a_template_and_an_address(tmp_path: Path) -> None:
    assert touched("page") == {"ffweb/pages/views_tally.py", "templates/tally.html", "ffweb/pages/urls.py"}
    follow("page", tmp_path)
    own, module = ["tests/pages/test_tally.py", "tests/pages/test_addresses.py"], "[ffweb.pages.views_tally]"
    rules = ("web_imports_no_torch_and_only_light_trainer_modules", "edges_do_not_import_edges")
    imports = [f"tests/test_architecture.py::test_{rule}{module}" for rule in rules]
    looked_at = ("strict_policy_and_nothing_inline", "pages_are_for_members")
    frame = [f"tests/pages/test_frame.py::test_{look}[/tally]" for look in looked_at]
    hold(tmp_path, *own, *imports, *frame, "tests/api/test_nasty_input.py::test_no_address_of_a_page_breaks_it[tally]")
