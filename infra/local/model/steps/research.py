"""Step 2: the market analysis. Facts come from the retrieved comparables and the lead's words; the rest says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.local.model.language.inflection import capital, cut, listed, plural, trim
from infra.local.model.language.tokens import clean, stem, words
from infra.local.model.quotes import quotes
from infra.local.model.steps.given import Given

MOST_COMPETITORS = 5
MOST_PASSAGES = 3
# A line of fewer words is a heading or a label, not a statement.
FEWEST_WORDS = 6


def draft(given: Given) -> dict[str, Any]:
    """Return the answer of `research`. With fewer than three comparables it names those there are."""
    plan, fill = given.plan, given.plan.words.fill
    chosen = closest(given)
    competitors = [_competitor(given, item) for item in chosen]
    names = listed([item["name"] for item in competitors[:3]])
    mains = plan.words.lower("{mains}", full=True)
    doers = plan.words["doer"].phrase(full=True, many=True)
    law = plan.sector.law
    shown = (
        f"{names} are the closest of the {len(given.retrieved)} comparable products at hand. "
        if names
        else ""
    )
    return {
        "summary": cut(
            f"{fill(plan.archetype.problem)} {shown}None of them is described as serving {doers} with {mains}; "
            "that is the opening this draft builds on.",
            800,
        ),
        "competitors": competitors,
        "claims": _claims(given, chosen),
        "positioning": cut(f"For {doers}: {plan.words.lower(plan.archetype.promise, full=True)}.", 400),
        "opportunities": [
            cut(
                fill(
                    "Begin with one {office} and the {doers} known there, before any advertising.",
                    full=True,
                ),
                400,
            ),
            cut(fill(_opportunity(given), full=True), 400),
            cut(f"Numbers about {mains} that nobody collects today become a report others pay for.", 400),
        ],
        "threats": [
            cut(plan.sector.threat, 400),
            cut(_rival(competitors, mains), 400),
            cut(f"{capital(law)}.", 400),
        ],
        "pricing": cut(capital(_pricing(given)), 400),
    }


def _opportunity(given: Given) -> str:
    own = next((one for one in given.plan.abilities if one.quote), None)
    if own:
        return f"The lead's own words, “{own.quote}”, stand in none of the descriptions at hand: show that first."
    return "{Others} who wait for {a main} today are the first to tell others about it."


def _rival(competitors: list[dict[str, str]], mains: str) -> str:
    if not competitors:
        return f"A product nobody retrieved may already serve {mains}."
    return f"{competitors[0]['name']} could add {mains} to what it offers: it has the customers already."


def _pricing(given: Given) -> str:
    text = given.plan.words.lower(given.plan.archetype.pricing)
    models = dict.fromkeys(clean(str(item.get("pricing_model") or "")) for item in closest(given)[:3])
    seen = [trim(model, 60) for model in models if model]
    return f"{text}. Comparable products use: {listed(seen)}." if seen else f"{text}."


def _text(item: Mapping[str, Any]) -> str:
    features = item.get("key_features")
    named = " ".join(str(part) for part in features) if isinstance(features, list) else ""
    return f"{item.get('product_name', '')} {item.get('description', '')} {item.get('target_market', '')} {named}"


def closest(given: Given) -> list[Mapping[str, Any]]:
    """Return up to five comparables, the closest to the idea's words first; each id once."""
    idea = given.plan.idea
    wanted = {stem(word) for word in idea.words} | {stem(word) for word in words(idea.activity)}
    kind = {stem(cue) for cue in given.plan.archetype.cues}
    unique: dict[str, Mapping[str, Any]] = {}
    for item in given.retrieved:
        if str(item.get("id", "")).strip():
            unique.setdefault(str(item["id"]), item)

    def score(item: Mapping[str, Any]) -> float:
        have = {stem(word) for word in words(clean(_text(item)))}
        same = item.get("sector") == given.plan.sector.key
        return -(3 * len(wanted & have) + len(kind & have) + same)

    return sorted(unique.values(), key=score)[:MOST_COMPETITORS]


def _named(item: Mapping[str, Any]) -> str:
    return trim(clean(str(item.get("product_name") or "")), 100) or f"Comparable {trim(str(item['id']), 40)}"


def _features(item: Mapping[str, Any]) -> list[str]:
    features = item.get("key_features")
    kept = (
        [trim(clean(str(part)).replace("\n", " "), 70) for part in features]
        if isinstance(features, list)
        else []
    )
    return [part for part in kept if part]


def _competitor(given: Given, item: Mapping[str, Any]) -> dict[str, str]:
    offer = clean(str(item.get("description") or "")).replace("\n", " ") or "No description was retrieved"
    features = _features(item)
    strength = (
        f"Its listed features: {listed(features[:3])}."
        if features
        else "It is on the market; no features are listed."
    )
    market = trim(clean(str(item.get("target_market") or "")).replace("\n", " "), 90)
    return {
        "comparable_id": str(item["id"]),
        "name": _named(item),
        "offer": cut(offer.rstrip(".") + ".", 400),
        "strength": cut(strength, 400),
        "gap": cut(_gap(given, item, market), 400),
    }


def _gap(given: Given, item: Mapping[str, Any], market: str) -> str:
    plan = given.plan
    have = {stem(word) for word in words(clean(_text(item)))}
    doers = plan.words["doer"].phrase(full=True, many=True)
    mains = plan.words.lower("{mains}", full=True)
    missing = [
        phrase
        for phrase in (doers, mains, plan.idea.place)
        if phrase and not {stem(word) for word in words(phrase)} <= have
    ]
    aimed = f"It is aimed at {market}; " if market else "Its market is not stated; "
    left = listed(list(dict.fromkeys(missing))[:2])
    return (
        f"{aimed}its description does not mention {left}."
        if missing
        else f"{aimed}it does not say how {doers} would begin."
    )


def _documented(given: Given) -> list[tuple[str, str, str]]:
    """What the first passages of documents say, in their own words, cut to a sentence."""
    made = []
    for passage in given.knowledge[:MOST_PASSAGES]:
        lines = [line.strip() for line in clean(str(passage.get("text") or "")).splitlines()]
        said = next((trim(line, 200) for line in lines if len(words(line)) >= FEWEST_WORDS), "")
        name = trim(clean(str(passage.get("document") or "")).replace("\n", " "), 80)
        if said and name and passage.get("id"):
            made.append((f"{name} says: “{said}”", "document", str(passage["id"])))
    return made


def _claims(given: Given, chosen: list[Mapping[str, Any]]) -> list[dict[str, str]]:
    plan = given.plan
    mains = plan.words.lower("{mains}", full=True)
    made: list[tuple[str, str, str]] = []
    for text, quote in quotes(plan.idea.text):
        made.append((text, "lead", quote))
    made += _documented(given)
    for item in chosen[:4]:
        features, model = _features(item), trim(clean(str(item.get("pricing_model") or "")), 60)
        if features:
            made.append(
                (f"{_named(item)} already offers {listed(features[:2])}.", "comparable", str(item["id"]))
            )
        if model and len(made) < 10:
            made.append((f"{_named(item)} is priced as: {model}.", "comparable", str(item["id"])))
    office = plural(plan.words["office"].full)
    doers = plan.words["doer"].phrase(full=True, many=True)
    made += [
        (
            f"{capital(office)} would run the product and pay for it.",
            "assumption",
            "The idea names no payer; this kind of product is usually paid by the side that saves work.",
        ),
        (
            f"{plan.archetype.usage[0]:,} {doers} would use it each month after a year.",
            "assumption",
            "No count was retrieved; to be replaced by the number of the first region.",
        ),
        (
            f"{capital(mains)} are handled today with calls, mails and spreadsheets.",
            "assumption",
            "Nothing retrieved says how it is done today; ask five people before building.",
        ),
        (
            f"{capital(plan.sector.law)}.",
            "assumption",
            "A rule of the sector in general; a lawyer has to confirm it for the first country.",
        ),
    ]
    return [
        {"id": f"C-{number}", "text": cut(text, 400), "kind": kind, "source": source}
        for number, (text, kind, source) in enumerate(made[:14], 1)
    ]
