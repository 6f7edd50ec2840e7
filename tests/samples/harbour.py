"""The eight answers for one idea, as a careful person would write them: a quota exchange for small harbours.

They pass every check of the answer schemas. The modules `harbour_*` beside this one hold the longer ones.
"""

from __future__ import annotations

from typing import Any

from shared.models.answers import (
    Answer,
    AnswerContext,
    Audience,
    Claim,
    Competitor,
    Feature,
    FunctionalRequirement,
    NonFunctionalRequirement,
    QualifyAnswer,
    ResearchAnswer,
    Risk,
    SpecifyAnswer,
    SuccessMetric,
)
from tests.samples.harbour_design import DESIGN
from tests.samples.harbour_plan import PLAN
from tests.samples.harbour_prototype import PROTOTYPE
from tests.samples.harbour_story import DEMO, LAUNCH

TITLE = "Fishing-quota exchange for small harbours"
IDEA = (
    "Fishing-quota exchange for small harbours. Skippers of small boats often sit on quota they cannot fish "
    "before the season ends, while the boat next to them is tied up because its quota is used. Today they "
    "ring around or let a broker in the city take ten percent. We want a simple board where a skipper offers "
    "a lot of quota, others bid, the harbour office confirms the transfer and the regulator gets the file."
)
SECTOR = "other"
COMPARABLE_IDS = ["comp-a", "comp-b", "comp-c"]

SKIPPERS = Audience(
    name="Skippers of boats under 15 m",
    description="They own or lease a small quota, decide on the quay with a phone, and have no office.",
)
OFFICES = Audience(
    name="Harbour offices",
    description="Two or three people who keep the register of boats and confirm each transfer.",
)

QUALIFY = QualifyAnswer(
    project_name="Quaymarket",
    tagline="Spare quota finds the next boat before the season ends",
    summary=(
        "Quaymarket lets skippers of small boats offer, find and bid for fishing quota within their group of "
        "harbours. The harbour office confirms each transfer; the regulator receives a file it can read."
    ),
    goals=[
        "Bring quota that would lapse to a boat that can still fish it.",
        "Make the going price visible to every harbour, not only to brokers.",
        "Let a harbour office confirm a transfer in minutes and keep the evidence.",
    ],
    audiences=[SKIPPERS, OFFICES],
    features=[
        Feature(
            id="F-1",
            name="Offer a lot",
            description="A skipper describes spare quota by species, area, tonnes and price.",
            actor="Skipper",
            priority="must",
        ),
        Feature(
            id="F-2",
            name="Manage own lots",
            description="A skipper publishes, reprices or removes a lot.",
            actor="Skipper",
            priority="must",
        ),
        Feature(
            id="F-3",
            name="Find lots",
            description="Search by words and narrow by species.",
            actor="Skipper",
            priority="must",
        ),
        Feature(
            id="F-4",
            name="Bid",
            description="Offer a price per kilogram for all or part of a lot.",
            actor="Skipper",
            priority="must",
        ),
        Feature(
            id="F-5",
            name="Compare lots",
            description="Two lots side by side before bidding.",
            actor="Skipper",
            priority="could",
        ),
        Feature(
            id="F-6",
            name="Confirm transfers",
            description="Accept or decline bids and settle the transfer with the harbour office.",
            actor="Harbour office",
            priority="must",
        ),
        Feature(
            id="F-7",
            name="Season overview",
            description="What is on offer, what lapses when, and the regulator's file.",
            actor="Harbour office",
            priority="should",
        ),
        Feature(
            id="F-8",
            name="Register of skippers",
            description="Who may trade, from which harbour, and how to reach them.",
            actor="Harbour office",
            priority="should",
        ),
    ],
    score=0.78,
    reasons=[
        "The pain is dated: quota lapses at the end of the season.",
        "A first group of harbours can start without the national registry changing anything.",
        "Whether the regulator accepts the file has to be settled before launch.",
    ],
)

RESEARCH = ResearchAnswer(
    summary=(
        "Brokers and national registries serve large owners; small boats trade quota by phone. "
        "No product found serves a group of small harbours with a visible price and a local confirmation."
    ),
    competitors=[
        Competitor(
            comparable_id="comp-a",
            name="Landings Desk",
            offer="A brokered market for whole vessel quotas.",
            strength="Knows every large owner and handles the paper.",
            gap="Takes a commission that eats small lots.",
        ),
        Competitor(
            comparable_id="comp-b",
            name="Fleetledger",
            offer="Accounting of catches against quota for fleets.",
            strength="Exact figures per boat and species.",
            gap="Shows what is left but cannot pass it on.",
        ),
        Competitor(
            comparable_id="comp-c",
            name="Coop Exchange",
            offer="A barter board for members of producer co-operatives.",
            strength="Trust among members; no commission.",
            gap="Swaps only, no price, nothing for the regulator.",
        ),
    ],
    claims=[
        Claim(
            id="C-1",
            text="Brokers are the present way to trade and charge about ten percent.",
            kind="lead",
            source="let a broker in the city take ten percent",
        ),
        Claim(
            id="C-2",
            text="Brokered markets are built around whole quotas, not small lots.",
            kind="comparable",
            source="comp-a",
        ),
        Claim(
            id="C-3",
            text="Fleets already count catches against quota in software.",
            kind="comparable",
            source="comp-b",
        ),
        Claim(
            id="C-4",
            text="Members of co-operatives accept a board when they know each other.",
            kind="comparable",
            source="comp-c",
        ),
        Claim(
            id="C-5",
            text="About forty harbours in the region have fewer than thirty boats each.",
            kind="assumption",
            source="No register of harbours was retrieved; to be counted with the first harbour office.",
        ),
    ],
    positioning="The quota board the harbours own: a visible price, no commission, a valid transfer.",
    opportunities=[
        "Start with neighbouring harbours that already lend each other quota.",
        "Sell the season overview to producer organisations once lots are traded.",
    ],
    threats=[
        "The national registry may open its own board.",
        "Brokers may drop their commission for small lots.",
    ],
    pricing="600 EUR a year for a harbour and 5 EUR for a confirmed transfer; skippers pay nothing else.",
)


def _requirement(
    number: int, title: str, statement: str, actor: str, features: list[str], *acceptance: str
) -> FunctionalRequirement:
    return FunctionalRequirement(
        id=f"FR-{number}",
        title=title,
        statement=statement,
        actor=actor,
        features=features,
        acceptance=list(acceptance),
    )


SPECIFY = SpecifyAnswer(
    problem=(
        "Quota lapses in one boat while the next one lies idle. Trading it takes calls, a broker's tenth "
        "and a paper transfer, so lots under five tonnes are rarely traded at all."
    ),
    goals=[
        "Half of the quota that lapsed last season finds a boat.",
        "Every skipper of the group sees the same prices.",
        "A transfer is confirmed on the day of the agreement.",
    ],
    audiences=[SKIPPERS, OFFICES],
    functional_requirements=[
        _requirement(
            1,
            "Offer a lot of quota",
            "A skipper shall offer a lot with species, area, tonnes, price per kg and last day of validity.",
            "Skipper",
            ["F-1"],
            "A lot without species, tonnes or price is refused with a reason.",
            "A new lot is a draft until it is published.",
        ),
        _requirement(
            2,
            "Publish, change or remove a lot",
            "A skipper shall publish a draft, change price and validity of a lot, and remove it.",
            "Skipper",
            ["F-2"],
            "Only a draft can be published.",
            "Removing asks for confirmation.",
        ),
        _requirement(
            3,
            "Find lots",
            "A skipper shall find lots by words and narrow them by species.",
            "Skipper",
            ["F-3"],
            "Without a match the list says so.",
        ),
        _requirement(
            4,
            "Bid for a lot",
            "A skipper shall bid a price per kilogram and tonnes for a lot.",
            "Skipper",
            ["F-4"],
            "A bid names the lot, the bidder and an address for the answer.",
        ),
        _requirement(
            5,
            "Compare two lots",
            "A skipper shall see two lots side by side.",
            "Skipper",
            ["F-5"],
            "Differences stand in the same row.",
        ),
        _requirement(
            6,
            "Accept, decline and settle bids",
            "The harbour office shall accept or decline an open bid and settle an accepted one.",
            "Harbour office",
            ["F-6"],
            "A settled bid cannot be declined.",
        ),
        _requirement(
            7,
            "See the season at a glance",
            "The harbour office shall see tonnes on offer by state and when lots lapse.",
            "Harbour office",
            ["F-7"],
            "Totals equal the sum of the lots shown.",
        ),
        _requirement(
            8,
            "Hand the regulator a file",
            "The harbour office shall export lots with their state as CSV.",
            "Harbour office",
            ["F-7"],
            "The file opens in a spreadsheet with one lot a line.",
        ),
        _requirement(
            9,
            "Keep and reach the skippers",
            "The harbour office shall register skippers and notify them.",
            "Harbour office",
            ["F-8"],
            "A skipper without a valid e-mail address is refused.",
            "A notice names the skipper it went to.",
        ),
    ],
    non_functional_requirements=[
        NonFunctionalRequirement(
            id="NFR-1",
            quality="performance",
            statement="The board answers a search on a phone at sea.",
            target=800,
            unit="ms at p95 over 3G",
        ),
        NonFunctionalRequirement(
            id="NFR-2",
            quality="availability",
            statement="The board is up in the last two weeks of the season.",
            target=99.5,
            unit="percent a month",
        ),
        NonFunctionalRequirement(
            id="NFR-3",
            quality="security",
            statement="Only a registered skipper's office can confirm a transfer.",
            target=0,
            unit="unauthorised transfers",
        ),
        NonFunctionalRequirement(
            id="NFR-4",
            quality="accessibility",
            statement="All screens meet WCAG 2.2 level AA.",
            target=0,
            unit="known violations",
        ),
        NonFunctionalRequirement(
            id="NFR-5",
            quality="privacy",
            statement="Contact data of a skipper who leaves is erased.",
            target=30,
            unit="days",
        ),
    ],
    out_of_scope=["Payment between skippers.", "Trading between countries.", "Counting catches at sea."],
    success_metrics=[
        SuccessMetric(name="Lots transferred", target=120, unit="lots", within="first season"),
        SuccessMetric(name="Tonnes saved from lapsing", target=300, unit="tonnes", within="first season"),
        SuccessMetric(name="Harbours taking part", target=12, unit="harbours", within="6 months"),
    ],
    risks=[
        Risk(
            text="The regulator refuses the file.",
            likelihood="medium",
            impact="high",
            mitigation="Agree on the columns with the regulator before the first transfer.",
        ),
        Risk(
            text="Too few lots to be worth a look.",
            likelihood="medium",
            impact="medium",
            mitigation="Start with four neighbouring harbours and load their spare quota for them.",
        ),
    ],
    open_questions=[
        "May a part of a lot be transferred in every area?",
        "Which office confirms when two harbours are involved?",
    ],
)

ANSWERS: dict[str, Answer] = {
    "qualify": QUALIFY,
    "research": RESEARCH,
    "specify": SPECIFY,
    "plan": PLAN,
    "design": DESIGN,
    "prototype": PROTOTYPE,
    "demo": DEMO,
    "launch": LAUNCH,
}


def answers() -> dict[str, dict[str, Any]]:
    """Return step → answer as plain JSON, as `apply` would have stored it."""
    return {step: answer.model_dump(mode="json") for step, answer in ANSWERS.items()}


def context() -> AnswerContext:
    """Return what the answers are checked against: the idea, its comparables and all answers."""
    return AnswerContext(idea=IDEA, sector=SECTOR, comparable_ids=list(COMPARABLE_IDS), answers=answers())


__all__ = [
    "ANSWERS",
    "COMPARABLE_IDS",
    "DEMO",
    "DESIGN",
    "IDEA",
    "LAUNCH",
    "PLAN",
    "PROTOTYPE",
    "QUALIFY",
    "RESEARCH",
    "SECTOR",
    "SPECIFY",
    "TITLE",
    "answers",
    "context",
]
