"""The schema and config.yaml: every key of the model, with all that a user needs. That the kept
files are these texts: test_cli.py, as the command prints them.
"""

import yaml

from eigenscape.config.files import config_yaml, schema
from eigenscape.config.study import Study


def test_every_key_has_a_description_a_source_and_something_to_write() -> None:
    sections = {name: part for name, part in schema()["$defs"].items() if part["type"] == "object"}

    assert len(sections) == 27
    for section in sections.values():
        assert section["additionalProperties"] is False
        for key, field in section["properties"].items():
            assert "default" in field, key
            assert (
                "ource" in field["description"] or "networks/priors.py" in field["description"]
            ), key
            assert "{" in field["fix"], key


def test_the_written_configuration_has_every_key_with_its_default_and_in_order() -> None:
    def keys(part: object) -> object:
        return [(key, keys(each)) for key, each in part.items()] if isinstance(part, dict) else None

    written = yaml.safe_load(config_yaml())

    assert written == Study().model_dump()
    assert keys(written) == keys(Study().model_dump())


def test_a_comment_stands_behind_its_value_or_above_it_and_names_the_choices() -> None:
    lines = config_yaml().splitlines()

    assert (
        "  activation: tanh # Hidden units; the output is linear (tanh, relu, sigmoid, linear)"
        in lines
    )
    above = lines.index("  until_bracket: null") - 1
    assert lines[above].startswith("  # Double N in a cell until the bracket")
    assert max(map(len, lines)) <= 120
