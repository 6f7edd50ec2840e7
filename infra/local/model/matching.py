"""Which archetypes and which topic an idea belongs to."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from infra.local.model.language.idea import Idea
from infra.local.model.language.tokens import stem, words
from infra.local.model.library import Archetype, Topic, archetypes, topics

FALLBACK = "workspace"


def _weights(idea: Idea) -> Counter[str]:
    """How much each stem of the idea counts: activity and verb most, then the object, then the rest of the text."""
    weight: Counter[str] = Counter()
    for word in dict.fromkeys(stem(word) for word in words(idea.text)[:400]):
        weight[word] = 1
    head = words(idea.text)[:24]
    for word in dict.fromkeys(stem(word) for word in head):
        weight[word] = 2
    kind = idea.activity.split()
    parts = (
        (idea.object, 3),
        (idea.topic, 3),
        (" ".join(kind[:-1]), 3),
        (" ".join(kind[-1:]), 6),
        (idea.verb, 4),
    )
    for part, value in parts:
        for word in words(part):
            weight[stem(word)] = max(weight[stem(word)], value)
    return weight


@lru_cache(maxsize=1)
def _cues() -> list[tuple[Archetype, dict[tuple[str, ...], float], dict[str, float]]]:
    """Each archetype with its cues by stems, and those that count only as a verb ("to book")."""
    made = []
    for one in archetypes().values():
        plain: dict[tuple[str, ...], float] = {}
        verbs: dict[str, float] = {}
        for cue, weight in one.cues.items():
            if cue.startswith("to "):
                verbs[cue[3:]] = weight
            else:
                key = tuple(stem(word) for word in cue.split())
                plain[key] = max(weight, plain.get(key, 0.0))
        made.append((one, plain, verbs))
    return made


def scores(idea: Idea, sector: str) -> list[tuple[float, Archetype]]:
    """Return each archetype with how well the idea's words fit it, best first."""
    weight = _weights(idea)
    said = {idea.verb, *(clause.verb for clause in idea.clauses)}
    found = []
    for one, plain, verbs in _cues():
        score = sum(4 * value for verb, value in verbs.items() if verb in said)
        for stems, value in plain.items():
            if all(part in weight for part in stems):
                score += value * min(weight[part] for part in stems) * (1.5 if len(stems) > 1 else 1)
        if score and sector in one.sectors:
            score *= 1.2
        found.append((score, one))
    return sorted(found, key=lambda pair: -pair[0])


def choose(idea: Idea, sector: str) -> tuple[Archetype, Archetype | None]:
    """Return the best archetype and, when it is close, the second; the fallback when nothing fits."""
    ranked = scores(idea, sector)
    best, primary = ranked[0]
    if best < 4:
        return archetypes()[FALLBACK], None
    second, other = ranked[1] if len(ranked) > 1 else (0.0, primary)
    return primary, other if second >= max(8.0, best * 0.4) and other is not primary else None


def topic_of(idea: Idea) -> Topic | None:
    """Return the field of life the idea speaks of most, or nothing."""
    weight = _weights(idea)
    best: tuple[float, Topic | None] = (1.5, None)
    for topic in topics():
        score = float(sum(weight[stem(cue)] for cue in topic.cues))
        if score > best[0]:
            best = (score, topic)
    return best[1]
