"""The prototype of the quota exchange: three entities, every kind of action and field."""

from __future__ import annotations

from shared.models.answers import Action, EntityField, EntitySpec, PrototypeAnswer
from shared.models.answers.prototype import ActionKind, FieldType


def _field(
    name: str,
    label: str,
    type: FieldType,
    *,
    required: bool = True,
    choices: list[str] | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    unit: str = "",
) -> EntityField:
    return EntityField(
        name=name,
        label=label,
        type=type,
        required=required,
        choices=choices or [],
        minimum=minimum,
        maximum=maximum,
        unit=unit,
    )


HARBOURS = ["Skagen Nord", "Thyborøn", "Hvide Sande", "Grenå", "Rødvig"]

QUOTA_LOT = EntitySpec(
    name="quota_lot",
    label="Lot",
    plural="Lots",
    description="An amount of quota somebody offers to pass on.",
    fields=[
        _field("species", "Species", "choice", choices=["Cod", "Plaice", "Herring", "Sprat", "Sole"]),
        _field(
            "sea_area", "Sea area", "choice", choices=["North Sea", "Skagerrak", "Kattegat", "Baltic West"]
        ),
        _field("tonnes", "Tonnes", "number", minimum=0.1, maximum=500, unit="t"),
        _field("price_per_kg", "Price per kg", "money", minimum=0.01, maximum=100, unit="EUR"),
        _field("valid_until", "Valid until", "date"),
        _field("offered_by", "Offered by", "text"),
        _field("part_lots", "Parts welcome", "boolean", required=False),
        _field("terms", "Terms", "long_text", required=False),
    ],
    states=["draft", "listed", "reserved", "transferred", "lapsed"],
    rows=[
        [
            "Cod",
            "North Sea",
            "4.5",
            "2.80",
            "2026-12-18",
            "Marit Holm",
            "true",
            "Transfer by Friday.",
            "listed",
        ],
        ["Plaice", "Skagerrak", "12", "1.15", "2026-12-31", "Jens Krog", "false", "", "listed"],
        [
            "Herring",
            "Kattegat",
            "30",
            "0.42",
            "2026-12-10",
            "Aase Lind",
            "true",
            "Pelagic gear only.",
            "reserved",
        ],
        [
            "Cod",
            "Baltic West",
            "0.8",
            "3.40",
            "2026-11-30",
            "Ole Bæk",
            "false",
            "Last lot of the season.",
            "draft",
        ],
        ["Sole", "North Sea", "1.6", "6.90", "2026-12-18", "Marit Holm", "false", "", "transferred"],
        ["Sprat", "Baltic West", "18", "0.27", "2026-12-24", "Ida Møller", "true", "", "listed"],
    ],
)

BID = EntitySpec(
    name="bid",
    label="Bid",
    plural="Bids",
    description="What a skipper offers for a lot.",
    fields=[
        _field("lot", "Lot", "text"),
        _field("bidder", "Bidder", "text"),
        _field("price_per_kg", "Price per kg", "money", minimum=0.01, maximum=100, unit="EUR"),
        _field("tonnes_wanted", "Tonnes wanted", "number", minimum=0.1, maximum=500, unit="t"),
        _field("answer_to", "Answer to", "email"),
        _field("bid_on", "Bid on", "date", required=False),
    ],
    states=["open", "accepted", "declined", "settled"],
    rows=[
        ["Cod, North Sea, 4.5 t", "Peter Vang", "2.70", "4.5", "peter@vang.example", "2026-11-19", "open"],
        ["Cod, North Sea, 4.5 t", "Lone Riis", "2.85", "2", "lone@riis.example", "2026-11-20", "open"],
        ["Herring, Kattegat, 30 t", "Bo Dam", "0.42", "30", "bo@dam.example", "2026-11-17", "accepted"],
        ["Sole, North Sea, 1.6 t", "Kaj Juhl", "6.90", "1.6", "kaj@juhl.example", "2026-11-12", "settled"],
    ],
)

SKIPPER = EntitySpec(
    name="skipper",
    label="Skipper",
    plural="Skippers",
    description="Somebody who may trade quota from one of the harbours.",
    fields=[
        _field("name", "Name", "text"),
        _field("boat", "Boat", "text"),
        _field("home_harbour", "Home harbour", "choice", choices=HARBOURS),
        _field("email", "E-mail", "email"),
        _field("phone", "Phone", "phone", required=False),
        _field("radio_watch", "Radio watch", "time", required=False),
    ],
    states=[],
    rows=[
        ["Marit Holm", "Havørn S 214", "Skagen Nord", "marit@holm.example", "+45 20 11 22 33", "06:30"],
        ["Jens Krog", "Solveig L 87", "Thyborøn", "jens@krog.example", "+45 20 44 55 66", "05:00"],
        ["Aase Lind", "Nordstjernen G 12", "Grenå", "aase@lind.example", "", "18:15"],
        ["Ida Møller", "Freja R 31", "Rødvig", "ida@moller.example", "+45 20 77 88 99", ""],
    ],
)


def _action(
    number: int,
    requirement: int,
    label: str,
    screen: str,
    kind: ActionKind,
    entity: str,
    message: str,
    fields: str = "",
    from_states: str = "",
    to_state: str = "",
) -> Action:
    return Action(
        id=f"A-{number}",
        requirement=f"FR-{requirement}",
        label=label,
        screen=screen,
        kind=kind,
        entity=entity,
        fields=fields.split(),
        from_states=from_states.split(),
        to_state=to_state,
        message=message,
    )


NEW_LOT = "species sea_area tonnes price_per_kg valid_until offered_by part_lots terms"
NEW_BID = "lot bidder price_per_kg tonnes_wanted answer_to bid_on"
NEW_SKIPPER = "name boat home_harbour email phone radio_watch"

PROTOTYPE = PrototypeAnswer(
    entities=[QUOTA_LOT, BID, SKIPPER],
    actions=[
        _action(
            1,
            1,
            "Save as draft",
            "my-lots",
            "create",
            "quota_lot",
            "Your lot is saved as a draft. Publish it when it is ready.",
            NEW_LOT,
        ),
        _action(
            2,
            2,
            "Publish",
            "my-lots",
            "transition",
            "quota_lot",
            "The lot is on the market board.",
            from_states="draft",
            to_state="listed",
        ),
        _action(
            3,
            2,
            "Change price or date",
            "my-lots",
            "update",
            "quota_lot",
            "Price and validity are changed.",
            "price_per_kg valid_until",
        ),
        _action(4, 2, "Remove", "my-lots", "delete", "quota_lot", "The lot is removed."),
        _action(
            5,
            3,
            "Search lots",
            "market-board",
            "search",
            "quota_lot",
            "These lots match your words.",
            "species sea_area offered_by",
        ),
        _action(
            6,
            3,
            "Filter by species",
            "market-board",
            "filter",
            "quota_lot",
            "Only lots of this species are shown.",
            "species",
        ),
        _action(
            7,
            4,
            "Send the bid",
            "lot",
            "create",
            "bid",
            "Your bid is with the harbour office.",
            NEW_BID,
        ),
        _action(
            8,
            5,
            "Compare lots",
            "lot",
            "compare",
            "quota_lot",
            "Both lots are shown side by side.",
            "species sea_area tonnes price_per_kg valid_until",
        ),
        _action(
            9,
            6,
            "Accept",
            "bids",
            "transition",
            "bid",
            "The bid is accepted; the lot is reserved for this boat.",
            from_states="open",
            to_state="accepted",
        ),
        _action(
            10,
            6,
            "Decline",
            "bids",
            "transition",
            "bid",
            "The bid is declined.",
            from_states="open accepted",
            to_state="declined",
        ),
        _action(
            11,
            6,
            "Settle transfer",
            "bids",
            "transition",
            "bid",
            "The transfer is settled and recorded.",
            from_states="accepted",
            to_state="settled",
        ),
        _action(
            12,
            7,
            "Sum up the season",
            "season",
            "summarise",
            "quota_lot",
            "Totals are up to date.",
            "tonnes",
        ),
        _action(
            13,
            8,
            "Export for the regulator",
            "season",
            "export",
            "quota_lot",
            "The file is ready.",
            "species sea_area tonnes price_per_kg valid_until offered_by",
        ),
        _action(
            14,
            9,
            "Add to the register",
            "register",
            "create",
            "skipper",
            "The skipper is in the register.",
            NEW_SKIPPER,
        ),
        _action(
            15,
            9,
            "Notify skipper",
            "register",
            "notify",
            "skipper",
            "The skipper has been told that a lot lapses soon.",
        ),
    ],
)
