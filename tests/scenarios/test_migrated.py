"""A project is migrated from one framework, or one language, to another: its history is kept and can be searched."""

from __future__ import annotations

from pathlib import Path

import pytest

from codevault.projects.model import Project
from tests.vault.scenes import Desk

PRICES = """\
def discounted(price, years):
    if years > 10:
        return price * 0.8
    if years > 5:
        return price * 0.9
    return price


def with_tax(price, country):
    rates = {"at": 20, "de": 19, "fr": 20}
    return price * (100 + rates[country]) / 100
"""
FLASK = """\
from flask import Flask, jsonify, request

from shop.prices import discounted, with_tax

app = Flask(__name__)


@app.route("/price/<int:amount>")
def price(amount):
    years = int(request.args.get("years", 0))
    country = request.args.get("country", "at")
    return jsonify(total=with_tax(discounted(amount, years), country))


@app.route("/health")
def health():
    return jsonify(status="well", version=request.args.get("version", "unknown"))


@app.errorhandler(404)
def lost(error):
    return jsonify(error="nothing here", told=str(error)), 404
"""
MIXED = FLASK.replace("from flask", "from fastapi import FastAPI\nfrom flask").replace(
    "app = Flask(__name__)", "app = Flask(__name__)\napi = FastAPI()"
)
FASTAPI = """\
from fastapi import FastAPI

from shop.prices import discounted, with_tax

api = FastAPI()


@api.get("/price/{amount}")
def price(amount: int, years: int = 0, country: str = "at") -> dict[str, float]:
    return {"total": with_tax(discounted(amount, years), country)}


@api.get("/health")
def health(version: str = "unknown") -> dict[str, str]:
    return {"status": "well", "version": version}


@api.get("/countries")
def countries() -> list[str]:
    return ["at", "de", "fr"]
"""
LEGACY = """\
from flask import Blueprint, jsonify

old = Blueprint("old", __name__)


@old.route("/ping")
def ping():
    return jsonify(answer="pong", sure=True, again=False)
"""


@pytest.fixture
def shop(desk: Desk) -> Project:
    """Half a year with Flask, then piece by piece FastAPI."""
    project = desk.project("shop", {"shop/app.py": FLASK, "shop/prices.py": PRICES, "shop/legacy.py": LEGACY})
    desk.day(project, reason="with flask")
    desk.day(project, {"shop/prices.py": PRICES.replace('"de": 19', '"de": 16')}, reason="lower tax")
    desk.day(project, {"shop/app.py": MIXED}, reason="both at once")
    desk.day(project, {"shop/app.py": FASTAPI}, reason="fastapi only")
    desk.day(project, {"shop/app.py": None, "shop/api.py": FASTAPI}, reason="named for what it is")
    desk.vault.analyse()
    return project


def test_the_report_tells_what_was_carried_over_what_was_lost_and_what_is_new(desk: Desk, shop: Project) -> None:
    report = desk.vault.reports.migration(shop, "flask", "fastapi")

    names = {fate: [symbol.qualified_name for symbol in report.fate(fate)] for fate, _ in report.fates}
    assert names == {
        "carried": ["health", "price"],
        "rewritten": [],
        "remaining": ["ping"],
        "lost": ["lost"],
        "new": ["countries"],
    }
    assert [point.files for point in report.points] == [
        (2, 0, 0, 1),
        (2, 0, 0, 1),
        (1, 0, 1, 1),
        (1, 1, 0, 1),
        (1, 1, 0, 1),
    ]
    assert report.fate("carried")[1].was == "shop/app.py: price"
    assert {(each.module, each.before, each.after) for each in report.imports} == {("flask", 2, 1), ("fastapi", 0, 1)}
    assert 0.5 < report.done < 0.8


def test_its_faces_say_so(desk: Desk, shop: Project) -> None:
    report = desk.vault.reports.migration(shop, "Flask", "FastAPI", since="2026-01-02")

    assert "Of 4 symbols that were in flask: 2 carried over, 0 rewritten, 1 remaining, 1 lost; 1 are new." in (
        report.to_markdown()
    )
    assert "<svg" in report.to_html()
    assert report.to_json() == desk.vault.reports.migration(shop, "flask", "fastapi", since="2026-01-02").to_json()


def test_history_goes_back_through_the_migration(desk: Desk, shop: Project) -> None:
    life = desk.vault.history(shop, "shop/api.py", "price")

    assert life.introduced.at.sequence == 1
    assert life.introduced.path == "shop/app.py"
    assert desk.vault.text(life.events[0]).endswith(
        "return jsonify(total=with_tax(discounted(amount, years), country))"
    )
    assert [event.kinds for event in desk.vault.history(shop, "shop/prices.py", "with_tax").events] == [
        ("introduced",),
        ("body",),
    ]


def test_what_was_lost_can_be_searched_and_brought_back(desk: Desk, shop: Project) -> None:
    hit = desk.vault.search.text("nothing here", project="shop").hits[0]
    gone = desk.vault.search.symbols("lost", project="shop", alive=False).hits[0]

    patch = desk.vault.symbol_patch(gone)

    assert (hit.path, hit.last_seen.sequence if hit.last_seen else 0) == ("shop/app.py", 3)
    assert (patch.path, patch.action) == ("shop/api.py", "insert")
    assert "+@app.errorhandler(404)\n+def lost(error):\n" in patch.text
    assert Path(patch.apply()).read_text().count("def lost(error)") == 1


JQUERY = """\
function formatPrice(cents) {
  var whole = Math.floor(cents / 100);
  return whole + "," + ("0" + (cents % 100)).slice(-2) + " EUR";
}

function showCart(items) {
  $("#cart").empty();
  items.forEach(function (item) {
    $("#cart").append("<li>" + item.name + " " + formatPrice(item.cents) + "</li>");
  });
}

function blinkTitle(times) {
  $("#title").fadeOut().fadeIn();
  if (times > 0) { blinkTitle(times - 1); }
}
"""
REACT = """\
import React from "react";

type Item = { name: string; cents: number };

export function formatPrice(cents: number): string {
  return new Intl.NumberFormat("de-AT", { style: "currency", currency: "EUR" }).format(cents / 100);
}

export function ShowCart({ items }: { items: Item[] }) {
  return (
    <ul id="cart">
      {items.map((item) => (
        <li key={item.name}>{formatPrice(item.cents)}</li>
      ))}
    </ul>
  );
}

export function EmptyCart() {
  return <p>Nothing here yet.</p>;
}
"""


def test_another_language_and_a_framework_without_imports_are_told_apart_too(desk: Desk) -> None:
    project = desk.project("web", {"static/cart.js": JQUERY})
    desk.day(project)
    desk.day(project, {"static/cart.js": None, "src/Cart.tsx": REACT})
    desk.vault.analyse()

    report = desk.vault.reports.migration(project, "jquery", "react")
    by_language = desk.vault.reports.migration(project, "javascript", "typescript")

    assert [symbol.qualified_name for symbol in report.fate("rewritten")] == ["ShowCart", "formatPrice"]
    assert [symbol.qualified_name for symbol in report.fate("lost")] == ["blinkTitle"]
    assert [symbol.qualified_name for symbol in report.fate("new")] == ["EmptyCart"]
    assert report.done == 1.0
    assert by_language.fates == report.fates
    assert desk.vault.search.text("fadeOut", project="web", alive=False).hits[0].path == "static/cart.js"


def test_a_project_of_neither_says_so(desk: Desk) -> None:
    project = desk.project("notes", {"a.txt": "words\n"})
    desk.day(project)
    desk.vault.analyse()

    report = desk.vault.reports.migration(project, "flask", "fastapi")

    assert "No version holds a file of flask or fastapi." in report.to_markdown()
    assert (report.done, desk.vault.reports.migration(project, "a", "b", until="1999-01-01").done) == (0.0, 0.0)
