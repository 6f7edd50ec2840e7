"""The wireframe of the quota exchange: six screens, every kind of component."""

from __future__ import annotations

from shared.models.answers import Component, DesignAnswer, NavigationLink, Screen
from shared.models.answers.design import ComponentKind


def _part(
    id: str,
    kind: ComponentKind,
    label: str,
    requirements: str = "",
    *,
    entity: str = "",
    fields: str = "",
    goes_to: str = "",
) -> Component:
    return Component(
        id=id,
        kind=kind,
        label=label,
        entity=entity,
        fields=[name.strip() for name in fields.split(",") if name.strip()],
        goes_to=goes_to,
        requirements=requirements.split(),
    )


DESIGN = DesignAnswer(
    screens=[
        Screen(
            id="market-board",
            title="Market board",
            purpose="See every lot on offer and find the one that fits.",
            actor="Skipper",
            components=[
                _part(
                    "intro", "text", "Spare quota of all harbours in the group, newest first. No commission."
                ),
                _part("on-offer", "stat", "Tonnes on offer", "FR-7", entity="lot", fields="Tonnes"),
                _part("find", "search", "Find a lot", "FR-3", entity="lot", fields="Species, Sea area"),
                _part(
                    "lots",
                    "table",
                    "Lots on offer",
                    "FR-3",
                    entity="lot",
                    fields="Species, Sea area, Tonnes, Price per kg, Valid until",
                    goes_to="lot",
                ),
                _part("offer", "button", "Offer a lot", "FR-1", entity="lot", goes_to="my-lots"),
            ],
        ),
        Screen(
            id="lot",
            title="Lot and bid",
            purpose="Look at a lot closely, compare it with another and make a bid.",
            actor="Skipper",
            components=[
                _part("facts", "detail", "The lot", "FR-3", entity="Quota lot"),
                _part(
                    "bid",
                    "form",
                    "Make a bid",
                    "FR-4",
                    entity="bid",
                    fields="Lot, Bidder, Price per kg, Tonnes wanted, Answer to",
                    goes_to="bids",
                ),
                _part(
                    "side-by-side",
                    "table",
                    "Other lots",
                    "FR-5",
                    entity="lot",
                    fields="Species, Tonnes, Price per kg",
                ),
                _part(
                    "rule",
                    "notice",
                    "A bid binds you until the harbour office has answered, at most two working days.",
                    "FR-4",
                ),
            ],
        ),
        Screen(
            id="my-lots",
            title="My lots",
            purpose="Offer quota, publish it, change the price.",
            actor="Skipper",
            components=[
                _part(
                    "new-lot",
                    "form",
                    "Offer a lot",
                    "FR-1",
                    entity="lot",
                    fields="Species, Sea area, Tonnes, Price per kg, Valid until, Terms",
                ),
                _part("progress", "board", "My lots by state", "FR-2", entity="lots", goes_to="lot"),
            ],
        ),
        Screen(
            id="bids",
            title="Bids and transfers",
            purpose="Accept or decline bids and settle transfers.",
            actor="Harbour office",
            components=[
                _part("open-bids", "stat", "Open bids", "FR-6", entity="bid"),
                _part(
                    "all-bids",
                    "table",
                    "Bids",
                    "FR-6",
                    entity="Bids",
                    fields="Lot, Bidder, Price per kg, Tonnes wanted",
                ),
                _part("by-price", "chart", "Price bid per lot", "FR-7", entity="bid", fields="Price per kg"),
            ],
        ),
        Screen(
            id="season",
            title="Season",
            purpose="What is on offer, what lapses when, and the file for the regulator.",
            actor="Harbour office",
            components=[
                _part("lapses", "calendar", "Lots lapse on", "FR-7", entity="lot", fields="Valid until"),
                _part("by-species", "chart", "Lots by species", "FR-7", entity="lot", fields="Species"),
                _part("file", "button", "Regulator's file", "FR-8", entity="lot"),
            ],
        ),
        Screen(
            id="register",
            title="Register",
            purpose="Who may trade, from which harbour, and how to reach them.",
            actor="Harbour office",
            components=[
                _part(
                    "skippers",
                    "cards",
                    "Skippers",
                    "FR-9",
                    entity="skipper",
                    fields="Name, Boat, Home harbour, E-mail",
                ),
                _part("add", "form", "Register a skipper", "FR-9", entity="skipper"),
            ],
        ),
    ],
    navigation=[
        NavigationLink(from_screen="market-board", to_screen="lot", label="Look at a lot"),
        NavigationLink(from_screen="market-board", to_screen="my-lots", label="Offer spare quota"),
        NavigationLink(from_screen="lot", to_screen="bids", label="See how bids stand"),
        NavigationLink(from_screen="my-lots", to_screen="bids", label="Answer bids"),
        NavigationLink(from_screen="bids", to_screen="season", label="Season overview"),
        NavigationLink(from_screen="season", to_screen="register", label="Open the register"),
        NavigationLink(from_screen="register", to_screen="market-board", label="Back to the market"),
    ],
    accent="#0f5c7a",
)
