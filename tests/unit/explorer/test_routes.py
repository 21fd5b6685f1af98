"""The routes beside Dash: downloads, refusals, and who may call."""

import csv
import io

import pytest
from flask.testing import FlaskClient

from eigenscape.explorer.app import LARGEST_REQUEST, build
from eigenscape.explorer.network import curve_of, layers_of
from eigenscape.explorer.state import State
from eigenscape.expressivity.analysis import analyse
from eigenscape.expressivity.sensitivity import length_sensitivity

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return build(tmp_path_factory.mktemp("empty") / "results", LOOPBACK).server.test_client()


@pytest.mark.parametrize(
    "query",
    ["", "depth=3&edits=1.1.2:0.5", "activation=hard_tanh&draw=scaled&sigma_w=2.5&curve=line"],
)
def test_the_csv_of_a_view_holds_its_analysis_in_full_precision(
    client: FlaskClient, query: str
) -> None:
    answer = client.get(f"/network.csv?{query}")
    state = State.parse(query)
    expected = analyse(layers_of(state), curve_of(state))

    assert answer.headers["Content-Disposition"] == "attachment; filename=eigenscape-network.csv"
    comments = [line for line in answer.text.splitlines() if line.startswith("#")]
    assert f"view: ?{state.query}" in comments[0]
    assert (
        comments[1] == f"# output_variation={expected.output_variation!r}"
        f" lifted_length={expected.lifted_length!r}"
    )
    rows = list(
        csv.DictReader(
            io.StringIO(
                "\n".join(line for line in answer.text.splitlines() if not line.startswith("#"))
            )
        )
    )
    assert [float(row["latent_length"]) for row in rows[:-1]] == expected.latent_lengths.tolist()
    assert [int(row["transitions"]) for row in rows[1:-1]] == expected.transitions.tolist()
    assert [
        int(row["sign_transitions"]) for row in rows[1:-1]
    ] == expected.sign_transitions.tolist()
    sensitivity = length_sensitivity(layers_of(state), curve_of(state))
    assert [float(row["sensitivity_of_its_weights"]) for row in rows[1:]] == sensitivity.tolist()


def test_the_json_of_a_view_draws_the_same_network_elsewhere(client: FlaskClient) -> None:
    content = client.get("/network.json?depth=3&width=6&seed=5").json
    layers = layers_of(State(depth=3, width=6, seed=5))

    assert [weight.tolist() for weight in layers.weights] == content["weights"]
    assert content["latent_lengths"] == analyse(layers, curve_of(State())).latent_lengths.tolist()


def test_a_wrong_download_is_refused_in_one_line(client: FlaskClient) -> None:
    answer = client.get("/network.csv?depth=99")
    assert (answer.status_code, answer.text) == (
        400,
        "depth: expected a number from 1 to 10, found 99; write depth=2\n",
    )
    assert client.get("/network.xlsx").status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "text",
        {"controls": 3},
        {"query": "a=b"},
        {"controls": {"depth": "x"}},
        {"action": "preset:no"},
    ],
)
def test_whatever_is_sent_gets_one_line(client: FlaskClient, content: object) -> None:
    answer = client.post("/view", json=content)
    assert answer.status_code == 200
    assert ": expected" in answer.json["message"]
    assert "\n" not in answer.json["message"]


def test_a_form_of_another_site_is_not_read(client: FlaskClient) -> None:
    sent = client.post("/view", data='{"opening": true}', content_type="text/plain")
    assert sent.json["error"] is True


def test_a_curve_with_too_many_pieces_is_named_and_the_page_stays(client: FlaskClient) -> None:
    query = "depth=10&width=64&draw=scaled&activation=hard_tanh&sigma_w=10"
    answer = client.post(
        "/view", json={"query": "", "controls": dict(pair.split("=") for pair in query.split("&"))}
    ).json
    assert answer["message"].endswith("lower sigma_w, the depth or the width")
    assert "figures" not in answer
    # opened at the default, and why
    assert client.post("/view", json={"query": query, "opening": True}).json["query"] == ""


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8050", "127.0.0.1.evil.example", ""]
)
def test_another_name_for_this_machine_is_refused(client: FlaskClient, host: str) -> None:
    for path in ("/", "/network.json", "/_dash-layout"):
        assert client.get(path, headers={"Host": host}).status_code == 403
    assert client.post("/view", json={"opening": True}, headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1:8050", "localhost:1", "[::1]:8050"])
def test_the_loopback_names_are_served(client: FlaskClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


def test_a_request_larger_than_any_of_the_page_is_refused(client: FlaskClient) -> None:
    assert client.post(
        "/view", data=b" " * (LARGEST_REQUEST + 1), content_type="application/json"
    ).status_code in (400, 413)


def test_the_split_has_no_mean_field_line_and_says_why(client: FlaskClient) -> None:
    answer = client.post("/view", json={"query": "draw=split", "opening": True}).json
    assert answer["texts"]["root-chi"] == "–"
    assert (
        "no √χ₁ line"
        in answer["properties"]["lengths"]["figure"]["layout"]["annotations"][0]["text"]
    )
    assert "no √χ₁ line" in answer["tables"]["lengths-numbers"]["caption"]
